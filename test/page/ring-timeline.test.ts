/** A ring's log to go to and fro in: what is shown of a moment depends on the log alone. */
import { describe, expect, test } from "bun:test";
import { frameOf, MOST_ACCOUNTS, type Showing } from "../../src/page/frame.ts";
import type { RingLine } from "../../src/page/ring-lines.ts";
import { Timeline } from "../../src/page/ring-timeline.ts";
import { makeRandom, randomBelow } from "../../src/protocol/model/random.ts";
import { madeLog, RECORDED, shuffled } from "./ring-logs.ts";

const SHOWING: Showing = {
  size: { columns: 120, rows: 40 },
  prompt: null,
  ...{ stopped: false, slow: 1, isPresent: false, behindMs: 0 },
};
const SEED = randomBelow(makeRandom(Date.now()), 1e9);

function frameAt(timeline: Timeline, at: number): string {
  return JSON.stringify(frameOf(timeline.momentAt(at, MOST_ACCOUNTS), SHOWING));
}

describe(`seed ${SEED}`, () => {
  test.each([
    ["recorded", RECORDED],
    ["made", madeLog(SEED, 12, 300)],
  ] as const)("the frames of a %s ring are the same live and from its log", (_, lines) => {
    const replayed = new Timeline();
    for (const line of lines) replayed.add(line);
    const random = makeRandom(SEED);
    const live = new Timeline();
    const arrived: RingLine[] = [];
    for (const line of shuffled(lines, SEED)) {
      live.add(line);
      arrived.push(line);
      // Somebody looks on meanwhile, now here and now there.
      if (randomBelow(random, 6) > 0) continue;
      const at = arrived[randomBelow(random, arrived.length)]?.at ?? 0;
      const fresh = new Timeline();
      for (const each of arrived.toSorted((a, b) => a.at - b.at)) fresh.add(each);
      if (!hasTies(arrived)) expect(frameAt(live, at)).toBe(frameAt(fresh, at));
      live.after(at);
    }
    const times = lines.map(({ at }) => at).filter((at, index, all) => all.indexOf(at) === index);
    for (const at of times.filter((_, index) => index % 7 === 0)) {
      const late = new Timeline();
      for (const line of lines) late.add(line);
      expect(frameAt(replayed, at)).toBe(frameAt(late, at));
      if (!hasTies(lines)) expect(frameAt(live, at)).toBe(frameAt(replayed, at));
    }
  });
});

/** Of lines of one time the one that came first is first: their order is part of the log. */
function hasTies(lines: readonly RingLine[]): boolean {
  return new Set(lines.map(({ at }) => at)).size < lines.length;
}

test("steps lead from one event to the next, and back the same way", () => {
  const timeline = new Timeline();
  for (const line of RECORDED) timeline.add(line);
  const forward: number[] = [];
  for (let at = timeline.after(0); at !== null; at = timeline.after(at)) forward.push(at);
  const back: number[] = [];
  for (let at = timeline.before(Number.MAX_VALUE); at !== null; at = timeline.before(at))
    back.push(at);
  expect(forward.length).toBeGreaterThan(60);
  expect(back.reverse()).toEqual(forward);
});

test("of a ring that runs for long the first lines are let go, and how it stands is not", () => {
  const lines = madeLog(7, 16, 1_000);
  const [short, long] = [new Timeline(400), new Timeline()];
  for (const line of lines) {
    short.add(line);
    long.add(line);
  }
  const end = long.endAt;
  expect(short.momentAt(end, 5)).toEqual(long.momentAt(end, 5));
  expect(short.beganAt).toBeGreaterThan(long.beganAt);
});
