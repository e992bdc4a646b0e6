import { expect, test } from "bun:test";
import {
  acknowledgementTrue,
  conclusive,
  contentKnown,
  type DiskSnapshot,
  oneContent,
  owedBy,
  readRight,
  replicasEnough,
  storesKept,
  wholeOrNothing,
} from "../../src/checks/files.ts";
import { conflictName, EMPTY_SHA256, type FileRecord } from "../../src/protocol/model/files.ts";
import { lineage } from "../../src/protocol/model/siblings.ts";
import { operationOf } from "../store/records.ts";

const IDS = [10, 20, 30, 40];

/** A write of file 0015, whose key is 15, so that its replicas are 20, 30 and 40. */
function recordBy(counter: number, owner: number, after: FileRecord | null = null): FileRecord {
  const version = { counter, owner, instance: 1 };
  return {
    name: "0015",
    key: 15,
    operation: operationOf(version),
    version,
    also: [],
    size: counter,
    sha256: `${counter}${owner}`.padStart(64, "0"),
    removed: false,
    apart: false,
    ageMs: 0,
    ...lineage(after === null ? [] : [after], [], 0),
  };
}

function removal(counter: number, owner: number, after: FileRecord): FileRecord {
  return { ...recordBy(counter, owner, after), size: 0, sha256: EMPTY_SHA256, removed: true };
}

/** Disks of four living peers, with what each of them holds. */
function disks(files: Readonly<Record<number, readonly FileRecord[]>>, full = 0): DiskSnapshot[] {
  return IDS.map((id) => ({ id, lives: true, full: id === full, files: files[id] ?? [] }));
}

const first = recordBy(1, 20);
const second = recordBy(2, 20, first);
/** Stored where nobody knew of the first. */
const stranger = recordBy(2, 30);

function read(sha256: string | null) {
  return { kind: "read", peer: 10, sha256 } as const;
}

test("D1: an acknowledged write, or what took its place, must be on some disk", () => {
  const known = [first, second, stranger];
  expect(storesKept([first], known, disks({ 30: [first] })).ok).toBe(true);
  expect(storesKept([first], known, disks({ 30: [second] })).ok).toBe(true);
  expect(storesKept([second], known, disks({ 30: [first] })).ok).toBe(false);
  expect(storesKept([first], known, disks({ 30: [stranger] })).ok).toBe(false);
  expect(storesKept([first], known, disks({ 30: [stranger, first] })).ok).toBe(true);
});

test("D1: what took the place of what took its place stands for a write too", () => {
  // What a write has followed may be more than it remembers.
  const middle = recordBy(2, 30, first);
  const later = recordBy(3, 40, { ...middle, versionVector: [], history: [] });
  expect(storesKept([first], [first, middle, later], disks({ 20: [later] })).ok).toBe(true);
  expect(storesKept([first], [first, later], disks({ 20: [later] })).ok).toBe(false);
});

test("D1: an operation under another version is the write that was acknowledged", () => {
  const again = {
    ...first,
    version: { counter: 7, owner: 30, instance: 2 },
    also: [first.version],
  };
  expect(storesKept([first], [first, again], disks({ 20: [again] })).ok).toBe(true);
  const other = { ...again, sha256: stranger.sha256 };
  expect(storesKept([first], [first, other], disks({ 20: [other] })).ok).toBe(false);
});

test("D1: of two that knew nothing of each other, one is owed under the name, one as its conflict", () => {
  const all = [stranger, first];
  const owed = owedBy([first, stranger], [first, stranger], disks({ 20: all, 30: all, 40: all }));
  expect(owed.map((o) => [o.name, o.least.version.counter])).toEqual([
    [conflictName(first), 1],
    ["0015", 2],
  ]);
  const followed = disks({ 20: [second], 30: [second] });
  expect(owedBy([first, second], [first, second], followed).map((o) => o.name)).toEqual(["0015"]);
});

test("D1: a read gives what is owed or newer, and nothing of what was removed", () => {
  const departed = removal(2, 20, first);
  const known = [first, second, departed];
  const stored = { name: "0015", key: 15, least: second };
  expect(readRight(stored, known, read(second.sha256)).ok).toBe(true);
  expect(
    readRight(stored, [...known, recordBy(3, 30, second)], read(recordBy(3, 30).sha256)).ok,
  ).toBe(true);
  expect(readRight(stored, known, read(first.sha256))).toMatchObject({ ok: false, peers: [10] });
  expect(readRight(stored, [first, second], read(null)).ok).toBe(false);
  expect(readRight(stored, known, { kind: "failed", peer: 10, why: "no answer" }).ok).toBe(false);

  const removed = { name: "0015", key: 15, least: departed };
  expect(readRight(removed, known, read(null)).ok).toBe(true);
  const back = readRight(removed, known, read(first.sha256));
  expect(back.ok === false && back.why).toContain("resurrected");
});

test("D2: the first of the living that can take a file hold it", () => {
  const owed = [{ name: "0015", key: 15, least: first }];
  const three = { 20: [first], 30: [first], 40: [first] };
  expect(replicasEnough(owed, disks(three), 3).ok).toBe(true);
  expect(replicasEnough(owed, disks({ ...three, 30: [] }), 3)).toMatchObject({ peers: [30] });
  expect(replicasEnough(owed, disks({ 20: [first], 40: [first], 10: [first] }, 30), 3).ok).toBe(
    true,
  );
  expect(replicasEnough(owed, disks({ ...three, 30: [] }, 30), 3)).toMatchObject({ peers: [10] });
  expect(replicasEnough(owed, disks(three, 30), 3).ok).toBe(true);
  const alone = disks({ 20: [first] }).map((d) => ({ ...d, lives: d.id === 20 }));
  expect(replicasEnough(owed, alone, 3).ok).toBe(true);
});

test("D2: a removal is asked for as long as somebody has one that is not about to be forgotten", () => {
  const day = 24 * 3_600_000;
  const young = { ...removal(2, 20, first), ageMs: 29 * day };
  const old = { ...young, ageMs: 30 * day };
  const owed = [{ name: "0015", key: 15, least: young }];
  expect(replicasEnough(owed, disks({ 20: [old] }), 3).ok).toBe(true);
  expect(replicasEnough(owed, disks({ 20: [old], 30: [young] }), 3)).toMatchObject({ peers: [40] });
});

test("D3: one content for each version, and none that nobody stored", () => {
  expect(oneContent([first], second).ok).toBe(true);
  expect(oneContent([first], { ...first }).ok).toBe(true);
  expect(oneContent([first], { ...first, sha256: second.sha256 }).ok).toBe(false);
  expect(contentKnown([first], "0015", first.sha256).ok).toBe(true);
  expect(contentKnown([first], "0015", second.sha256).ok).toBe(false);
});

test("D4: a receipt names durable copies only, and a store without one is whole or not there", () => {
  expect(acknowledgementTrue(first, [20, 30], new Set([20, 30, 40])).ok).toBe(true);
  expect(acknowledgementTrue(first, [20, 30], new Set([20]))).toMatchObject({
    ok: false,
    peers: [30],
  });
  const contents = new Set([first.sha256]);
  expect(wholeOrNothing("0015", contents, read(null)).ok).toBe(true);
  expect(wholeOrNothing("0015", contents, read(first.sha256)).ok).toBe(true);
  expect(wholeOrNothing("0015", contents, read(second.sha256)).ok).toBe(false);
});

test("D5: what injected no fault, or read nothing back, shows nothing", () => {
  expect(conclusive(1, 1).ok).toBe(true);
  expect(conclusive(0, 1).ok).toBe(false);
  expect(conclusive(1, 0).ok).toBe(false);
});
