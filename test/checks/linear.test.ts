import { expect, test } from "bun:test";
import { type Step, unexplained } from "../../src/checks/linear.ts";
import { makeRandom, randomBelow } from "../../src/protocol/model/random.ts";

type Times = readonly [start: number, end: number];

const write = (value: string | null, [start, end]: Times, sure = true): Step => ({
  kind: "write",
  value,
  start,
  end,
  sure,
});
const read = (value: string | null, [start, end]: Times): Step => ({
  kind: "read",
  value,
  start,
  end,
  sure: true,
});

/** Nothing was there at the beginning. */
const EMPTY = (value: string | null) => value === null;

test("classic histories: some have an order, and some have none", () => {
  const right = [
    [],
    [read(null, [0, 1])],
    // What is under way may be read or not.
    [write("a", [0, 10]), read(null, [1, 2]), read("a", [3, 4])],
    [write("a", [0, 10]), write("b", [1, 11]), read("a", [12, 13])],
    // A read may have taken place before a later one that began earlier.
    [write("a", [0, 1]), write("b", [2, 20]), read("b", [3, 4]), read("b", [5, 6])],
    [write("a", [0, 1]), write("b", [2, 20]), read("b", [3, 9]), read("a", [4, 10])],
    // One that nobody has confirmed took place, or did not.
    [write("a", [0, 1], false), read(null, [2, 3])],
    [
      write("a", [0, 9], false),
      read(null, [2, 3]),
      read("a", [4, 5]),
      write("b", [6, 7]),
      read("b", [8, 9]),
    ],
    // What fits what is there now may have to wait for one that is nearly too late.
    [write("a", [0, 5], false), write(null, [3, 12]), read("a", [4, 7]), read(null, [6, 10])],
  ];
  const wrong = [
    [read("a", [0, 1])],
    [write("a", [0, 1]), read(null, [2, 3])],
    [write("a", [0, 10]), read("a", [1, 2]), read(null, [3, 4])],
    [write("a", [0, 10]), write("b", [1, 11]), read("a", [12, 13]), read("b", [14, 15])],
    [write("a", [0, 1]), write("b", [2, 20]), read("b", [3, 4]), read("a", [5, 6])],
    // Three readers that each saw two of three in an order that makes a circle.
    [write("a", [0, 99]), write("b", [0, 99]), write("c", [0, 99])].concat([
      read("a", [1, 2]),
      read("b", [3, 4]),
      read("c", [5, 6]),
      read("a", [7, 8]),
    ]),
    // Not twice, and not too late.
    [
      write("a", [0, 9], false),
      read("a", [1, 2]),
      write("b", [3, 4]),
      read("b", [5, 6]),
      read("a", [7, 8]),
    ],
    [write("a", [0, 5], false), read(null, [6, 7]), read("a", [8, 9])],
  ];
  for (const steps of right) expect(unexplained(steps, EMPTY)).toBe(null);
  for (const steps of wrong) expect(unexplained(steps, EMPTY)).not.toBe(null);
});

test("what was there at the beginning may be unknown, but is one thing", () => {
  const old = (value: string | null) => value === "old" || value === "older";
  expect(unexplained([read("old", [0, 1]), read("old", [2, 3])], old)).toBe(null);
  expect(unexplained([read("old", [0, 1]), read("older", [2, 3])], old)).toEqual(
    read("older", [2, 3]),
  );
  expect(unexplained([write("a", [0, 1]), read("old", [2, 3])], old)).not.toBe(null);
});

test("the search finds what a probe of all orders finds", () => {
  const tally = { right: 0, wrong: 0 };
  for (let seed = 1; seed <= 3000; seed++) {
    const steps = drawSteps(seed);
    const found = unexplained(steps, EMPTY) === null;
    const tried = someOrder(steps, null);
    expect({ seed, found }).toEqual({ seed, found: tried });
    tally[found ? "right" : "wrong"] += 1;
  }
  expect(Math.min(tally.right, tally.wrong)).toBeGreaterThan(300);
});

/** Up to six steps, of few values, each stored once. */
function drawSteps(seed: number): Step[] {
  const random = makeRandom(seed);
  const values = ["a", "b", "c"].slice(0, 1 + randomBelow(random, 3));
  const times = (): Times => {
    const start = randomBelow(random, 12);
    return [start, start + randomBelow(random, 8) + 0.5];
  };
  const writes = values.map((value) => write(value, times(), randomBelow(random, 3) > 0));
  const reads = Array.from({ length: 1 + randomBelow(random, 3) }, () =>
    read([null, ...values][randomBelow(random, values.length + 1)] ?? null, times()),
  );
  return [...writes, ...reads];
}

/** Tries each step that no other must come before, to the end of all. */
function someOrder(left: readonly Step[], value: string | null): boolean {
  if (left.every((step) => !step.sure)) return true;
  return left.some((step) => {
    if (left.some((other) => other.sure && other.end < step.start)) return false;
    // One that may not have taken place, and is over, can be left out.
    const rest = left.filter((other) => other !== step && (other.sure || other.end >= step.start));
    if (step.kind === "read") return step.value === value && someOrder(rest, value);
    return someOrder(rest, step.value);
  });
}
