/** What a peer takes in of what it is offered, and what it offers others. */
import { expect, test } from "bun:test";
import {
  ACKNOWLEDGE_GRACE_MS,
  FULL_MS,
  REPLICAS_AT_ONCE,
  REPLICATE_RECORDS,
  TOMBSTONE_LAST_MS,
  TOMBSTONE_MS,
} from "../../../src/protocol/model/config.ts";
import {
  EMPTY_SHA256,
  type FileRecord,
  heldVersion,
  writeId,
} from "../../../src/protocol/model/files.ts";
import { lineage } from "../../../src/protocol/model/siblings.ts";
import { snapshotFiles } from "../../../src/protocol/replication/safety.ts";
import {
  BODY,
  CONTENT,
  IDS,
  inquireOf,
  member,
  OnePeer,
  recordOf,
  replicated,
} from "../one-peer.ts";
import { stamping } from "../situations.ts";

/** A removal of a name that 8 owns, so old when the peer under test begins, at 1,000 of its clock. */
function removal(ageMs: number): FileRecord {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true };
  return recordOf(8, 3, 7, { ...departed, ageMs });
}

test("an old removal is not taken in, and one that is younger is, with its age", () => {
  for (const [ageMs, taken] of [
    [TOMBSTONE_MS - 1, true],
    [TOMBSTONE_MS, false],
    [TOMBSTONE_LAST_MS, false],
  ] as const) {
    const replica = new OnePeer(9);
    replica.hear(8, { tag: "replicate", records: [removal(ageMs)], origin: null });
    expect(replica.effects.some((e) => e.type === "merge")).toBe(taken);
    replica.durable();
    expect(replica.peer.replication.files.size).toBe(taken ? 1 : 0);
    if (!taken) continue;
    // What it gives on has grown older meanwhile.
    replica.pass(500);
    replica.hear(14, inquireOf("plan"));
    expect(replica.sent("inquired")[0]?.message.records[0]?.ageMs).toBe(ageMs + 500);
  }
});

test("one that is too old is not given to others either", () => {
  const given = (ageMs: number) => {
    const replica = new OnePeer(9, undefined, [removal(ageMs)]);
    return replica.pass(5_000).some((e) => e.type === "send" && e.message.tag === "replicate");
  };
  expect(given(TOMBSTONE_MS)).toBe(true);
  expect(given(TOMBSTONE_LAST_MS)).toBe(false);
});

test("no more copies than fit are on their way to a disk; the rest comes again", () => {
  const replica = new OnePeer(9, [2, 8, 9]);
  const names = Array.from({ length: REPLICAS_AT_ONCE + REPLICATE_RECORDS }, (_, i) => `n${i}`);
  let begun = 0;
  for (let at = 0; at < names.length; at += REPLICATE_RECORDS) {
    const records = names.slice(at, at + REPLICATE_RECORDS).map((name, i) => ({
      ...recordOf(8, 1, at + i + 1),
      ...{ name, size: 0, sha256: EMPTY_SHA256, removed: true },
    }));
    const effects = replica.hear(8, { tag: "replicate", records, origin: null });
    begun += effects.filter(({ type }) => type === "merge").length;
  }
  expect(begun).toBe(REPLICAS_AT_ONCE);
});

test("a copy that was lost while the others were awaited is none", () => {
  const { owner, record, job } = stamping();
  owner.hear(9, replicated([record]));
  owner.hear(9, { tag: "lost", files: [heldVersion(record)] });
  const { size, sha256 } = record;
  owner.give({ type: "fetched", job, result: { ok: true, size, sha256 } });
  owner.hear(14, replicated([record]));
  expect(snapshotFiles(owner.peer)).toMatchObject({ safe: false, least: 2 });
  const all = owner.pass(ACKNOWLEDGE_GRACE_MS);
  const replicas = all.flatMap((e) =>
    e.type === "send" && e.message.tag === "answer" && e.message.outcome.kind === "stored"
      ? [e.message.outcome.replicas]
      : [],
  );
  expect(replicas).toEqual([[8, 14]]);
});

test("of what it is sent a replica says what it has, gets what it lacks, and tells what it knows better", () => {
  const had = recordOf(8, 3, 1, { name: "had" });
  const lacks = recordOf(8, 4, 2, { name: "lacks" });
  const old = recordOf(8, 5, 3, { name: "old" });
  const newer = recordOf(8, 6, 4, { name: "old", ...lineage([old], [], 0) });
  const replica = new OnePeer(9, undefined, [had, newer]);
  replica.hear(8, { tag: "replicate", records: [had, lacks, old], origin: null });
  expect(replica.sent("replicated")).toMatchObject([{ message: replicated([had, old]) }]);
  expect(replica.effects.filter((e) => e.type === "fetch")).toMatchObject([
    { from: member(8).address, source: { kind: "write", write: writeId(lacks) } },
  ]);
  const [{ to, message } = {}] = replica.sent("replicate");
  expect(to).toBe(member(8).address);
  expect(message?.records.map(({ operation }) => operation)).toEqual([newer.operation]);
});

test("what there is no room for is rejected, and a removal is noted all the same", () => {
  const replica = new OnePeer(9);
  replica.give({ type: "room", bytes: CONTENT.size - 1 });
  const large = recordOf(8, 3, 1);
  replica.hear(8, { tag: "replicate", records: [large, removal(0)], origin: null });
  expect(replica.sent("rejected")).toMatchObject([{ message: { files: [heldVersion(large)] } }]);
  expect(replica.effects.filter((e) => e.type === "fetch" || e.type === "merge")).toMatchObject([
    { type: "merge", record: { removed: true } },
  ]);
});

test("that of a stranger rejects nothing: its word counts nowhere", () => {
  const record = recordOf(8, 3, 7);
  const one = new OnePeer(8, IDS, [record]);
  const rejected = { tag: "rejected", files: [heldVersion(record)] } as const;
  one.hear({ ...member(9), instance: "ff".repeat(8), incarnation: 0 }, rejected);
  expect(one.peer.replication.rejected.size).toBe(0);
  one.hear(9, rejected);
  expect(one.peer.replication.rejected.get("plan")).toEqual([member(9).instance]);
});

test("a disk that has refused a copy is sent others in vain for a while", () => {
  const replica = new OnePeer(9);
  const replicate = (number: number) => {
    const records = [recordOf(8, number, number, { name: `${number}` })];
    replica.hear(8, { tag: "replicate", records, origin: null }, { body: BODY });
    return replica.effects.find((e) => e.type === "fetch")?.job;
  };
  const job = replicate(1);
  replica.give({ type: "fetched", job: job ?? 0, result: { ok: false, here: true, why: "full" } });
  expect(replica.to("rejected")).toEqual([8]);
  replica.now += FULL_MS - 1;
  expect(replicate(2)).toBeUndefined();
  expect(replica.to("rejected")).toEqual([8]);
  replica.now += 1;
  expect(replicate(3)).toBeDefined();
  // One that failed on its way is no fault of this disk.
  const result = { ok: false, here: false, why: "It broke off." } as const;
  replica.give({ type: "fetched", job: replicate(4) ?? 0, result });
  expect(replica.to("rejected")).toEqual([]);
});

test("whoever has lost its copy is no replica until it has it again, and is sent it at once", () => {
  const record = recordOf(8, 3, 1);
  const owner = new OnePeer(8, IDS, [record]);
  for (const id of [9, 14]) owner.hear(id, replicated([record]));
  owner.hear(9, { tag: "lost", files: [heldVersion(record)] });
  expect(owner.to("replicate")).toEqual([9]);
  expect(owner.peer.replication.confirmed.get(record)).toEqual([member(14).instance]);
});
