import { expect, test } from "bun:test";
import { between, type History } from "../../src/checks/history.ts";
import { executedOnce } from "../../src/checks/once.ts";
import { done, end, from, history, REFUSED, read, store, UNKNOWN } from "./histories.ts";

const FAULTY = [from(0, { frozen: [6] })];
const A = store("a", 1, [0, 100]);
const B = store("b", 2, [200, 300]);

function judge(what: History): string {
  const result = executedOnce(what);
  return result.ok ? "holds" : result.why;
}

/** A write that became durable at peer 1. */
function applied(content: string, counter: number, at: number) {
  return { peer: 1, name: "x", content, version: [counter, 1, 1], at };
}

test("D7: what was not confirmed may be on a disk that was away when its name was read", () => {
  const [all, few] = [
    [1, 2, 3, 4, 5],
    [1, 2],
  ];
  const open = [store("b", 1, [0, 100], UNKNOWN), store("a", 1, [10, 90])];
  const seen = [...open, read("a", 1, [6_000, 6_010])];
  const judged = (running: readonly number[]) =>
    judge(
      history(seen, {
        situations: [from(0, { running: all }), from(5_500, { running })],
        ending: end("b"),
      }),
    );
  expect(judged(few)).toBe("holds");
  expect(judged(all)).toContain("again in the end, after the request of x");
});

test("D7: what was replaced does not have its name again in the end", () => {
  const ends = (...of: Parameters<typeof end>) => ({ situations: FAULTY, ending: end(...of) });
  expect(judge(history([A, B], ends("b")))).toBe("holds");
  expect(judge(history([A, B], ends("a")))).toContain(
    "again in the end, after the store of x by client 2",
  );
  // Seen by reads alone.
  const seen = [A, store("b", 2, [50, 300]), read("a", 4, [110, 120]), read("b", 4, [130, 140])];
  expect(judge(history(seen, ends("b")))).toBe("holds");
  expect(judge(history(seen, ends("a")))).toContain("again in the end, after the request of x");
  // One that nobody has seen to have the name has it late, but not again.
  const open = store("a", 1, [0, 100], UNKNOWN);
  expect(judge(history([open, store("b", 2, [6000, 6100])], ends("a")))).toBe("holds");
  // The same content stored twice has its name twice.
  expect(judge(history([A, B, store("a", 3, [400, 500])], ends("a")))).toBe("holds");
  // Two that know nothing of each other.
  const situations = [from(0, { severed: between([1, 2, 3], [4, 5, 6]) }), from(1000)];
  const other = store("b", 4, [200, 300], done([4, 5, 6]));
  expect(judge(history([A, other], { situations, ending: end("a", "b") }))).toBe("holds");
});

test("D7: an operation does not stand twice in the end", () => {
  expect(judge(history([A], { ending: end("a", "a") }))).toContain("2 times");
  expect(judge(history([A, B], { situations: FAULTY, ending: end("b", "a", "a") }))).toContain(
    "2 times",
  );
  const twice = [A, store("a", 3, [0, 100])];
  expect(judge(history(twice, { ending: end("a", "a") }))).toBe("holds");
});

test("D7: what was replaced in order does not come back as a conflict", () => {
  const ends = { situations: FAULTY, ending: end("b", "a") };
  expect(judge(history([A, B], ends))).toContain("is a conflict of x in the end, though");
  // One that overlaps may be the reason.
  expect(judge(history([A, store("c", 3, [50, 250]), B], ends))).toBe("holds");
  expect(judge(history([A, store("c", 3, [0, 50], UNKNOWN), B], ends))).toBe("holds");
});

test("D7: by the disks, nothing is executed after its time, nor once more above what replaced it", () => {
  const by = (...all: ReturnType<typeof applied>[]) =>
    judge(history([A, B], { situations: FAULTY, applied: all }));
  expect(by(applied("a", 1, 50), applied("b", 2, 250), applied("a", 1, 9000))).toBe("holds");
  expect(by(applied("a", 1, 50), applied("b", 2, 250), applied("a", 3, 4000))).toContain(
    "a second time",
  );
  expect(by(applied("a", 1, 50), applied("a", 3, 5200))).toContain(
    "5.100 s after its end, as version 3.1.1",
  );
  // Of two versions that two owners gave in time the lesser one may come to a disk late.
  expect(by(applied("a", 3, 50), applied("b", 4, 250), applied("a", 1, 5200))).toBe("holds");
  // Nor does the greater one do anything then.
  const late = { ...applied("a", 3, 5_200), versionedAt: 60 };
  expect(by(applied("a", 1, 50), late)).toBe("holds");
  const open = history([store("a", 1, [0, 100], UNKNOWN)], { situations: FAULTY, applied: [late] });
  expect(judge(open)).toContain("5.100 s after its end");
  // Two versions are one write where nothing that came later is between them.
  expect(by(applied("a", 1, 50), applied("a", 3, 60), applied("b", 4, 250))).toBe("holds");
  const both = [A, store("b", 2, [50, 300])];
  const between = [applied("a", 1, 50), applied("b", 2, 60), applied("a", 3, 70)];
  expect(judge(history(both, { situations: FAULTY, applied: between }))).toBe("holds");
  // Two owners executed it at a time, before what came later began.
  const early = [applied("a", 1, 50), applied("a", 3, 60), applied("b", 2, 250)];
  expect(by(...early)).toBe("holds");
  // What had been replaced on one disk may come to another late.
  const departed = (at: number) => ({ ...applied("a", 1, at), overtaken: true });
  expect(by(applied("b", 2, 250), departed(260), applied("a", 1, 9000))).toBe("holds");
  expect(by(applied("b", 2, 250), departed(9000))).toBe("holds");
  // Where that was late as well, it was executed late.
  expect(by(applied("b", 2, 250), departed(9000), applied("a", 1, 9500))).toContain(
    "after its end",
  );
  const refused = [store("a", 1, [0, 100], REFUSED)];
  for (const each of [applied("a", 1, 50), departed(50)]) {
    expect(judge(history(refused, { applied: [each] }))).toContain("was refused, and executed");
  }
});
