/** What an owner does with a store or a removal, before there is a write and when there is one. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import {
  ACKNOWLEDGE_GRACE_MS,
  COUNTER_LEAP,
  REPLICAS_WAIT_MS,
} from "../../../src/protocol/model/config.ts";
import { conflictName, EMPTY_SHA256 } from "../../../src/protocol/model/files.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { Ask } from "../../../src/protocol/model/messages.ts";
import {
  BODY,
  IDS,
  inquired,
  member,
  OnePeer,
  recordOf,
  replicated,
  routedFrom,
  STANDING,
  storeAsk,
} from "../one-peer.ts";
import { dies, versionedBy } from "../situations.ts";

/** A write of the operation `number` that 2 asked for, which has its version from 14. */
const OTHERS_RECORD = recordOf(14, 3, 7);

function asked(number: number): OnePeer {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(number)), { body: BODY });
  expect(owner.to("inquire").sort()).toEqual([14, 20, 9]);
  return owner;
}

test("an operation that another owner has given its version is finished, under that", () => {
  const owner = asked(7);
  owner.hear(9, inquired(1, []));
  owner.hear(14, inquired(1, [OTHERS_RECORD]));
  // It lies on one disk only: nobody is told that it is stored.
  expect(owner.sent("answer").map(({ message }) => message.outcome.kind)).not.toContain("stored");
  for (const { message } of owner.sent("replicate"))
    expect(message.records).toEqual([OTHERS_RECORD]);
  expect(owner.to("replicate")).toContain(9);
  owner.hear(9, replicated([OTHERS_RECORD]));
  owner.pass(ACKNOWLEDGE_GRACE_MS);
  const [answer, ...more] = owner.sent("answer");
  expect(more).toEqual([]);
  expect(answer?.message.outcome).toMatchObject({ kind: "stored", replicas: [9, 14] });
  expect(answer?.message.outcome).toMatchObject({ record: { version: OTHERS_RECORD.version } });
});

test("an operation that lies on one disk, and stays there, is not confirmed", () => {
  const owner = asked(7);
  owner.hear(9, inquired(1, []));
  owner.hear(14, inquired(1, [OTHERS_RECORD]));
  owner.pass(2 * REPLICAS_WAIT_MS);
  const outcomes = owner.sent("answer").map(({ message }) => message.outcome);
  expect(outcomes).toMatchObject([{ kind: "failed", maybe: true }]);
});

test("an operation that was replaced since is answered under the version that it had", () => {
  const span = {
    origin: member(2).instance,
    from: 7,
    to: 7,
    ageMs: 0,
    version: { counter: 3, owner: 14, instance: 1 },
  };
  const newer = recordOf(14, 4, 3, {
    ...{ operation: { origin: member(20).instance, number: 3 }, sha256: "cd".repeat(32) },
    ...{ versionVector: [OTHERS_RECORD.version], history: [span] },
  });
  const owner = asked(7);
  owner.tell(1, [9, 14], [newer]);
  owner.pass(ACKNOWLEDGE_GRACE_MS);
  const stored = owner.sent("answer").map(({ message }) => message.outcome);
  const own = { operation: { origin: member(2).instance, number: 7 }, version: span.version };
  expect(stored).toMatchObject([{ kind: "stored", replicas: [9, 14], record: own }]);
});

test("a lower number than one seen is neither executed nor answered", () => {
  const owner = asked(6);
  owner.tell(1, [9, 14], [OTHERS_RECORD]);
  const after = [...owner.effects, ...owner.pass(60_000)];
  expect(after.some((e) => e.type === "fetch")).toBe(false);
  const sent = after.flatMap((e) => (e.type === "send" ? [e.message.tag] : []));
  expect(sent).not.toContain("answer");
  expect(sent).not.toContain("replicate");
});

test("the next operation follows what was found, and has its version above it", () => {
  const owner = asked(8);
  owner.tell(1, [9, 14], [OTHERS_RECORD]);
  const record = owner.sent("replicate")[0]?.message.records[0];
  expect(record?.version.owner).toBe(8);
  expect(record?.version.counter).toBeGreaterThan(OTHERS_RECORD.version.counter);
  expect(record?.versionVector).toEqual([OTHERS_RECORD.version]);
  expect(record?.history).toMatchObject([{ from: 7, to: 7 }]);
});

test("versions leap after each change of the view, and the origin's counter counts", () => {
  const owner = new OnePeer(8);
  const counters: number[] = [];
  const store = (number: number, counter = 0) => {
    const name = `plan ${number}`;
    owner.hear(20, routedFrom(20, number, storeAsk(number, { name }), { counter }), { body: BODY });
    const replicates = [...owner.effects];
    owner.tell(number, [9, 14, 20]);
    owner.effects = [...replicates, ...owner.effects];
    counters.push(owner.sent("replicate")[0]?.message.records[0]?.version.counter ?? 0);
  };
  store(1);
  store(2);
  store(3, 4 * COUNTER_LEAP);
  learn(owner.peer, makeMember({ ...member(2), state: "left" }), "left");
  store(4);
  expect(counters).toEqual([
    1 + COUNTER_LEAP,
    2 + COUNTER_LEAP,
    1 + 4 * COUNTER_LEAP,
    2 + 5 * COUNTER_LEAP,
  ]);
});

test("a store for which too few have room is refused before it is given a version", () => {
  const full = (ids: readonly number[], require: number) => {
    const owner = new OnePeer(8);
    owner.give({ type: "room", bytes: 0 });
    // Of some it is known by their pings, of others by their answers.
    if (ids.includes(2)) {
      owner.hear(2, { tag: "ping", nonce: 1, ...STANDING, room: 9 });
    }
    const write = { number: 1, after: 0, require };
    owner.hear(2, routedFrom(2, 1, storeAsk(1, { write })), { body: BODY });
    for (const id of [9, 14]) owner.hear(id, inquired(1, [], { room: ids.includes(id) ? 9 : 10 }));
    return owner;
  };
  const refused = full([2, 9, 14], 0);
  expect(refused.sent("answer")[0]?.message.outcome).toMatchObject({
    kind: "failed",
    maybe: false,
    why: "File plan was not stored: it needs 2 copies, and 4 of 5 peers (2, 8, 9 and 14) have no room for it.",
  });
  expect(refused.to("replicate")).toEqual([]);
  expect(refused.peer.replication.counter).toBe(0);
  // What was refused stays so, whatever room there is when a second copy of it comes.
  refused.give({ type: "room", bytes: 1_000_000 });
  refused.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
  expect(refused.sent("answer")[0]?.message.outcome).toMatchObject({ kind: "failed" });
  expect(full([9, 14], 0).to("replicate").length).toBeGreaterThan(0);
  expect(full([9, 14], 3).to("replicate")).toEqual([]);
  expect(full([2, 9, 14], 1).to("replicate").length).toBeGreaterThan(0);
});

test("a removal that found nothing does nothing when it comes once more, after a store", () => {
  const owner = new OnePeer(8);
  const write = { number: 7, after: 0, require: 0 };
  const removal = routedFrom(2, 1, { kind: "remove", name: "plan", key: 5, write });
  const outcomes = () => owner.sent("answer").map(({ message }) => message.outcome.kind);
  owner.hear(2, removal);
  owner.tell(1, [9, 14]);
  expect(outcomes()).toContain("missing");
  // Its answer takes long, so that its origin sends it again; meanwhile another stores the name.
  owner.hear(20, routedFrom(20, 2, storeAsk(3, {})), { body: BODY });
  owner.tell(2, [9, 14]);
  owner.durable();
  expect(owner.peer.replication.files.siblings("plan").length).toBe(1);
  owner.hear(2, removal);
  expect(outcomes()).toEqual(["missing"]);
  expect(owner.to("inquire")).toEqual([]);
});

test("a removal that is still on its way is no reason to say that there is nothing to remove", () => {
  const file = recordOf(8, 1, 1);
  for (const told of [[], [9]]) {
    const owner = new OnePeer(8, [2, 8, 9, 14, 20], [file]);
    const write = { number: 7, after: 0, require: 0 };
    const removal = (from: number, request: number) =>
      routedFrom(from, request, { kind: "remove", name: "plan", key: 5, write });
    owner.hear(2, removal(2, 1));
    owner.tell(1, [9, 14], [file]);
    const [removed] = owner.sent("replicate")[0]?.message.records ?? [];
    if (removed === undefined) throw new Error("nothing was written");
    owner.durable();
    for (const id of told) owner.hear(id, replicated([removed]));
    // Another asks for the same. Once one more has the removal, nobody can read the file again.
    owner.hear(20, removal(20, 2));
    owner.tell(2, [14, 20], [file]);
    const outcomes = owner.sent("answer").map(({ message }) => message.outcome.kind);
    expect(outcomes.includes("missing")).toBe(told.length > 0);
  }
});

function remove(number: number, name = "plan"): Ask {
  return { kind: "remove", name, key: 5, write: { number, after: 0, require: 0 } };
}

const REMOVED = { removed: true, size: 0, sha256: EMPTY_SHA256 } as const;

/** What 14 has versioned. */
const V = recordOf(14, 5, 1);

test("nor does the confirmation of one that has died", () => {
  const removal = recordOf(8, 9, 9, { ...REMOVED, versionVector: [V.version] });
  const owner = new OnePeer(8, IDS, [removal]);
  owner.hear(9, replicated([removal]));
  dies(owner, 9);
  owner.hear(20, routedFrom(20, 1, remove(1)));
  owner.tell(1, [14, 20], [V]);
  owner.tell(1, [2]);
  expect(owner.outcomes()).not.toContain("missing");
});

test("a conflict is not missing before a majority has its removal", () => {
  const conflict = recordOf(20, 3, 1, {
    ...{ sha256: "cc".repeat(32), operation: { origin: member(20).instance, number: 1 } },
  });
  const name = conflictName(conflict);
  const owner = new OnePeer(8, IDS, [V, conflict]);
  owner.hear(2, routedFrom(2, 1, remove(7, name)));
  owner.tell(1, [9, 14], [V, conflict]);
  const removal = versionedBy(owner);
  // Another one asks for the same, while the first is on its way to the disks.
  owner.hear(20, routedFrom(20, 2, remove(8, name)));
  owner.tell(2, [9, 14, 20], [V, conflict]);
  expect(owner.outcomes()).not.toContain("missing");
  const reader = new OnePeer(8, IDS, [V, conflict]);
  reader.hear(2, routedFrom(2, 3, { kind: "request", name, key: 5 }));
  reader.tell(3, [9], [V, removal]);
  reader.tell(3, [14], [V, conflict]);
  reader.tell(3, [20]);
  expect(reader.outcomes()).toEqual([]);
  reader.hear(14, replicated([removal]));
  expect(reader.outcomes()).toEqual(["missing"]);
});

test("an owner that is sent a second copy answers for both", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
  owner.hear(9, routedFrom(2, 1, storeAsk(1), { route: [2, 9], lost: true }), { body: BODY });
  owner.pass(5_000);
  for (const { message } of owner.sent("answer")) {
    if (message.outcome.kind === "unavailable") expect(message.lost).toBe(true);
  }
  const refused = owner.sent("answer").some((s) => s.message.outcome.kind === "unavailable");
  expect(refused).toBe(true);
});
