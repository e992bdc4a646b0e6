import { expect, test } from "bun:test";
import type { History, Operation, Value } from "../../src/checks/history.ts";
import { executedOnce } from "../../src/checks/once.ts";
import { historyHolds } from "../../src/checks/order.ts";
import { makeRandom, type Random, randomBelow } from "../../src/protocol/model/random.ts";
import { type DrawnHistory, drawHistory, drawSituations } from "./drawn-histories.ts";
import { from } from "./histories.ts";

/** Nothing is whole, and everything is bound. */
const FAULTY = [from(0, { frozen: [6], running: [1, 2, 3, 4, 5, 6] })];
const SEEDS = 60;

const CALM = () => [];
const BOUND = () => [from(0, { running: [1, 2, 3, 4, 5, 6, 7], frozen: [7] })];
const FAULTS = (seed: number) => drawSituations(seed);

function judge(history: History): string | null {
  for (const check of [historyHolds, executedOnce]) {
    const result = check(history);
    if (!result.ok) return result.why;
  }
  return null;
}

test("right histories pass, whatever the faults", () => {
  for (let seed = 1; seed <= SEEDS / 2; seed++) {
    for (const situations of [CALM(), BOUND(), FAULTY, FAULTS(seed)]) {
      expect({ seed, why: judge(drawHistory(seed, 150, situations)) }).toEqual({ seed, why: null });
    }
  }
});

test("a history four times as long is judged in no more than a hundred times the time", () => {
  const histories = Array.from({ length: 5 }, (_, seed) =>
    drawHistory(seed, 400, drawSituations(seed)),
  );
  const long = drawHistory(1, 1500, drawSituations(1, 20_000));
  // Of the processor: whatever else the machine does takes none of it.
  const micros = (judged: readonly (typeof long)[]): number => {
    const { user } = process.cpuUsage();
    for (const history of judged) judge(history);
    return process.cpuUsage().user - user;
  };
  micros(histories);
  const short = micros(histories) / histories.length;
  expect(micros([long])).toBeLessThan(100 * short);
});

/** A way to spoil a history, and how many in a hundred of those spoilt are to be caught at least. */
type Spoil = {
  readonly what: string;
  readonly least: { readonly calm: number; readonly bound: number };
  readonly spoil: (history: DrawnHistory, random: Random) => History | null;
};

const SPOILS: readonly Spoil[] = [
  {
    what: "a read gets what was there 300 ms before it began",
    least: { calm: 75, bound: 65 },
    spoil: (history, random) => {
      const read = pick(random, history.operations.filter(isRead));
      const value = read && valueAt(history, read.name, read.start - 300);
      return read === undefined ? null : changed(history, read, value ?? null);
    },
  },
  {
    what: "a read gets what will be stored later",
    least: { calm: 100, bound: 100 },
    spoil: (history, random) => {
      const read = pick(random, history.operations.filter(isRead));
      const later = history.operations.find(
        (o) => o.kind === "store" && o.name === read?.name && o.start > (read.end ?? 0),
      );
      return read && later ? changed(history, read, later.content) : null;
    },
  },
  {
    what: "a name is at the end what it was 200 ms before a store",
    least: { calm: 80, bound: 80 },
    spoil: (history, random) => {
      const ending = pick(random, history.endings);
      if (ending === undefined) return null;
      const last = history.operations.findLast(
        (o) => o.name === ending.name && o.kind === "store" && o.outcome.kind === "done",
      );
      const value = valueAt(history, ending.name, (last?.start ?? 0) - 200);
      if (value === ending.value) return null;
      const endings = history.endings.map((e) => (e === ending ? { ...e, value } : e));
      return { ...history, endings };
    },
  },
  {
    what: "a store that was read is said to have been refused",
    least: { calm: 100, bound: 100 },
    spoil: (history, random) => {
      const seen = new Set(history.operations.filter(isRead).map((o) => gotBy(o)));
      const stores = history.operations.filter((o) => o.kind === "store" && seen.has(o.content));
      const store = pick(random, stores);
      return store === undefined
        ? null
        : replaced(history, store, { outcome: { kind: "refused" } });
    },
  },
  {
    what: "a store is executed once more, 200 ms after it was replaced, and then read for 300 ms",
    least: { calm: 95, bound: 95 },
    spoil: (history, random) => {
      const name = pick(random, [...history.course.keys()]) ?? "";
      const course = history.course.get(name) ?? [];
      const place = 1 + randomBelow(random, Math.max(1, course.length - 2));
      const [value, next] = [course[place]?.value, course[place + 1]];
      if (typeof value !== "string" || next === undefined) return null;
      const begin = next.at + 200;
      const operations = history.operations.map((o) => {
        const meant =
          isRead(o) && o.name === name && o.start >= begin && (o.end ?? 0) < begin + 300;
        return meant ? { ...o, outcome: { kind: "done" as const, value } } : o;
      });
      const read = operations.filter((o, i) => o !== history.operations[i]);
      return read.length >= 2 ? { ...history, operations } : null;
    },
  },
];

for (const { what, least, spoil } of SPOILS) {
  test(`spoilt histories are caught: ${what}`, () => {
    for (const [kind, situations] of [
      ["calm", CALM],
      ["bound", BOUND],
    ] as const) {
      let [spoilt, caught] = [0, 0];
      for (let seed = 1; seed <= 2 * SEEDS; seed++) {
        const history = drawHistory(seed, 200, situations());
        const wrong = spoil(history, makeRandom(seed));
        if (wrong === null) continue;
        spoilt += 1;
        if (judge(wrong) !== null) caught += 1;
      }
      expect(spoilt).toBeGreaterThan(SEEDS / 2);
      expect({
        kind,
        rate: Math.floor((100 * caught) / spoilt) >= least[kind],
        caught,
        spoilt,
      }).toMatchObject({
        kind,
        rate: true,
      });
    }
  });
}

function isRead(operation: Operation): boolean {
  return operation.kind === "request";
}

function gotBy({ outcome }: Operation): Value | undefined {
  return outcome.kind === "done" ? outcome.value : undefined;
}

function valueAt(history: DrawnHistory, name: string, time: number): Value {
  return history.course.get(name)?.findLast(({ at }) => at <= time)?.value ?? null;
}

function pick<T>(random: Random, all: readonly T[]): T | undefined {
  return all[randomBelow(random, Math.max(1, all.length))];
}

/** Null where the read had got that anyway. */
function changed(history: History, read: Operation, value: Value): History | null {
  if (gotBy(read) === value) return null;
  return replaced(history, read, { outcome: { kind: "done", value } });
}

function replaced(history: History, old: Operation, change: Partial<Operation>): History {
  return {
    ...history,
    operations: history.operations.map((o) => (o === old ? { ...o, ...change } : o)),
  };
}
