import { expect, test } from "bun:test";
import {
  type ChaosReport,
  exitCodeOf,
  reportDocument,
  reportLines,
  verdictOf,
} from "../../src/lab/report.ts";

const FAULTS = [
  {
    victim: 9,
    atMs: 12,
    detectMs: 4.25,
    healMs: 20.5,
    rejoinMs: 80,
    lostDisk: false,
    recopyMs: null,
  },
  {
    victim: 14,
    atMs: 2012,
    detectMs: 6,
    healMs: 31,
    rejoinMs: 90,
    lostDisk: false,
    recopyMs: null,
  },
];
const GOOD: ChaosReport = {
  seed: 7,
  ids: [2, 4, 5, 9, 14],
  faults: FAULTS,
  files: 20,
  readBack: { reads: 100, losses: [] },
  operations: { done: 90, refused: 1, unknown: 9 },
  broken: null,
  inconclusive: null,
};
const BROKEN = { check: "R6", peers: [4], why: "peer 4 holds 9 for alive" };
const LOSS = { file: "2067", peer: 5, why: "its content is another one" };

test("a table, its middle and worst, and the verdict at the end", () => {
  expect(reportLines(GOOD)).toEqual([
    "victim  detect     heal     back",
    "     9  4.3 ms  20.5 ms  80.0 ms",
    "    14  6.0 ms  31.0 ms  90.0 ms",
    "",
    "detect median 6.0 ms, worst 6.0 ms; heal median 31.0 ms, worst 31.0 ms",
    "100 operations meanwhile, 90 done, 1 refused, 9 unknown: D6 and D7 hold",
    "healed: 2 kills, 20 files read back 100 times, nothing lost",
  ]);
  expect(exitCodeOf(GOOD)).toBe(0);
});

test("lost disks are counted, and how long it took to copy their files anew", () => {
  const faults = FAULTS.map((fault) => ({ ...fault, lostDisk: true, recopyMs: 400 }));
  const lines = reportLines({ ...GOOD, faults });
  expect(lines[0]).toBe("victim  detect     heal     back    copied");
  expect(lines[1]).toBe("     9  4.3 ms  20.5 ms  80.0 ms  400.0 ms");
  expect(lines.at(-1)).toBe(
    "healed: 2 kills, 2 disks lost, 20 files read back 100 times, nothing lost",
  );
});

test("a check that does not hold fails the run, whatever else there is", () => {
  const report = { ...GOOD, broken: BROKEN, readBack: null, inconclusive: "anything" };
  expect(exitCodeOf(report)).toBe(1);
  expect(reportLines(report).at(-1)).toBe("failed: R6 does not hold: peer 4 holds 9 for alive");
  expect(reportDocument(report)).toMatchObject({ verdict: "failed", check: "R6", peers: [4] });
});

test("a file that is lost fails the run as D1, and is named", () => {
  const report = { ...GOOD, readBack: { reads: 100, losses: [LOSS, LOSS] } };
  expect(exitCodeOf(report)).toBe(1);
  expect(verdictOf(report).why).toBe(
    "D1 does not hold: file 2067 could not be read back from peer 5: its content is another one (and 1 other read)",
  );
  expect(reportDocument(report)).toMatchObject({ check: "D1", files: { lost: [LOSS, LOSS] } });
});

test.each([
  [{ faults: [] }, "no peer was killed"],
  [{ readBack: null }, "no file was read back"],
  [{ readBack: { reads: 0, losses: [] } }, "no file was read back"],
  [{ inconclusive: "it could not start" }, "it could not start"],
])("what proves nothing is inconclusive: %p", (part, why) => {
  const report = { ...GOOD, ...part };
  expect(verdictOf(report)).toEqual({ verdict: "inconclusive", why });
  expect(exitCodeOf(report)).toBe(3);
});

test("the document has all of it, and survives JSON", () => {
  expect(JSON.parse(JSON.stringify(reportDocument(GOOD)))).toEqual({
    v: 1,
    seed: 7,
    ids: GOOD.ids,
    kills: [{ ...FAULTS[0], detectMs: 4.3 }, FAULTS[1]],
    files: { stored: 20, reads: 100, lost: [] },
    operations: { done: 90, refused: 1, unknown: 9 },
    verdict: "healed",
    check: null,
    peers: [],
    why: "2 kills, 20 files read back 100 times, nothing lost",
    exitCode: 0,
  });
});
