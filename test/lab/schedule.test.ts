import { expect, test } from "bun:test";
import { contentOf, drawFiles, sha256 } from "../../src/lab/corpus.ts";
import { drawSchedule, watchersOf } from "../../src/lab/schedule.ts";

const IDS = [2, 4, 5, 8, 9, 14, 19, 30];
const PLAN = { seed: 7, ids: IDS, kills: 20, forMs: null, everyMs: 2000 };

test("the same seed and ids give the same schedule, in whatever order the ids come", () => {
  const schedule = drawSchedule(PLAN);
  expect(schedule).toHaveLength(20);
  expect(drawSchedule({ ...PLAN, ids: IDS.toReversed() })).toEqual(schedule);
  expect(drawSchedule({ ...PLAN, seed: 8 })).not.toEqual(schedule);
  expect(new Set(schedule.map((kill) => kill.victim)).size).toBeGreaterThan(4);
});

test("kills keep their distance, and victims are of the ring", () => {
  const schedule = drawSchedule({ ...PLAN, kills: 500 });
  schedule.forEach((kill, index) => {
    const before = schedule[index - 1]?.atMs ?? -2000;
    expect(kill.atMs - before).toBeGreaterThanOrEqual(2000);
    expect(kill.atMs - before).toBeLessThanOrEqual(4500);
    expect(IDS).toContain(kill.victim);
  });
});

test("a time instead of a number of kills, and its bound", () => {
  const schedule = drawSchedule({ ...PLAN, kills: null, forMs: 60_000 });
  expect(schedule.length).toBeGreaterThan(20);
  expect(schedule.at(-1)?.atMs).toBeLessThanOrEqual(60_000);
  expect(drawSchedule({ ...PLAN, kills: null, forMs: 1e9, everyMs: 1 })).toHaveLength(100_000);
  expect(drawSchedule({ ...PLAN, ids: [] })).toEqual([]);
});

test.each([
  [9, [8, 5]],
  [2, [30, 19]],
  [4, [2, 30]],
  [30, [19, 14]],
])("the watchers of %d are its two predecessors", (victim, watchers) => {
  expect(watchersOf(victim, IDS)).toEqual(watchers);
});

test("in small rings there are fewer watchers", () => {
  expect(watchersOf(4, [2, 4])).toEqual([2]);
  expect(watchersOf(4, [4])).toEqual([]);
});

test("20 files of 1 B to 1 MB, with four-digit names that are not taken, the same each time", () => {
  const files = drawFiles(7, new Set());
  expect(files).toHaveLength(20);
  expect(drawFiles(7, new Set())).toEqual(files);
  expect(files[0]?.size).toBe(1);
  expect(files.at(-1)?.size).toBe(1_000_000);
  const names = new Set(files.map((file) => file.name));
  expect(names.size).toBe(20);
  for (const name of names) expect(name).toMatch(/^\d{4}$/);
  for (const file of drawFiles(7, names)) expect(names).not.toContain(file.name);
});

test("contents have their size, and differ", () => {
  const files = drawFiles(7, new Set());
  for (const file of files) expect(contentOf(file)).toHaveLength(file.size);
  expect(new Set(files.map((file) => sha256(contentOf(file)))).size).toBe(20);
});
