import { expect, test } from "bun:test";
import { OPERATION_MS, SPARED_KEPT, VECTOR_KEPT } from "../../../src/protocol/model/config.ts";
import type { FileRecord, Version } from "../../../src/protocol/model/files.ts";
import { makeRandom } from "../../../src/protocol/model/random.ts";
import {
  chained,
  isReplacedBy,
  lineage,
  merge,
  NO_LINEAGE,
  recent,
  type Siblings,
  standingOf,
  winnerOf,
} from "../../../src/protocol/model/siblings.ts";
import {
  History,
  type HistoryOptions,
  idOf,
  living,
  mergeAll,
  mergedAtRandom,
  SOME,
  shuffled,
} from "../histories.ts";

const SEED = 20_260_731;

/** Histories of all kinds: calm ones, long ones, ones in which writes grow old, and many doubles. */
const KINDS: readonly HistoryOptions[] = [
  SOME,
  { ...SOME, steps: 40, owners: 4 },
  { ...SOME, steps: 30, pauseMs: 60_000 },
  { ...SOME, steps: 40, pauseMs: 6_000, doubles: 2 },
  { ...SOME, steps: 30, restarts: 6 },
];

function histories(each: number): { history: History; seed: number }[] {
  return KINDS.flatMap((options, kind) =>
    Array.from({ length: each }, (_, i) => {
      const seed = SEED + kind * 10_000 + i;
      return { history: new History(seed, options), seed };
    }),
  );
}

const by = (owner: number, counter: number, instance = 1): Version => ({
  counter,
  owner,
  instance,
});

/** A write by the operation `number` of one origin, which followed `follows`. */
function recordOf(
  number: number,
  version: Version,
  follows: Siblings = [],
  beside: Siblings = [],
  letter = "a",
): FileRecord {
  return {
    name: "plan.txt",
    key: 7,
    operation: { origin: letter.repeat(16), number },
    version,
    also: [],
    size: 10,
    sha256: String(number % 10).repeat(64),
    removed: false,
    apart: false,
    ageMs: 0,
    ...lineage(follows, beside, 0),
  };
}

const ids = (siblings: Siblings): string[] => siblings.map(idOf).sort();

/** The same from all orders in which these can come. */
function fromAllOrders(siblings: Siblings): string[] {
  const orders = (rest: Siblings): Siblings[] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((v) => orders(rest.filter((o) => o !== v)).map((o) => [v, ...o]));
  const [first = [], ...others] = orders(siblings).map((o) => living(mergeAll([], o)));
  for (const other of others) expect(other).toEqual(first);
  return first;
}

test("sets merge to one end in whatever order, and again changes nothing", () => {
  console.log(`seeds from ${SEED}`);
  for (const { history, seed } of histories(12)) {
    if (history.hasCircle()) continue;
    const random = makeRandom(seed);
    const first = mergedAtRandom(random, history.executed);
    // What lives is what nobody has followed: nothing else goes, and what went stays away.
    expect({ seed, ids: ids(first) }).toEqual({ seed, ids: history.unfollowed() });
    for (let i = 0; i < 4; i++) {
      const set = mergedAtRandom(random, history.executed);
      expect({ seed, living: living(set) }).toEqual({ seed, living: living(first) });
      for (const v of history.executed) {
        const again = merge(set, v);
        expect({ seed, living: living(again) }).toEqual({ seed, living: living(first) });
        expect(merge(again, v)).toBe(again);
      }
      // What comes back tells something new at most once, and in the end there is nothing new.
      let whole = set;
      for (let before: Siblings = []; whole !== before; ) {
        before = whole;
        whole = mergeAll(whole, shuffled(random, history.executed));
      }
      expect(mergeAll(whole, whole)).toBe(whole);
    }
  }
}, 60_000);

test("what owners know in the middle of it merges just so, and never becomes nothing", () => {
  for (const { history, seed } of histories(12)) {
    const random = makeRandom(seed);
    const sets = [...history.owners.map((o) => o.known), ...history.executed.map((v) => [v])];
    if (history.executed.length === 0) continue;
    const ends = Array.from({ length: 4 }, () => shuffled(random, sets).reduce(mergeAll, []));
    for (const end of ends) expect(end.length).toBeGreaterThan(0);
    const all = ends.map((end) => living(mergeAll(mergeAll([], end), ends.flat())));
    // Even where operations went in a circle all come to one end, once they have heard of each other.
    const told = ends.map((_, i) => mergeAll(ends[i] ?? [], shuffled(random, ends.flat())));
    const again = told.map((set) => living(mergeAll(set, shuffled(random, told.flat()))));
    for (const end of again) expect({ seed, end }).toEqual({ seed, end: again[0] ?? [] });
    if (history.hasCircle()) continue;
    for (const end of all) expect({ seed, end }).toEqual({ seed, end: again[0] ?? [] });
  }
}, 60_000);

test("a replaced operation does not come back under another version, the one that has the name neither", () => {
  const first = recordOf(1, by(1, 1));
  const second = recordOf(2, by(1, 2), [first], [], "b");
  const late = recordOf(1, by(2, 9));
  expect(fromAllOrders([first, second, late])).toEqual(["b2:22 1.1:2 wins"]);
  const twice = { ...second, version: by(2, 12) };
  expect(fromAllOrders([first, second, late, twice])).toEqual(["b2:22 2.1:12 wins"]);
});

test("what was replaced by one execution is replaced, though another left it as it was", () => {
  for (const now of [0, 10 * OPERATION_MS]) {
    const aged = (v: FileRecord): FileRecord => ({ ...v, ageMs: now });
    const removal = aged(recordOf(1, by(1, 3), [], [], "b"));
    const beside = aged(recordOf(3, by(2, 2), [], [], "c"));
    const again = {
      ...aged(recordOf(1, by(2, 3), [beside], [], "b")),
      ...lineage([beside], [], 0),
    };
    const last = aged(recordOf(2, by(1, 4), [removal], [beside]));
    expect(fromAllOrders([removal, beside, again, last])).toEqual(["a2:22 1.1:4 wins"]);
    // Followed by one execution, unknown to the other, or left by it: in all orders the same.
    const left = { ...removal, ...lineage([], [beside], 0) };
    expect(fromAllOrders([left, beside, again])).toEqual(["b1:11 2.1:3 wins"]);
  }
});

test("late a:1 at 10, b:1 at 5 which replaced a:1, and c:1 at 7 go in no circle", () => {
  const early = recordOf(1, by(1, 1));
  const late = recordOf(1, by(3, 10));
  const replacing = recordOf(2, by(1, 5), [early], [], "b");
  const other = recordOf(3, by(2, 7), [], [], "c");
  expect(fromAllOrders([late, replacing, other])).toEqual(["b2:22 1.1:5", "c3:33 2.1:7 wins"]);
  expect(fromAllOrders([early, late, replacing, other]).length).toBe(2);
});

test("two operations that were both executed twice, in another order, leave the greater", () => {
  const [a1, c] = [recordOf(1, by(1, 1)), recordOf(3, by(3, 2), [], [], "c")];
  const b1 = recordOf(2, by(1, 2), [a1], [], "b");
  const b2 = recordOf(2, by(2, 5), [], [], "b");
  const a2 = recordOf(1, by(2, 6), [b2]);
  expect(fromAllOrders([a1, b1, b2, a2])).toEqual(["a1:11 2.1:6 wins"]);
  // Though another lives beside them.
  expect(fromAllOrders([a1, b1, b2, a2, c])).toEqual(["a1:11 2.1:6 wins", "c3:33 3.1:2"]);
  const next = recordOf(4, by(2, 7), [a2], [], "c");
  expect(fromAllOrders([a1, b1, b2, a2, next])).toEqual(["c4:44 2.1:7 wins"]);
});

test("equal contents replace nothing by being equal: A, then B, then A again", () => {
  const one = recordOf(1, by(1, 1));
  const two = recordOf(2, by(2, 2), [one]);
  const again = { ...recordOf(3, by(1, 3), [two]), sha256: one.sha256 };
  expect(fromAllOrders([one, two, again])).toEqual([living([again])[0] ?? ""]);
  const apart = { ...recordOf(9, by(3, 1), [], [], "b"), sha256: one.sha256 };
  expect(fromAllOrders([one, apart]).length).toBe(2);
});

test("two contents under one operation are two writes", () => {
  const one = recordOf(1, by(1, 1));
  const other = { ...recordOf(1, by(2, 2)), sha256: "b".repeat(64) };
  expect(fromAllOrders([one, other]).length).toBe(2);
});

test("a conflict is removed by a removal apart, which never has the name", () => {
  const [one, two] = [recordOf(1, by(1, 1)), recordOf(2, by(2, 2), [], [], "b")];
  const removal = { ...recordOf(3, by(2, 3), [one], [two], "c"), removed: true, apart: true };
  const end = mergeAll([], [removal, one, two]);
  expect(ids(end)).toEqual(ids([two, removal]));
  expect(winnerOf(end)).toBe(two);
  expect(fromAllOrders([one, two, removal]).length).toBe(2);
  expect(winnerOf([removal])).toBeUndefined();
});

test("an owner's versions of another instance say nothing of its former ones", () => {
  const old = recordOf(1, by(2, 7, 1));
  expect(isReplacedBy(old, recordOf(2, by(2, 8, 2)))).toBe(false);
  expect(isReplacedBy(old, recordOf(2, by(2, 8, 1)))).toBe(true);
});

test("more than REPLACED_KEPT runs: the newest are remembered, and operations by their age", () => {
  let last = recordOf(1, by(1, 1, 1));
  const all = [last];
  for (let i = 2; i <= VECTOR_KEPT + 20; i++) {
    last = recordOf(i, by(i % 7, i, i), [last]);
    all.push(last);
  }
  expect(last.versionVector.length).toBe(VECTOR_KEPT);
  expect(last.versionVector.at(-1)?.counter).toBe(VECTOR_KEPT + 19);
  const random = makeRandom(SEED);
  for (let i = 0; i < 5; i++) expect(ids(mergedAtRandom(random, all))).toEqual([idOf(last)]);
  const conflicts = Array.from({ length: SPARED_KEPT + 9 }, (_, i) =>
    recordOf(i + 1, by(100 + i, 500 + i), [], [], "d"),
  );
  const beside = recordOf(1_000, by(1, 1_000), [last], conflicts);
  expect(beside.spared.length).toBe(SPARED_KEPT);
  expect(mergeAll([beside], conflicts).length).toBe(conflicts.length + 1);
});

test("operations are remembered for so long, by their age alone", () => {
  const old = { ...recordOf(1, by(1, 1)), ageMs: 1 - OPERATION_MS };
  expect(lineage([old], [], 2 * OPERATION_MS - 1).history.length).toBe(1);
  expect(lineage([old], [], 2 * OPERATION_MS).history.length).toBe(0);
  const spans = [{ origin: "a".repeat(16), from: 1, to: 3, ageMs: 0, version: by(1, 1) }];
  expect(recent(spans, OPERATION_MS)).toBe(spans);
  expect(recent(spans, OPERATION_MS + 1)).toEqual([]);
  expect(lineage([], [], 0)).toEqual(NO_LINEAGE);
});

test("operations of one origin that follow each other are one span", () => {
  const origin = "a".repeat(16);
  const spans = [{ origin, from: 1, to: 3, ageMs: 5, version: by(1, 1) }];
  const last = { ageMs: 2, version: by(1, 2) };
  const next = { operation: { origin, number: 7 }, ...last };
  expect(chained(spans, next, 3)).toEqual([{ origin, from: 1, to: 7, ...last }]);
  expect(chained(spans, next, 5)).toBe(spans);
  const other = { ...next, operation: { origin: "b".repeat(16), number: 7 } };
  expect(chained(spans, other, 3)).toBe(spans);
});

test("what is known of an operation", () => {
  const one = recordOf(2, by(1, 1));
  const two = recordOf(1, by(1, 2), [one], [], "b");
  const asked = (number: number, set: Siblings) =>
    standingOf(set, { ...one.operation, number }, one.sha256);
  expect(asked(2, [one])).toEqual({ kind: "alive", sibling: one });
  expect(asked(2, [two])).toEqual({ kind: "replaced", by: two, version: one.version });
  expect(asked(1, [two])).toEqual({ kind: "outdated" });
  expect(asked(1, [one])).toEqual({ kind: "outdated" });
  expect(asked(3, [two])).toEqual({ kind: "new" });
  expect(asked(3, [])).toEqual({ kind: "new" });
});

test("a merge ends, whatever the writes say that were replaced", () => {
  const span = (from: number, to: number, ageMs: number) => ({
    ...{ origin: "c".repeat(16), from, to, ageMs },
    version: by(3, 1),
  });
  // Together they are one span that is too old; the later one by itself is young.
  const said: readonly (readonly FileRecord["history"][number][])[] = [
    [span(2, 5, 2 * OPERATION_MS)],
    [span(1, 3, 0)],
    // No span at all: what it is joined with does not become one that takes it in.
    [span(9, 3, 0)],
  ];
  const dead = said.map((history, i) => ({ ...recordOf(i + 1, by(1, i + 1)), history }));
  const newest = recordOf(9, by(2, 9), dead, [], "b");
  const set = merge(dead, { ...newest, history: [] });
  expect(set).toHaveLength(1);
  expect(merge(set, newest)).toHaveLength(1);
});
