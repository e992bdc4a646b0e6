/** What word is worth: of the dead, of a lesser stamp, of a copy that was lost, of an owner that has promised. */
import { expect, test } from "bun:test";
import { learn } from "../../src/protocol/membership/records.ts";
import { ACKNOWLEDGE_GRACE_MS, TOMBSTONE_MS } from "../../src/protocol/model/config.ts";
import { conflictName, EMPTY_SHA256, type FileRecord } from "../../src/protocol/model/files.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import type { Ask, Message } from "../../src/protocol/model/messages.ts";
import { snapshotFiles } from "../../src/protocol/replication/safety.ts";
import { BODY, IDS, member, OnePeer, READ, routedFrom, storeAsk, version } from "./one-peer.ts";

const V = version(14, 5, 1);
const REMOVED = { removed: true, size: 0, sha256: EMPTY_SHA256 } as const;
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

function held({ name, operation, stamp, sha256 }: FileRecord) {
  return { name, operation, stamp, sha256 };
}

function replicated(record: FileRecord): Message {
  return { tag: "replicated", files: [held(record)], taking: false };
}

function remove(number: number, name = "plan"): Ask {
  return { kind: "remove", name, key: 5, write: { number, after: 0, require: 0 } };
}

function dies(peer: OnePeer, id: number): void {
  learn(peer.peer, makeMember({ ...member(id), state: "dead" }), "lost");
  peer.give({ type: "tick" });
}

function outcomes(peer: OnePeer): string[] {
  return peer.sent("answer").map(({ message }) => message.outcome.kind);
}

function stampedBy(peer: OnePeer): FileRecord {
  const [record] = peer.sent("offer")[0]?.message.records ?? [];
  if (record === undefined) throw new Error("nothing was stamped");
  return record;
}

/** An owner that has stamped a store and not yet got it onto its disk. */
function placing(id = 8, more = {}): { owner: OnePeer; record: FileRecord; job: number } {
  const owner = new OnePeer(id);
  owner.hear(2, routedFrom(2, 1, storeAsk(1), more), { body: BODY });
  owner.tell(1, id === 8 ? [9, 14] : [14, 20]);
  const job = owner.effects.find((e) => e.type === "fetch")?.job ?? 0;
  return { owner, record: stampedBy(owner), job };
}

test("of a version that one told of who has died since, that one counts for nothing", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, READ));
  owner.tell(1, [9], [V]);
  dies(owner, 9);
  owner.tell(1, [14], [V]);
  owner.tell(1, [20, 2]);
  expect([...outcomes(owner), ...owner.to("delegate")]).toEqual([]);
  expect(owner.to("offer").length).toBeGreaterThan(0);
});

test("nor does the confirmation of one that has died", () => {
  const removal = version(8, 9, 9, { ...REMOVED, replaced: [V.stamp] });
  const owner = new OnePeer(8, IDS, [removal]);
  owner.hear(9, replicated(removal));
  dies(owner, 9);
  owner.hear(20, routedFrom(20, 1, remove(1)));
  owner.tell(1, [14, 20], [V]);
  owner.tell(1, [2]);
  expect(outcomes(owner)).not.toContain("missing");
});

test("of an operation with two stamps only those that have the greater one count", () => {
  const greater = version(20, 9, 1);
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, READ));
  owner.tell(1, [9], [V]);
  owner.tell(1, [20], [greater]);
  owner.tell(1, [14]);
  expect([...outcomes(owner), ...owner.to("delegate")]).toEqual([]);
  expect(owner.to("offer")).toContain(9);
});

test("a conflict is not missing before a majority has its removal", () => {
  const conflict = version(20, 3, 1, {
    ...{ sha256: "cc".repeat(32), operation: { origin: member(20).instance, number: 1 } },
  });
  const name = conflictName(conflict);
  const owner = new OnePeer(8, IDS, [V, conflict]);
  owner.hear(2, routedFrom(2, 1, remove(7, name)));
  owner.tell(1, [9, 14], [V, conflict]);
  const removal = stampedBy(owner);
  // Another one asks for the same, while the first is on its way to the disks.
  owner.hear(20, routedFrom(20, 2, remove(8, name)));
  owner.tell(2, [9, 14, 20], [V, conflict]);
  expect(outcomes(owner)).not.toContain("missing");
  const reader = new OnePeer(8, IDS, [V, conflict]);
  reader.hear(2, routedFrom(2, 3, { kind: "request", name, key: 5 }));
  reader.tell(3, [9], [V, removal]);
  reader.tell(3, [14], [V, conflict]);
  reader.tell(3, [20]);
  expect(outcomes(reader)).toEqual([]);
  reader.hear(14, replicated(removal));
  expect(outcomes(reader)).toEqual(["missing"]);
});

test("a copy that was lost while the others were awaited is none", () => {
  const { owner, record, job } = placing();
  owner.hear(9, replicated(record));
  owner.hear(9, { tag: "lost", files: [held(record)] });
  const { size, sha256 } = record;
  owner.give({ type: "fetched", job, result: { ok: true, size, sha256 } });
  owner.hear(14, replicated(record));
  expect(snapshotFiles(owner.peer)).toMatchObject({ safe: false, least: 2 });
  const all = owner.pass(ACKNOWLEDGE_GRACE_MS);
  const copies = all.flatMap((e) =>
    e.type === "send" && e.message.tag === "answer" && e.message.outcome.kind === "stored"
      ? [e.message.outcome.copies]
      : [],
  );
  expect(copies).toEqual([[8, 14]]);
});

test("what was lost while word of it was kept back is not said to be there afterwards", () => {
  const holder = new OnePeer(14);
  holder.hear(8, LEASE);
  const foreign = version(9, 5, 1);
  holder.hear(9, { tag: "offer", records: [foreign], origin: null }, { body: BODY });
  holder.durable();
  const { name, operation, sha256 } = foreign;
  holder.give({ type: "damaged", version: { name, operation, sha256 } });
  expect(holder.to("lost")).toContain(9);
  holder.pass(1_000);
  expect(holder.to("replicated")).toEqual([]);
});

test("a removal that was refused is not executed by its second copy when the file is whole again", () => {
  const owner = new OnePeer(8, IDS, [V]);
  const { name, operation, sha256 } = V;
  owner.give({ type: "damaged", version: { name, operation, sha256 } });
  owner.hear(20, routedFrom(20, 1, remove(1)));
  for (const id of [9, 14]) {
    const rest = { rejected: false, lost: [V], room: 1_000_000, others: [] };
    owner.hear(id, { tag: "inquired", request: 1, records: [], ...rest });
  }
  owner.tell(1, [20]);
  expect(owner.sent("answer")[0]?.message.outcome).toMatchObject({ kind: "failed", maybe: false });
  owner.hear(2, { tag: "offer", records: [V], origin: null }, { body: BODY });
  owner.durable();
  owner.hear(20, routedFrom(20, 1, remove(1)));
  expect(outcomes(owner)).toEqual(["failed"]);
  expect(owner.to("inquire")).toEqual([]);
});

test("a comparison does not tell what a promise keeps back", () => {
  const holder = new OnePeer(14, IDS, [version(8, 1, 9, { name: "other" })]);
  holder.hear(8, LEASE);
  const foreign = version(9, 5, 1);
  holder.hear(9, { tag: "offer", records: [foreign], origin: null }, { body: BODY });
  holder.durable();
  const range = holder.peer.replication.files.range(2, 8, null);
  const compare = { tag: "compare", nonce: 0, own: null, ranges: [range] } as const;
  holder.hear(9, compare);
  expect(holder.sent("compared")[0]?.message).toMatchObject({ same: [], differ: [] });
  holder.pass(1_000);
  holder.hear(9, compare);
  expect(holder.sent("compared")[0]?.message.same).toEqual([range]);
});

test("an owner that has promised another waits with its own version as well, also where its disk is full", () => {
  for (const ok of [true, false]) {
    const owner = new OnePeer(9);
    owner.hear(8, LEASE);
    dies(owner, 8);
    owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
    owner.tell(1, [14, 20, 2]);
    const record = stampedBy(owner);
    if (ok) owner.durable();
    else {
      const job = owner.effects.find((e) => e.type === "fetch")?.job ?? 0;
      owner.give({ type: "fetched", job, result: { ok: false, here: true, why: "full" } });
    }
    const all = [20, 14, 2].flatMap((id) => [...owner.hear(id, replicated(record))]);
    const told = (effects: typeof all) =>
      effects.some((e) => e.type === "send" && e.message.tag === "answer");
    expect(told(all)).toBe(false);
    expect(told([...owner.pass(1_000)])).toBe(true);
  }
});

test("neither a promise nor a moment's grace ends the wait for a majority", () => {
  const stand = placing(9, { avoid: [8] });
  stand.owner.hear(8, LEASE);
  const { size, sha256 } = stand.record;
  stand.owner.give({ type: "fetched", job: stand.job, result: { ok: true, size, sha256 } });
  stand.owner.pass(3_000);
  expect(stand.owner.peer.replication.placements.size).toBe(1);
  const { owner, record, job } = placing();
  owner.give({ type: "fetched", job, result: { ok: true, size, sha256 } });
  owner.hear(9, replicated(record));
  dies(owner, 9);
  owner.pass(ACKNOWLEDGE_GRACE_MS);
  expect(owner.peer.replication.placements.size).toBe(1);
});

test("a removal is kept as long as a version that it left would have the name without it", () => {
  const spared = version(20, 3, 1, { sha256: "cc".repeat(32), ageMs: 2 * TOMBSTONE_MS });
  const removal = version(8, 9, 9, {
    ...{ ...REMOVED, ageMs: 1.05 * TOMBSTONE_MS, spared: [spared.stamp] },
    replaced: [{ counter: 5, owner: 14, run: 14 }],
  });
  const holder = new OnePeer(8, IDS, [spared, removal]);
  holder.pass(200_000);
  expect(holder.peer.replication.files.versions("plan")).toHaveLength(2);
});
