import { expect, test } from "bun:test";
import { between, type History } from "../../src/checks/history.ts";
import { historyHolds } from "../../src/checks/order.ts";
import { done, end, from, history, REFUSED, read, remove, store, UNKNOWN } from "./histories.ts";

/** Somebody is frozen all the time, so that no period is whole: only what is bound is judged. */
const FAULTY = [from(0, { frozen: [6] })];

function judge(what: History): string {
  const result = historyHolds(what);
  return result.ok ? "holds" : result.why;
}

const A = store("a", 1, [0, 100]);
const B = store("b", 2, [200, 300]);

test("(a) no read returns what an acknowledged write had replaced before it began", () => {
  const cases = { situations: FAULTY };
  expect(judge(history([A, B, read("b", 4, [400, 500])], cases))).toBe("holds");
  expect(judge(history([A, B, read("a", 4, [400, 500])], cases))).toBe(
    "the request of x by client 4 through peer 4 at 0.400 s got the store of x by client 1 through peer 1 " +
      "at 0.000 s, though the store of x by client 2 through peer 2 at 0.200 s was acknowledged by then",
  );
  // While the second is under way, either is right.
  expect(judge(history([A, B, read("a", 4, [250, 500])], cases))).toBe("holds");
  // Of two that overlap, either is right.
  expect(judge(history([store("a", 1, [0, 250]), B, read("a", 4, [400, 500])], cases))).toBe(
    "holds",
  );
  // One that is not acknowledged replaces nothing for sure.
  const open = store("b", 2, [200, 300], UNKNOWN);
  expect(judge(history([A, open, read("a", 4, [400, 500])], cases))).toBe("holds");
});

test("(a) holds of removals, and of what was there before all", () => {
  const cases = { situations: FAULTY };
  const departed = remove(2, [200, 300]);
  expect(judge(history([A, departed, read(null, 4, [400, 500])], cases))).toBe("holds");
  expect(judge(history([A, departed, read("a", 4, [400, 500])], cases))).toContain(
    "though the removal",
  );
  expect(judge(history([A, read(null, 4, [400, 500])], cases))).toContain(
    "got nothing, though the store",
  );
  // A removal that found nothing has read that, and has written nothing.
  const nothing = remove(4, [400, 500], { kind: "done", value: null });
  expect(judge(history([A, nothing], cases))).toContain("the removal of x by client 4");
  // Which of two removals it was nobody can tell, so that the later one explains it.
  const again = [A, departed, store("c", 1, [400, 500]), remove(1, [600, 700], UNKNOWN)];
  expect(judge(history([...again, read(null, 4, [6000, 6100])], cases))).toBe("holds");
  expect(judge(history([...again.slice(0, 3), read(null, 4, [600, 700])], cases))).toContain(
    "though",
  );
});

test("(b) no later read goes back behind an earlier one", () => {
  const cases = { situations: FAULTY };
  // Both stores are under way when they are read.
  const writes = [store("a", 1, [0, 5000]), store("b", 2, [0, 5000])];
  const reads = (...values: string[]) =>
    values.map((v, i) => read(v, 4 + (i % 2), [100 * i + 10, 100 * i + 90]));
  const judged = (...values: string[]) => judge(history([...writes, ...reads(...values)], cases));
  expect(judged("a", "b", "b")).toBe("holds");
  expect(judged("a", "b", "a")).toContain("which is older than what the request of x by client 5");
  // Of a store that began when the first was over, though it is not acknowledged.
  const open = [A, store("b", 2, [200, 300], UNKNOWN)];
  const forth = history([...open, read("b", 2, [310, 320]), read("b", 2, [410, 420])], cases);
  expect(judge(forth)).toBe("holds");
  const back = history([...open, read("b", 2, [310, 320]), read("a", 2, [410, 420])], cases);
  expect(judge(back)).toContain("which is older than what");
  // Two reads that overlap have no order.
  const both = history([...open, read("b", 2, [310, 420]), read("a", 2, [400, 430])], cases);
  expect(judge(both)).toBe("holds");
});

test("(c) no acknowledged write loses its name to one that ended before it began", () => {
  expect(judge(history([A, B], { situations: FAULTY, ending: end("b") }))).toBe("holds");
  const lost = history([A, B], { situations: FAULTY, ending: end("a") });
  expect(judge(lost)).toContain("in the end x is the store of x by client 1");
  // To be kept as a conflict does not make up for it.
  const kept = history([A, B], { situations: FAULTY, ending: end("a", "b") });
  expect(judge(kept)).toContain("in the end x is");
  const departed = history([A, B], { situations: FAULTY, ending: end(null) });
  expect(judge(departed)).toContain("in the end x is nothing, though");
  const removed = [A, remove(2, [200, 300])];
  expect(judge(history(removed, { situations: FAULTY, ending: end("a") }))).toContain(
    "the removal of x",
  );
  expect(judge(history(removed, { situations: FAULTY, ending: end(null) }))).toBe("holds");
  // Two that overlap: either may have the name.
  const both = [store("a", 1, [0, 250]), B];
  for (const value of ["a", "b"]) {
    expect(judge(history(both, { situations: FAULTY, ending: end(value) }))).toBe("holds");
  }
});

test("what was not acknowledged takes effect within 5 s of its end, or never", () => {
  const open = store("a", 1, [0, 100], UNKNOWN);
  const after = (start: number) => {
    const operations = [open, store("b", 2, [start, start + 50])];
    return judge(history(operations, { situations: FAULTY, ending: end("a") }));
  };
  expect(after(5000)).toBe("holds");
  expect(after(5200)).toContain("in the end x is");
  // By reads alone: until when nothing was there.
  const seen = (start: number) => {
    const reads = [read(null, 4, [start, start + 10]), read("a", 5, [start + 20, start + 30])];
    return judge(history([open, ...reads], { situations: FAULTY }));
  };
  expect(seen(5000)).toBe("holds");
  expect(seen(5200)).toContain("more than 5 s after its end");
  // One side of a cut says nothing of what is on the other.
  const apart = [from(0), from(150, { severed: between([1, 2, 3, 4], [5, 6]) })];
  const across = [open, read(null, 4, [5200, 5210]), read("a", 5, [5220, 5230])];
  expect(judge(history(across, { situations: apart }))).toBe("holds");
  // One that never ended may take effect whenever it likes.
  const never = { ...open, end: null };
  const late = [never, read(null, 4, [9000, 9010]), read("a", 5, [9020, 9030])];
  expect(judge(history(late, { situations: FAULTY }))).toBe("holds");
  const back = [...late, read(null, 5, [9040, 9050])];
  expect(judge(history(back, { situations: FAULTY }))).toContain("older");
});

test("what was refused is never executed, and nobody gets what nobody stored", () => {
  const refused = store("a", 1, [0, 100], REFUSED);
  expect(judge(history([refused, read(null, 4, [200, 300])], { ending: end(null) }))).toBe("holds");
  expect(judge(history([refused, read("a", 4, [200, 300])]))).toContain("was refused");
  expect(judge(history([refused], { ending: end("a") }))).toContain("was refused");
  expect(judge(history([refused, B], { ending: end("b", "a") }))).toContain("was refused");
  expect(judge(history([read("z", 4, [200, 300])]))).toContain("which nobody stored");
  expect(judge(history([B, read("b", 4, [0, 100])]))).toContain(
    "before the store of x by client 2",
  );
});

test("what lost its name to one that knew nothing of it is kept as a conflict", () => {
  const halves = from(0, { severed: between([1, 2, 3], [4, 5, 6]) });
  const situations = [halves, from(1000)];
  const other = store("b", 4, [200, 300], done([4, 5, 6]));
  const kept = history([A, other], { situations, ending: end("b", "a") });
  expect(judge(kept)).toBe("holds");
  const lost = history([A, other], { situations, ending: end("b") });
  expect(judge(lost)).toContain("lost the name x to one that knew nothing of it");
  // A removal leaves nothing to be kept.
  const removed = [remove(1, [0, 100]), other];
  expect(judge(history(removed, { situations, ending: end("b") }))).toBe("holds");
  expect(
    judge(history([A, remove(4, [200, 300], done([4, 5, 6]))], { situations, ending: end(null) })),
  ).toContain("lost");
  // One that came later and knew of it has replaced it.
  const newer = store("c", 2, [5000, 5100]);
  expect(judge(history([A, other, newer], { situations, ending: end("c", "b") }))).toBe("holds");
  // So has one through a side that hears of it and cannot answer.
  const unansweredByAll = from(0, {
    severed: [1, 2, 3].flatMap((a) => [4, 5, 6].map((b): [number, number] => [b, a])),
  });
  expect(
    judge(history([A, other], { situations: [unansweredByAll, from(1000)], ending: end("b") })),
  ).toBe("holds");
});

test("only what is bound is judged: cuts, and 3 s after them", () => {
  const cut = from(150, { severed: between([1, 2, 3], [4, 5, 6]) });
  const stale = (situations: History["situations"], start: number, peer = 4) => {
    const reads = [read("a", peer, [start, start + 50])];
    return judge(history([A, B, ...reads], { situations: [...situations] }));
  };
  // The side that has no copy of the second cannot know of it.
  expect(stale([from(0), cut], 400)).toBe("holds");
  expect(stale([from(0), cut], 400, 3)).toContain("though");
  // Nor at once when the cut is healed, but 3 s later it must.
  expect(stale([from(0), cut, from(1000)], 3900)).toBe("holds");
  expect(stale([from(0), cut, from(1000)], 4100)).toContain("though");
  // One who reaches both sides, both ways, joins them; one way is not enough.
  const pairs = between([1, 2, 3], [4, 5]);
  expect(stale([from(0), from(150, { severed: pairs })], 400)).toContain("though");
  const oneWay = [...pairs, ...[1, 2, 3].map((id): [number, number] => [id, 6])];
  expect(stale([from(0), from(150, { severed: oneWay })], 400)).toBe("holds");
});

test("what had moved on to others before a cut is not asked of those that it came from", () => {
  const cut = from(500, { severed: between([1, 2, 3, 4], [5, 6]) });
  const moved = (replicas: readonly number[]) => {
    const later = store("c", 5, [400, 450], done(replicas));
    const stale = read("a", 4, [800, 850]);
    const backward = [A, B, read("b", 4, [350, 360]), later, stale];
    const situations = [from(0), cut];
    return [
      judge(history([A, B, later, stale], { situations })),
      judge(history(backward, { situations })),
    ];
  };
  expect(moved([5, 6])).toEqual(["holds", "holds"]);
  // With one copy on this side it may be known here.
  for (const told of moved([4, 5, 6])) expect(told).not.toBe("holds");
  // One that ran beside it may have come before it.
  const beside = store("c", 5, [250, 450], done([5, 6]));
  const told = judge(
    history([A, B, beside, read("a", 4, [800, 850])], { situations: [from(0), cut] }),
  );
  expect(told).toContain("though");
});

test("only what is bound is judged: freezes while they last, kills, and majorities of copies", () => {
  const stale = (...situations: ReturnType<typeof from>[]) =>
    judge(history([A, B, read("a", 4, [5000, 5050])], { situations: [from(0), ...situations] }));
  // A freeze of who reads does not matter when it is over.
  expect(stale(from(400, { frozen: [4] }), from(4900))).toContain("though");
  expect(stale(from(400, { frozen: [4] }), from(5010))).toBe("holds");
  // Of the copies a majority must be there all the time.
  expect(stale(from(400, { frozen: [1] }))).toContain("though");
  expect(stale(from(400, { frozen: [1, 2] }))).toBe("holds");
  expect(stale(from(400, { frozen: [1, 2] }), from(4900))).toBe("holds");
  expect(stale(from(400, { running: [2, 3, 4, 5, 6] }))).toContain("though");
  expect(stale(from(400, { running: [3, 4, 5, 6] }))).toBe("holds");
  // Through whom it was stored does not matter when it has its copies.
  const far = store("b", 5, [200, 300]);
  const situations = [from(0), from(400, { running: [1, 2, 3, 4], frozen: [] })];
  expect(judge(history([A, far, read("a", 4, [5000, 5050])], { situations }))).toContain("though");
  // But it does while nobody knows where the copies are.
  const open = store("a", 5, [0, 100], UNKNOWN);
  const late = [open, store("b", 2, [6000, 6100])];
  expect(judge(history(late, { situations, ending: end("a", "b") }))).toBe("holds");
  expect(judge(history(late, { situations: FAULTY, ending: end("a", "b") }))).toContain(
    "in the end",
  );
});

test("what was destroyed on purpose is not judged", () => {
  const lost = { ...B, excused: true };
  expect(
    judge(history([A, lost, read("a", 4, [400, 500])], { situations: FAULTY, ending: end("a") })),
  ).toBe("holds");
  // What it had replaced is destroyed with it.
  for (const situations of [FAULTY, [from(0)]]) {
    const departed = [A, lost, read(null, 4, [400, 500])];
    expect(judge(history(departed, { situations, ending: end(null) }))).toBe("holds");
  }
});

test("in whole periods the operations on a name are linearizable", () => {
  // Each pair of reads is right by itself, but both together know of no order.
  const writes = [store("a", 1, [0, 1000]), store("b", 2, [0, 1000])];
  const crossed = [...writes, read("a", 4, [1100, 1200]), read("b", 5, [1100, 1200])];
  expect(judge(history(crossed))).toContain("no order of the operations on x explains");
  expect(judge(history(crossed, { situations: FAULTY }))).toBe("holds");
  expect(judge(history([...writes, read("a", 4, [500, 1200]), read("b", 5, [1100, 1200])]))).toBe(
    "holds",
  );
  // What is there in the end is the last read of all.
  const ends = (value: string) =>
    judge(history([...writes, read("a", 4, [1100, 1200])], { ending: end(value) }));
  expect(ends("a")).toBe("holds");
  expect(ends("b")).toContain("up to the end with content b");
  // A period after a fault begins with whatever was there, but with one thing only.
  const situations = [from(0, { running: [1, 2, 3, 4, 5] }), from(1050)];
  expect(judge(history(crossed, { situations }))).toContain("no order");
  expect(judge(history([...writes, read("a", 4, [1100, 1200])], { situations }))).toBe("holds");
});
