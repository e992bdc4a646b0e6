/** What this peer should have and has not: of such names it does not answer by itself. */
import { expect, test } from "bun:test";
import { FULL_MS, NEW_MS } from "../../../src/protocol/model/config.ts";
import { conflictName } from "../../../src/protocol/model/files.ts";
import {
  BODY,
  IDS,
  member,
  OnePeer,
  READ,
  recordOf,
  replicated,
  routedFrom,
  storeAsk,
} from "../one-peer.ts";

const FOUND = recordOf(14, 3, 7);

/** A conflict of the name, which another has stored. */
const CONFLICT = recordOf(20, 3, 1, {
  ...{ sha256: "cc".repeat(32), operation: { origin: member(20).instance, number: 1 } },
});

test("a new member that is still copying what was stored before does not call it missing", () => {
  const peer = new OnePeer(6, [6, 8]);
  peer.peer.lifecycle.enteredAt = peer.now;
  peer.give({ type: "room", bytes: 1e12 });
  const large = recordOf(8, 5, 1, { size: 8_000_000_000 });
  peer.hear(8, { tag: "replicate", records: [large], origin: null });
  peer.pass(NEW_MS + 1_000);
  peer.hear(8, routedFrom(8, 1, READ));
  expect(peer.outcomes()).toEqual([]);
  expect(peer.to("inquire")).toEqual([8]);
  // To another it says that it could not keep it yet: the next is asked as well.
  peer.hear(8, { tag: "inquire", request: 2, name: "plan", key: 5, asked: [6, 8] });
  expect(peer.sent("inquired")[0]?.message).toMatchObject({ records: [], rejected: true });
});

test("a newer write that others have is not forgotten when another one of the name comes in", () => {
  const old = recordOf(14, 5, 1, { sha256: "11".repeat(32) });
  const owner = new OnePeer(8, [2, 8, 9, 14, 20], [old, CONFLICT]);
  for (const id of [9, 14]) for (const v of [old, CONFLICT]) owner.hear(id, replicated([v]));
  // Its own disk has no room for the next.
  owner.hear(2, routedFrom(2, 1, storeAsk(7)), { body: BODY });
  owner.tell(1, [9, 14], [old, CONFLICT]);
  const [next] = owner.sent("replicate")[0]?.message.records ?? [];
  const job = owner.effects.find((e) => e.type === "fetch")?.job ?? 0;
  if (next === undefined) throw new Error("nothing was written");
  owner.give({ type: "fetched", job, result: { ok: false, here: true, why: "full" } });
  for (const id of [9, 14, 20]) owner.hear(id, replicated([next]));
  const write = { number: 8, after: 7, require: 0 };
  const name = conflictName(CONFLICT);
  owner.hear(2, routedFrom(2, 2, { kind: "remove", name, key: 5, write }));
  owner.tell(2, [9, 14, 20], [next, CONFLICT]);
  const [removal] = owner.sent("replicate")[0]?.message.records ?? [];
  if (removal === undefined) throw new Error("nothing was removed");
  owner.durable();
  for (const id of [9, 14, 20]) owner.hear(id, replicated([removal]));
  expect(owner.peer.replication.files.siblings("plan")).toHaveLength(2);
  expect(owner.peer.replication.knownStale.has("plan")).toBe(true);
  owner.hear(2, routedFrom(2, 3, READ));
  expect(owner.outcomes()).toEqual([]);
  expect(owner.to("inquire").length).toBeGreaterThan(0);
  // It is over when that write is here.
  owner.pass(FULL_MS);
  owner.hear(9, { tag: "replicate", records: [next], origin: null }, { body: BODY });
  owner.durable();
  expect(owner.peer.replication.knownStale.size).toBe(0);
});

test("nor does one that has lost a copy speak for the name when another write comes in", () => {
  const lost = recordOf(14, 5, 1);
  const peer = new OnePeer(8, [2, 8, 9, 14, 20], [lost]);
  const { name, operation, sha256 } = lost;
  peer.give({ type: "damaged", write: { name, operation, sha256 } });
  peer.hear(20, { tag: "replicate", records: [CONFLICT], origin: null });
  peer.durable();
  expect(peer.peer.replication.files.siblings("plan")).toHaveLength(1);
  peer.hear(9, { tag: "inquire", request: 2, name: "plan", key: 5, asked: [2, 8, 9, 14, 20] });
  expect(peer.sent("inquired")[0]?.message.lost.map((v) => v.sha256)).toEqual([sha256]);
});

test("one whose disk refused the conflict of a long name can tell which name it is about", () => {
  const long = recordOf(9, 5, 1, { name: `${"\u00fc".repeat(127)}x` });
  const asked = [2, 8, 9, 14, 20];
  const ask = { tag: "inquire", name: conflictName(long), key: long.key, asked } as const;
  expect(ask.name).not.toContain(long.name);
  for (const refused of [true, false]) {
    const peer = new OnePeer(8);
    if (refused) peer.peer.replication.refusals.set(long.name, [long]);
    peer.hear(9, { ...ask, request: 2 });
    expect(peer.sent("inquired")[0]?.message.rejected).toBe(refused);
  }
});

test("a conflict of a long name is found under its own, whoever holds it, and can be removed", () => {
  const name = "a".repeat(250);
  const own = {
    name,
    operation: { origin: member(9).instance, number: 8 },
    sha256: "cd".repeat(32),
  };
  const [conflict, winner] = [{ ...FOUND, name }, recordOf(9, 5, 8, own)];
  const asked = conflictName(conflict);
  for (const held of [[conflict, winner], []]) {
    const owner = new OnePeer(8, IDS, held);
    owner.hear(2, routedFrom(2, 1, { kind: "request", name: asked, key: 5 }));
    for (const { message } of owner.sent("inquire")) {
      const replica = new OnePeer(14, IDS, [conflict, winner]);
      replica.hear(8, message);
      expect(replica.sent("inquired")[0]?.message.records.length).toBe(2);
    }
    owner.tell(1, [9, 14], [conflict, winner]);
    expect(owner.to("delegate").length + owner.to("answer").length).toBe(1);
    expect(owner.outcomes()).not.toContain("missing");
    const write = { number: 20, after: 0, require: 0 };
    owner.hear(2, routedFrom(2, 2, { kind: "remove", name: asked, key: 5, write }));
    owner.tell(2, [9, 14], [conflict, winner]);
    const removal = owner.sent("replicate")[0]?.message.records[0];
    expect(removal).toMatchObject({ name, removed: true, apart: true });
    expect(removal?.versionVector).toEqual([conflict.version]);
    expect(removal?.spared).toEqual([winner.version]);
  }
});
