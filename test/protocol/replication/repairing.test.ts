/** How long removals are kept, and which copies go. */
import { expect, test } from "bun:test";
import {
  COMPARE_EVERY_MS,
  TOMBSTONE_DROP_MS,
  TOMBSTONE_LAST_MS,
  TOMBSTONE_MS,
} from "../../../src/protocol/model/config.ts";
import { EMPTY_SHA256, type FileRecord } from "../../../src/protocol/model/files.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { IDS, OnePeer, replicated, version } from "../one-peer.ts";

/** A removal of a name that 8 owns, so old when the peer under test begins, at 1,000 of its clock. */
function removal(ageMs: number): FileRecord {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true };
  return version(8, 3, 7, { ...departed, ageMs });
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
    const holder = new OnePeer(9, undefined, [record]);
    for (const id of confirmedBy) holder.hear(id, replicated([record]));
    expect(drops(holder.pass(3 * COMPARE_EVERY_MS))).toBe(goes ? 1 : 0);
    expect(holder.peer.replication.files.size).toBe(goes ? 0 : 1);
  }
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
