/** The files of a ring: what a member says page by page, and what comes of all that they say. */
import { expect, test } from "bun:test";
import { LIST_RECORDS, LIST_WAIT_MS, LISTED_FILES } from "../../../src/protocol/model/config.ts";
import { conflictName, EMPTY_SHA256, type FileRecord } from "../../../src/protocol/model/files.ts";
import { lineage } from "../../../src/protocol/model/siblings.ts";
import { idAt, member, OnePeer, recordOf } from "../one-peer.ts";

function named(name: string, counter: number, more: Partial<FileRecord> = {}): FileRecord {
  return recordOf(8, counter, counter, { name, ...more });
}

/** Peer 8 of the ring 2, 8, 9, which holds these and has asked the others. */
function listing(files: readonly FileRecord[] = []): { one: OnePeer; request: number } {
  const one = new OnePeer(8, [2, 8, 9], files);
  one.command(1, { kind: "list" });
  return { one, request: one.sent("list")[0]?.message.request ?? 0 };
}

function filesOf(one: OnePeer) {
  const [told] = one.told("outcome");
  if (told?.outcome.kind !== "listed") return null;
  const { files, silent } = told.outcome;
  return { silent, files: files.map(({ record, replicas }) => [record.name, replicas]) };
}

test("all are asked, and their writes merged: a file is listed once, with those who hold it", () => {
  const [old, removed] = [named("b", 3), named("c", 4)];
  const newer = named("b", 5, lineage([old], [], 0));
  const empty = { size: 0, sha256: EMPTY_SHA256, removed: true };
  const removal = named("c", 6, { ...lineage([removed], [], 0), ...empty });
  const conflict = recordOf(20, 2, 1, {
    ...{ name: "b", sha256: "cc".repeat(32) },
    operation: { origin: member(20).instance, number: 1 },
  });
  const { one, request } = listing([newer, removal]);
  expect(one.to("list")).toEqual([2, 9]);
  const page = { tag: "listed", request, more: false } as const;
  one.hear(2, { ...page, records: [named("a", 1), old, removed] });
  expect(filesOf(one)).toBeNull();
  // Who has said all says no more.
  one.hear(2, { ...page, records: [named("z", 9)] });
  one.hear(9, { ...page, records: [named("a", 1), newer, conflict] });
  expect(filesOf(one)).toEqual({
    silent: 0,
    files: [
      ["a", [2, 9]],
      ["b", [8, 9]],
      [conflictName(conflict), [9]],
    ],
  });
});

test("a peer that is alone asks nobody, and has its answer at once", () => {
  const one = new OnePeer(8, [8], [named("a", 1)]);
  one.command(1, { kind: "list" });
  expect(filesOf(one)).toEqual({ silent: 0, files: [["a", [8]]] });
});

test("who has more than one page is asked for the next; who is silent is counted", () => {
  const { one, request } = listing();
  one.pass(LIST_WAIT_MS - 1);
  one.hear(9, { tag: "listed", request, more: true, records: [named("a", 1), named("b", 2)] });
  expect(one.sent("list")).toMatchObject([{ to: member(9).address, message: { after: "b" } }]);
  // As long as pages come there is time for more.
  one.pass(LIST_WAIT_MS - 1);
  one.hear(9, { tag: "listed", request, more: false, records: [named("c", 3)] });
  expect(filesOf(one)).toBeNull();
  one.pass(LIST_WAIT_MS);
  expect(filesOf(one)).toEqual({
    silent: 1,
    files: [
      ["a", [9]],
      ["b", [9]],
      ["c", [9]],
    ],
  });
});

test("who says the same page again and again does not keep a listing open, nor is listed for it again", () => {
  const { one, request } = listing();
  const page = () =>
    one.hear(9, { tag: "listed", request, more: true, records: [named("a", 1), named("b", 2)] });
  page();
  expect(one.to("list")).toEqual([9]);
  for (let waited = 0; waited < LIST_WAIT_MS; waited += 100) {
    page();
    expect(one.to("list")).toEqual([]);
    one.pass(100);
  }
  expect(filesOf(one)).toMatchObject({ silent: 2 });
  expect(filesOf(one)?.files).toEqual([
    ["a", [9]],
    ["b", [9]],
  ]);
});

test("what one member lists without end is not taken in, nor that for all it has", () => {
  const { one, request } = listing();
  const kept = one.peer.requests.listings.get(request);
  if (kept === undefined) throw new Error("it is asked for");
  Object.assign(kept, { replicas: new Full() });
  one.hear(9, { tag: "listed", request, more: true, records: [named("a", 1)] });
  expect(one.to("list")).toEqual([]);
  one.hear(9, { tag: "listed", request, more: false, records: [named("b", 2)] });
  one.pass(LIST_WAIT_MS);
  expect(filesOf(one)).toMatchObject({ silent: 2, files: [] });
});

/** As if all that a listing may hold had been listed. */
class Full extends Map<string, number[]> {
  override get size(): number {
    return LISTED_FILES;
  }
}

test("a member says what it holds in pages, in the order of names, each file in one of them", () => {
  const count = 2 * LIST_RECORDS + 1;
  const names = Array.from({ length: count }, (_, i) => `n${String(i).padStart(5, "0")}`);
  const replica = new OnePeer(
    9,
    [2, 8, 9],
    names.map((name, i) => named(name, i + 1)),
  );
  const pages: number[] = [];
  const told: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    replica.hear(8, { tag: "list", request: 5, after });
    const [{ to, message } = {}] = replica.sent("listed");
    expect(idAt(to ?? "")).toBe(8);
    const page: string[] = message?.records.map(({ name }) => name) ?? [];
    pages.push(page.length);
    told.push(...page);
    after = page.at(-1) ?? null;
    more = message?.more ?? false;
  }
  expect(pages).toEqual([LIST_RECORDS, LIST_RECORDS, 1]);
  expect(told).toEqual(names);
});
