/** How long removals are kept, and what a leaver counts on. */
import { expect, test } from "bun:test";
import {
  COMPARE_EVERY_MS,
  OPERATION_MS,
  TOMBSTONE_DROP_MS,
  TOMBSTONE_LAST_MS,
  TOMBSTONE_MS,
} from "../../../src/protocol/model/config.ts";
import { EMPTY_SHA256, type FileRecord } from "../../../src/protocol/model/files.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { inquireOf, OnePeer, version } from "../one-peer.ts";

/** A removal of a name that 8 owns, so old when the peer under test begins, at 1,000 of its clock. */
function removal(ageMs: number): FileRecord {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true };
  return version(8, 3, 7, { ...departed, ageMs });
}

function replicatedOf({ name, operation, sha256, stamp }: FileRecord, taking = false) {
  return { tag: "replicated", files: [{ name, operation, sha256, stamp }], taking } as const;
}

const drops = (effects: readonly Effect[]) => effects.filter((e) => e.type === "drop").length;

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
    for (const id of confirmedBy) holder.hear(id, replicatedOf(record));
    expect(drops(holder.pass(3 * COMPARE_EVERY_MS))).toBe(goes ? 1 : 0);
    expect(holder.peer.replication.files.size).toBe(goes ? 0 : 1);
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

test("histories lose what is too old on their way out", () => {
  const spans = [1, 3].map((from) => ({
    ...{ origin: "a".repeat(16), from, to: from },
    ageMs: from === 1 ? OPERATION_MS : 0,
    stamp: { counter: from, owner: 8, run: 1 },
  }));
  const holder = new OnePeer(9, undefined, [version(8, 3, 7, { history: spans })]);
  holder.hear(8, inquireOf("plan"));
  const history = holder.sent("inquired")[0]?.message.records[0]?.history;
  expect(history).toEqual([{ ...spans[1], ageMs: holder.now } as never]);
});

test("a leaver forgets who had what, and counts on those that stay and know that it leaves", () => {
  const record = version(8, 3, 7);
  const leaver = new OnePeer(8, undefined, [record]);
  for (const id of [9, 14, 20]) leaver.hear(id, replicatedOf(record, true));
  const offered = leaver.command(1, { kind: "quit" });
  const departs = (effects: readonly Effect[]) =>
    effects.some((e) => e.type === "send" && e.message.tag === "depart");
  expect(departs(offered)).toBe(false);
  expect(leaver.to("offer").sort()).toEqual([14, 20, 9]);
  // Word of before, or of one that may be leaving as well.
  for (const id of [9, 14, 20]) expect(departs(leaver.hear(id, replicatedOf(record)))).toBe(false);
  for (const id of [9, 14])
    expect(departs(leaver.hear(id, replicatedOf(record, true)))).toBe(false);
  expect(departs(leaver.hear(20, replicatedOf(record, true)))).toBe(true);
});

test("a member says that it takes over only while it stays, and knows that the other leaves", () => {
  const record = version(8, 3, 7);
  const taking = (prepare: (holder: OnePeer) => void) => {
    const holder = new OnePeer(9, undefined, [record]);
    prepare(holder);
    holder.hear(8, { tag: "offer", records: [record], origin: null });
    return holder.sent("replicated").find(({ message }) => message.files.length > 0)?.message
      .taking;
  };
  const leaving = (id: number, holder: OnePeer) => {
    const member = holder.peer.membership.view.find(id);
    if (member === undefined) throw new Error("no such member");
    return { ...member, state: "leaving" as const };
  };
  expect(taking(() => {})).toBe(false);
  expect(
    taking((holder) => {
      const members = [leaving(8, holder)];
      holder.hear(members[0] ?? 8, { tag: "gossip", joining: false, members });
    }),
  ).toBe(true);
  expect(
    taking((holder) => {
      const members = [leaving(8, holder)];
      holder.hear(members[0] ?? 8, { tag: "gossip", joining: false, members });
      holder.command(1, { kind: "quit" });
    }),
  ).toBe(false);
});
