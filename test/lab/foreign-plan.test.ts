import { expect, test } from "bun:test";
import { drawForeignFaults, type ForeignFaults } from "../../src/lab/foreign-plan.ts";

const IDS = [2, 4, 5, 8, 9, 14, 19, 30];
const PLAN: ForeignFaults = {
  ...{ seed: 7, ids: IDS, kinds: ["kill"], count: 20, forMs: null, everyMs: 2_000 },
  ...{ together: false, only: null, protect: [] },
};

function isNext(a: number, b: number): boolean {
  const steps = Math.abs(IDS.indexOf(a) - IDS.indexOf(b));
  return steps === 1 || steps === IDS.length - 1;
}

test("faults come in pairs of neighbours, the same from the same seed", () => {
  const faults = drawForeignFaults(PLAN);
  expect(drawForeignFaults({ ...PLAN, ids: [...IDS].reverse() })).toEqual(faults);
  expect(drawForeignFaults({ ...PLAN, seed: 8 })).not.toEqual(faults);
  expect(faults.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  const victims = faults.flatMap(({ peers }) => peers);
  expect(victims).toHaveLength(20);
  for (let at = 0; at < 20; at += 2) {
    expect(isNext(victims[at] ?? 0, victims[at + 1] ?? 0)).toBe(true);
  }
});

test("together each strikes both", () => {
  const faults = drawForeignFaults({ ...PLAN, together: true, kinds: ["kill", "freeze"] });
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["kill", "freeze"]));
  for (const { peers } of faults) expect(isNext(peers[0] ?? 0, peers[1] ?? 0)).toBe(true);
});

test("who is protected, or not named, is never struck", () => {
  const victims = (more: Partial<ForeignFaults>) =>
    drawForeignFaults({ ...PLAN, ...more }).flatMap(({ peers }) => peers);
  expect(victims({ protect: [4, 9] }).filter((id) => [4, 9].includes(id))).toEqual([]);
  expect(new Set(victims({ only: [14] }))).toEqual(new Set([14]));
  expect(victims({ only: [14], protect: [14] })).toEqual([]);
});

test("without a number there are as many as there is time for", () => {
  expect(drawForeignFaults({ ...PLAN, count: null, forMs: 9_000 })).toHaveLength(5);
});
