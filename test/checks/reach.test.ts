/** Who could talk to whom, and when. */
import { expect, test } from "bun:test";
import { between, HEAL_MS } from "../../src/checks/history.ts";
import { Reach } from "../../src/checks/reach.ts";
import { from } from "./histories.ts";

const HEALED = 150;
const CUT = from(0, { severed: between([1, 2, 3], [4, 5, 6]) });
const NEW_MEMBER = 7;

test("after two were away together a whole period begins later, after one at once", () => {
  const situation = (from: number, running: readonly number[], frozen: readonly number[] = []) => ({
    ...{ from, running, frozen },
    severed: [],
  });
  const begins = (...situations: Parameters<typeof situation>[]) =>
    new Reach(situations.map((s) => situation(...s))).wholePeriods().at(-1)?.from;
  const all = [1, 2, 3, 4];
  expect(begins([0, all], [1_000, [1, 2, 3]], [2_000, all])).toBe(2_000);
  expect(begins([0, all], [1_000, [1, 2]], [2_000, all])).toBe(2_000 + HEAL_MS);
  expect(begins([0, all], [1_000, all, [3, 4]], [2_000, all])).toBe(2_000 + HEAL_MS);
  // One of them is back: those that ran on are a side already.
  expect(begins([0, all], [1_000, [1, 2]], [2_000, [1, 2, 3]], [9_000, all])).toBe(9_000);
  // Two that go together leave a ring that has to find out what they had; one after the other do not.
  const few: [number, number[]] = [2_000, [1, 2]];
  const periods = (...situations: Parameters<typeof situation>[]) =>
    new Reach(situations.map((s) => situation(...s))).wholePeriods().map(({ from }) => from);
  expect(periods([0, all], [1_990, [1, 2, 3]], few, [9_000, all])).toContain(2_000 + HEAL_MS);
  expect(periods([0, all], few, [9_000, all])).toContain(2_000 + HEAL_MS);
  expect(periods([-9_000, all], [-5_000, [1, 2, 3]], few, [9_000, all])).toContain(2_000);
  // One that has left does not come back.
  expect(begins([0, all], [500, [1, 2, 3]], [1_000, [1, 2]], [2_000, [1, 2, 3]])).toBe(2_000);
});

test("sides are apart until a heal has had its time, also where somebody comes meanwhile", () => {
  const running = [1, 2, 3, 4, 5, 6, NEW_MEMBER];
  for (const after of [from(HEALED), from(HEALED, { running })]) {
    const reach = new Reach([CUT, after]);
    const apart = (time: number) => {
      const span = reach.spanAt(time);
      return reach.groupOf(span, 1) !== reach.groupOf(span, 4);
    };
    expect([100, HEALED + 1, HEALED + HEAL_MS - 1].map(apart)).toEqual([true, true, true]);
    expect(apart(HEALED + HEAL_MS + 1)).toBe(false);
  }
});

test("two that are back together meet those who ran on as after a cut; one that is back alone asks them", () => {
  const ALL = [1, 2, 3, 4];
  const apart = (...situations: (readonly [number, readonly number[]])[]) => {
    const reach = new Reach(
      situations.map(([from, running]) => ({ from, running, frozen: [], severed: [] })),
    );
    return (time: number) => {
      const span = reach.spanAt(time);
      return reach.groupOf(span, 1) !== reach.groupOf(span, 4);
    };
  };
  const together = apart([0, ALL], [1_000, [1, 2]], [2_000, ALL]);
  expect([2_001, 1_999 + HEAL_MS, 2_001 + HEAL_MS].map(together)).toEqual([true, true, false]);
  const alone = apart([0, ALL], [1_000, [1, 2]], [2_000, [1, 2, 4]], [9_000, ALL]);
  expect([2_001, 9_001].map(alone)).toEqual([false, false]);
  const soon = apart([0, ALL], [1_000, [1, 2]], [2_000, [1, 2, 4]], [3_000, ALL]);
  expect([2_001, 3_001, 2_999 + HEAL_MS, 3_001 + HEAL_MS].map(soon)).toEqual([
    false,
    true,
    true,
    false,
  ]);
  // Who was never there before is a joiner, and asks.
  const joiners = apart([0, [1, 2]], [2_000, ALL]);
  expect(joiners(2_001)).toBe(false);
});

test("sides that were healed are merging until the heal has had its time, and none that was whole", () => {
  const third = between([1, 2, 3, 4, 5, 6], [8]);
  const cut = { ...CUT, running: [1, 2, 3, 4, 5, 6, 8], severed: [...CUT.severed, ...third] };
  const reach = new Reach([cut, { ...cut, from: HEALED, severed: third }]);
  const merging = (time: number) => [1, 4, 8].map((id) => reach.isMerging(reach.spanAt(time), id));
  expect(merging(100)).toEqual([false, false, false]);
  expect(merging(HEALED + 1)).toEqual([true, true, false]);
  expect(merging(HEALED + HEAL_MS + 1)).toEqual([false, false, false]);
  // A pair that others have connected all the time is nothing that merges.
  const pair = new Reach([from(0, { severed: between([1], [2]) }), from(HEALED)]);
  expect(pair.isMerging(pair.spanAt(HEALED + 1), 1)).toBe(false);
});

test("those that are back meet whoever began meanwhile as after a heal, unless others know both", () => {
  const BACK = 2_000;
  const apart = (meanwhile: readonly number[]) => {
    const before = from(1_000, { running: [...meanwhile, NEW_MEMBER] });
    const back = from(BACK, { running: [1, 2, 3, NEW_MEMBER] });
    const reach = new Reach([from(0, { running: [1, 2, 3] }), before, back]);
    return [BACK + 1, BACK + HEAL_MS + 1].map((time) => {
      const span = reach.spanAt(time);
      return reach.groupOf(span, 1) !== reach.groupOf(span, NEW_MEMBER);
    });
  };
  expect(apart([])).toEqual([true, false]);
  expect(apart([2, 3])).toEqual([false, false]);
});

test("sides that meet by one which is back have the time of a heal", () => {
  // 1 sends 2 nothing; who could pass it on is down, or frozen.
  const severed: [number, number][] = [[1, 2]];
  const apart = { severed, running: [1, 2] };
  const asleep = { severed, running: [1, 2, 3], frozen: [3] };
  for (const before of [apart, asleep]) {
    const reach = new Reach([from(0, before), from(1_000, { severed, running: [1, 2, 3] })]);
    const together = (time: number) => {
      const [one, other, back] = [1, 2, 3].map((id) => reach.groupOf(reach.spanAt(time), id));
      return one === other && other === back;
    };
    expect([500, 1_001, 999 + HEAL_MS, 1_001 + HEAL_MS].map(together)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(reach.isMerging(reach.spanAt(1_001), 1)).toBe(true);
  }
  // Where they were together already, nothing merges.
  const whole = new Reach([from(0, { running: [1, 2] }), from(1_000, { running: [1, 2, 3] })]);
  expect(whole.groupOf(whole.spanAt(1_001), 3)).toBe(whole.groupOf(whole.spanAt(1_001), 1));
});

test("one that is frozen or down at a heal has its time when it is back", () => {
  const THAWED = HEALED + 3 * HEAL_MS;
  const running = [1, 2, 3];
  const alone = { running: [...running, 4], severed: between(running, [4]) };
  const healed = { ...alone, severed: [] };
  for (const away of [{ ...healed, frozen: [4] }, { running }]) {
    const reach = new Reach([from(0, alone), from(HEALED, away), from(THAWED, healed)]);
    const together = (time: number) => {
      const span = reach.spanAt(time);
      return reach.groupOf(span, 1) === reach.groupOf(span, 4);
    };
    expect([THAWED + 1, THAWED + HEAL_MS - 1, THAWED + HEAL_MS + 1].map(together)).toEqual([
      false,
      false,
      true,
    ]);
  }
});

test("word passes by way of either of two processes with one id", () => {
  const severed = between([1, 2, 3], [4, 5, 6]);
  const word = (doubled: readonly number[]) =>
    new Reach([from(0, { severed, doubled })]).wordFrom([1], 0, 100);
  expect(word([]).has(4)).toBe(false);
  expect(word([3]).has(4)).toBe(true);
});

test("word may pass while a cut is being made or mended, though nobody counts on it", () => {
  const severed = between([1, 2, 3], [4, 5, 6]);
  const making = new Reach([from(0, { severed, passing: [[1, 4]] })]);
  expect(making.wordFrom([1], 0, 100).has(4)).toBe(true);
  expect(making.wordFrom([4], 0, 100).has(1)).toBe(false);
  expect(making.groupOf(0, 1)).not.toBe(making.groupOf(0, 4));
});
