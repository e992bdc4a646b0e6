/** Which copies are given to whom after the view has changed, which go, and for how long removals are kept. */
import { expect, test } from "bun:test";
import {
  COMPARE_EVERY_MS,
  DROP_SETTLE_MS,
  REPAIR_RETRY_MS,
  REPAIR_SETTLE_MS,
  REPLICATE_RECORDS,
  TOMBSTONE_DROP_MS,
  TOMBSTONE_LAST_MS,
  TOMBSTONE_MS,
} from "../../../src/protocol/model/config.ts";
import {
  EMPTY_SHA256,
  type FileRecord,
  heldVersion,
  writeId,
} from "../../../src/protocol/model/files.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { noteRejected } from "../../../src/protocol/replication/replicating.ts";
import { IDS, member, OnePeer, OTHERS, recordOf, replicated } from "../one-peer.ts";

/** A removal of a name that 8 owns, so old when the peer under test begins, at 1,000 of its clock. */
function removal(ageMs: number): FileRecord {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true };
  return recordOf(8, 3, 7, { ...departed, ageMs });
}

const drops = (effects: readonly Effect[]) => effects.filter((e) => e.type === "drop").length;

const REMOVED = { removed: true, size: 0, sha256: EMPTY_SHA256 } as const;

test("an old removal goes when all that should have it do, or a day later", () => {
  const begun = TOMBSTONE_DROP_MS - 1_000;
  for (const [ageMs, confirmedBy, goes] of [
    [begun, [8, 14], true],
    [begun, [8], false],
    [begun - 10 * COMPARE_EVERY_MS, [8, 14], false],
    [TOMBSTONE_LAST_MS - 1_000, [], true],
  ] as const) {
    const record = removal(ageMs);
    const replica = new OnePeer(9, undefined, [record]);
    for (const id of confirmedBy) replica.hear(id, replicated([record]));
    expect(drops(replica.pass(3 * COMPARE_EVERY_MS))).toBe(goes ? 1 : 0);
    expect(replica.peer.replication.files.size).toBe(goes ? 0 : 1);
  }
});

test("a removal is kept as long as a write that it left would have the name without it", () => {
  const spared = recordOf(20, 3, 1, { sha256: "cc".repeat(32), ageMs: 2 * TOMBSTONE_MS });
  const removal = recordOf(8, 9, 9, {
    ...{ ...REMOVED, ageMs: 1.05 * TOMBSTONE_MS, spared: [spared.version] },
    versionVector: [{ counter: 5, owner: 14, instance: 14 }],
  });
  const replica = new OnePeer(8, IDS, [spared, removal]);
  replica.pass(200_000);
  expect(replica.peer.replication.files.siblings("plan")).toHaveLength(2);
});

/** Peer 8 of a ring, whose own files all their replicas have. */
function calm(records: readonly FileRecord[]): OnePeer {
  const one = new OnePeer(8, IDS, records);
  for (const id of [9, 14]) one.hear(id, replicated(records));
  one.pass(2 * DROP_SETTLE_MS);
  return one;
}

function leaves(one: OnePeer, id: number): void {
  one.hear(makeMember({ ...member(id), state: "left" }), { tag: "ack", request: 1 });
}

test("who becomes a replica is sent what it lacks when the view has been still, and again until it has it", () => {
  const record = recordOf(8, 3, 1);
  const one = calm([record]);
  leaves(one, 9);
  expect(one.to("replicate")).toEqual([]);
  one.pass(REPAIR_SETTLE_MS - 1);
  expect(one.to("replicate")).toEqual([]);
  for (const waitMs of [1, REPAIR_RETRY_MS, REPAIR_RETRY_MS]) {
    one.pass(waitMs);
    expect(one.to("replicate")).toEqual([20]);
  }
  one.hear(20, replicated([record]));
  one.pass(4 * REPAIR_RETRY_MS);
  expect(one.to("replicate")).toEqual([]);
});

test("many files for one replica are not named one by one: the two compare what they have", () => {
  const records = Array.from({ length: REPLICATE_RECORDS + 1 }, (_, i) =>
    recordOf(8, i + 1, i + 1, { name: `n${i}` }),
  );
  for (const [some, replicates, compares] of [
    [records.slice(1), [20], []],
    [records, [], [20]],
  ] as const) {
    const one = calm(some);
    leaves(one, 9);
    one.pass(REPAIR_SETTLE_MS);
    expect(one.to("replicate")).toEqual([...replicates]);
    expect(one.to("compare")).toEqual([...compares]);
  }
});

test("a copy that belongs to others goes when all of them have theirs, and the view has been still for long", () => {
  const record = recordOf(8, 3, 1);
  const one = new OnePeer(30, [...IDS, 30], [record]);
  for (const id of [8, 9]) one.hear(id, replicated([record]));
  expect(drops(one.pass(3 * DROP_SETTLE_MS))).toBe(0);
  one.hear(14, replicated([record]));
  leaves(one, 20);
  expect(drops(one.pass(DROP_SETTLE_MS - 1))).toBe(0);
  expect(drops(one.pass(1))).toBe(1);
  expect(one.peer.replication.files.size).toBe(0);
});

test("a replica keeps its copy, and so does who stands in for one, or could not take what came after", () => {
  const record = recordOf(8, 3, 1);
  expect(drops(calm([record]).pass(3 * DROP_SETTLE_MS))).toBe(0);
  for (const [self, rejecter, others] of [
    [20, 9, [8, 14]],
    [9, 9, [8, 14, 20]],
  ] as const) {
    const one = new OnePeer(self, IDS, [record]);
    noteRejected(one.peer, record, member(rejecter));
    for (const id of others) one.hear(id, replicated([record]));
    expect(drops(one.pass(3 * DROP_SETTLE_MS))).toBe(0);
  }
});

test("so does who stands in for one and could not take what came after, which those who count on it do not know", () => {
  const record = recordOf(8, 3, 1);
  // 9 has no room, so that 20 stands in for it; and later has none for another write.
  const one = new OnePeer(20, [...IDS, 30], [record]);
  noteRejected(one.peer, record, member(9));
  noteRejected(one.peer, recordOf(8, 4, 2), member(20));
  for (const id of [8, 14, 30]) one.hear(id, replicated([record]));
  expect(drops(one.pass(3 * DROP_SETTLE_MS))).toBe(0);
});

test("a damaged copy is none any more: all that may be asked for the name hear so, and a person", () => {
  const record = recordOf(8, 3, 1);
  const one = calm([record]);
  one.give({ type: "damaged", write: writeId(record) });
  expect(one.to("lost").toSorted()).toEqual(OTHERS.toSorted());
  expect(one.told("note")).toMatchObject([
    { text: expect.stringContaining("plan here was damaged") },
  ]);
  expect(one.peer.replication.files.size).toBe(0);
  // That may be said twice.
  expect(one.give({ type: "damaged", write: writeId(record) })).toEqual([]);
});

test("whoever could not keep a file is asked again after a while", () => {
  const record = recordOf(8, 3, 1);
  const one = new OnePeer(8, IDS, [record]);
  one.hear(9, { tag: "rejected", files: [heldVersion(record)] });
  for (const id of [14, 20]) one.hear(id, replicated([record]));
  one.pass(COMPARE_EVERY_MS - 1_000);
  expect(one.to("replicate")).toEqual([]);
  one.pass(COMPARE_EVERY_MS / 2);
  expect(one.to("replicate")).toContain(9);
});
