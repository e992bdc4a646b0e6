/** The ring at a moment of its run: who is there, whom each takes for the next, and what it is under. */
import { expect, test } from "bun:test";
import { between } from "../../src/checks/history.ts";
import type { PageFault, PageRun } from "../../src/page/page-run.ts";
import { changesOf, ringAt, SHOWN_MS } from "../../src/page/ring-at.ts";

const FAULT: PageFault = {
  ...{ n: 1, kind: "kill", from: 1_000, to: 3_000, peers: [4], others: [], amount: null },
  healedAt: 1_020,
  times: {},
};
const RUN: PageRun = {
  ...{ program: "p2p", seed: 1, copies: 3, beganAt: 0, lengthMs: 10_000, complete: true },
  ...{ verdict: "passed", why: "", checks: [], times: [], names: ["2067"], leftOut: 0 },
  peers: [
    {
      id: 2,
      states: [[0, "running"]],
      says: [
        [0, [4, 7]],
        [1_020, [7, 2]],
        [3_010, [4, 7]],
      ],
    },
    {
      id: 4,
      states: [
        [0, "running"],
        [1_000, "down"],
        [3_000, "running"],
      ],
      says: [[0, [7, 2]]],
    },
    {
      id: 7,
      states: [
        [0, "running"],
        [6_000, "frozen"],
      ],
      says: [[0, [2, 4]]],
    },
    { id: 9, states: [[8_000, "running"]], says: [] },
  ],
  faults: [
    FAULT,
    { ...FAULT, n: 2, kind: "partition", from: 5_000, to: 5_500, peers: [2, 4], others: [7] },
    { ...FAULT, n: 3, kind: "reset", from: 7_000, to: 7_000, peers: [2] },
    { ...FAULT, n: 4, kind: "loss", from: 9_000, to: null, peers: [7] },
  ],
  severed: [
    [0, []],
    [5_000, between([2, 4], [7])],
    [5_500, []],
  ],
  operations: [
    [900, 50, 0, 0, 1, 2, 0],
    [990, 300, 2, 0, 2, 7, 0],
    [4_000, -1, 2, 2, 1, 7, 0],
  ],
};

function statesAt(at: number): Record<number, string> {
  return Object.fromEntries(ringAt(RUN, at).peers.map(({ id, state }) => [id, state]));
}

function arrowsOf(id: number, at: number) {
  return ringAt(RUN, at).peers.find((peer) => peer.id === id)?.arrows;
}

test("who is there, and in which state; one that comes later is absent", () => {
  expect(statesAt(0)).toEqual({ 2: "running", 4: "running", 7: "running" });
  expect(statesAt(999.9)[4]).toBe("running");
  expect(statesAt(1_000)[4]).toBe("down");
  expect(statesAt(6_500)).toEqual({ 2: "running", 4: "running", 7: "frozen" });
  expect(statesAt(8_000)[9]).toBe("running");
});

test("arrows are as each peer says, right where they lead to those that run", () => {
  const arrow = { severed: false };
  const right = [
    { ...arrow, to: 4, place: 1, right: true },
    { ...arrow, to: 7, place: 2, right: true },
  ];
  expect(arrowsOf(2, 500)).toEqual(right);
  expect(arrowsOf(2, 1_010)?.map(({ right }) => right)).toEqual([false, false]);
  // In a ring of two the second successor is the peer itself.
  expect(arrowsOf(2, 1_020)?.map(({ to, right }) => [to, right])).toEqual([
    [7, true],
    [2, true],
  ]);
  expect(arrowsOf(4, 1_010)).toEqual([]);
  expect(arrowsOf(2, 3_010)).toEqual(right);
});

test("a cut is seen at the arrows across it, and at its two sides", () => {
  expect(arrowsOf(2, 5_200)?.map(({ severed }) => severed)).toEqual([false, true]);
  expect(arrowsOf(7, 5_200)?.map(({ severed }) => severed)).toEqual([true, true]);
  expect(ringAt(RUN, 5_200).peers.map(({ struck }) => struck)).toEqual([
    [{ n: 2, side: "a" }],
    [{ n: 2, side: "a" }],
    [{ n: 2, side: "b" }],
  ]);
});

test("a fault is there until it is undone, and long enough to be seen", () => {
  const faultsAt = (at: number) => ringAt(RUN, at).faults.map(({ n }) => n);
  expect([999, 1_000, 3_000, 3_001].map(faultsAt)).toEqual([[], [1], [1], []]);
  expect(faultsAt(7_000 + SHOWN_MS)).toEqual([3]);
  expect(faultsAt(10_000)).toEqual([4]);
});

test("operations are there from their start to their end", () => {
  const startsAt = (at: number) => ringAt(RUN, at).operations.map(([start]) => start);
  expect([899, 920, 995, 1_100, 1_400, 4_000, 9_999].map(startsAt)).toEqual([
    [],
    [900],
    [990],
    [990],
    [],
    [4_000],
    [4_000],
  ]);
});

test("the changes are all moments at which the drawing is another", () => {
  const changes = changesOf(RUN);
  expect(changes).toEqual([...changes].sort((a, b) => a - b));
  for (const at of [0, 1_000, 1_020, 3_000, 3_010, 5_000, 5_500, 6_000, 8_000, 9_000]) {
    expect(changes).toContain(at);
  }
});
