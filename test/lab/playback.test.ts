/** Which moment is shown: slowed down, stopped, stepped through, and back in the present. */
import { expect, test } from "bun:test";
import { Playback } from "../../src/lab/playback.ts";
import { Timeline } from "../../src/page/ring-timeline.ts";
import { eventLine } from "../page/ring-logs.ts";

/** A ring in which something happens at these times, in milliseconds. */
function timelineOf(...times: readonly number[]): Timeline {
  const timeline = new Timeline();
  timeline.add({ type: "ring", v: 1, at: 1, ids: [2], copies: 3, intervalMs: 1000 });
  for (const at of times) timeline.add(eventLine(at, 2, { event: "joined", id: 2 }));
  return timeline;
}

test("the present is shown as it is, however long the start takes; only what comes then is slow", () => {
  for (const slow of [1, 100]) {
    const timeline = timelineOf(100);
    const playback = new Playback(timeline, slow, true);
    playback.pass(50, 200);
    playback.stands(300);
    playback.pass(50, 500);
    expect(playback.isPresent).toBe(true);
    timeline.add(eventLine(510, 2, { event: "joined", id: 2 }));
    playback.pass(50, 550);
    expect(playback.isPresent).toBe(slow === 1);
    if (slow > 1) expect(playback.at).toBeLessThan(510);
  }
});

test("slow motion goes on at its speed, passes over where nothing happens, and comes to the present", () => {
  const timeline = timelineOf();
  const playback = new Playback(timeline, 100, true);
  playback.stands(990);
  for (const at of [1_000, 1_010, 9_000]) {
    timeline.add(eventLine(at, 2, { event: "joined", id: 2 }));
  }
  const seen = Array.from({ length: 9 }, () => {
    playback.pass(500, 20_000);
    return playback.at;
  });
  // Behind the second event, eight seconds of nothing are not shown eight hundred long.
  const present = Number.POSITIVE_INFINITY;
  expect(seen).toEqual([995, 1_000, 1_005, 1_010, 8_985, 8_990, 8_995, 9_000, present]);
  // Nothing is shown before it has happened.
  timeline.add(eventLine(20_001, 2, { event: "joined", id: 2 }));
  playback.pass(5_000, 20_000.5);
  expect(playback.at).toBe(20_000.5);
});

test("it stops, steps to and fro, and goes on from there or in the present", () => {
  const playback = new Playback(timelineOf(1_000, 1_010, 1_020), 1, true);
  playback.toggle(1_030);
  playback.pass(500, 1_500);
  expect([playback.stopped, playback.at]).toEqual([true, 1_030]);
  playback.step(false, 1_500);
  playback.step(false, 1_500);
  expect(playback.at).toBe(1_010);
  playback.step(true, 1_500);
  playback.step(true, 1_500);
  expect(playback.at).toBe(1_020);
  playback.toggle(1_500);
  expect([playback.stopped, playback.isPresent]).toEqual([false, false]);
  playback.pass(5, 1_500);
  expect(playback.isPresent).toBe(true);
  playback.step(false, 1_500);
  playback.toEnd(1_600);
  expect(playback.isPresent).toBe(true);
});

test("a recorded ring is shown from its beginning to its end, faster as well", () => {
  const playback = new Playback(timelineOf(1_000, 3_000), 0.01, false);
  expect(playback.at).toBe(1);
  playback.pass(5, 0);
  expect(playback.at).toBe(501);
  playback.pass(1_000, 0);
  playback.pass(1_000, 0);
  expect(playback.at).toBeGreaterThanOrEqual(3_000);
  playback.toBegin();
  expect(playback.at).toBe(1);
  playback.toEnd(0);
  expect(playback.at).toBe(3_000);
});
