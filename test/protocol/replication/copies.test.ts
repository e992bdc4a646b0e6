/** What a peer takes in of what it is offered, and what it offers others. */
import { expect, test } from "bun:test";
import {
  ACKNOWLEDGE_GRACE_MS,
  COPIES_AT_ONCE,
  OFFER_RECORDS,
  TOMBSTONE_LAST_MS,
  TOMBSTONE_MS,
} from "../../../src/protocol/model/config.ts";
import { EMPTY_SHA256, type FileRecord, heldVersion } from "../../../src/protocol/model/files.ts";
import { snapshotFiles } from "../../../src/protocol/replication/safety.ts";
import { inquireOf, OnePeer, replicated, version } from "../one-peer.ts";
import { stamping } from "../situations.ts";

/** A removal of a name that 8 owns, so old when the peer under test begins, at 1,000 of its clock. */
function removal(ageMs: number): FileRecord {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true };
  return version(8, 3, 7, { ...departed, ageMs });
}

test("an old removal is not taken in, and one that is younger is, with its age", () => {
  for (const [ageMs, taken] of [
    [TOMBSTONE_MS - 1, true],
    [TOMBSTONE_MS, false],
    [TOMBSTONE_LAST_MS, false],
  ] as const) {
    const holder = new OnePeer(9);
    holder.hear(8, { tag: "offer", records: [removal(ageMs)], origin: null });
    expect(holder.effects.some((e) => e.type === "merge")).toBe(taken);
    holder.durable();
    expect(holder.peer.replication.files.size).toBe(taken ? 1 : 0);
    if (!taken) continue;
    // What it gives on has grown older meanwhile.
    holder.pass(500);
    holder.hear(14, inquireOf("plan"));
    expect(holder.sent("inquired")[0]?.message.records[0]?.ageMs).toBe(ageMs + 500);
  }
});

test("one that is too old is not given to others either", () => {
  const given = (ageMs: number) => {
    const holder = new OnePeer(9, undefined, [removal(ageMs)]);
    return holder.pass(5_000).some((e) => e.type === "send" && e.message.tag === "offer");
  };
  expect(given(TOMBSTONE_MS)).toBe(true);
  expect(given(TOMBSTONE_LAST_MS)).toBe(false);
});

test("no more copies than fit are on their way to a disk; the rest is offered again", () => {
  const holder = new OnePeer(9, [2, 8, 9]);
  const names = Array.from({ length: COPIES_AT_ONCE + OFFER_RECORDS }, (_, i) => `n${i}`);
  let begun = 0;
  for (let at = 0; at < names.length; at += OFFER_RECORDS) {
    const records = names.slice(at, at + OFFER_RECORDS).map((name, i) => ({
      ...version(8, 1, at + i + 1),
      ...{ name, size: 0, sha256: EMPTY_SHA256, removed: true },
    }));
    const effects = holder.hear(8, { tag: "offer", records, origin: null });
    begun += effects.filter(({ type }) => type === "merge").length;
  }
  expect(begun).toBe(COPIES_AT_ONCE);
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
  const copies = all.flatMap((e) =>
    e.type === "send" && e.message.tag === "answer" && e.message.outcome.kind === "stored"
      ? [e.message.outcome.copies]
      : [],
  );
  expect(copies).toEqual([[8, 14]]);
});
