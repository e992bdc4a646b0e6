import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exitCodeOf, reportDocument, reportLines, verdictOf } from "../../src/mark/report.ts";
import { notTried, totalOf } from "../../src/mark/result.ts";
import { CRITERIA, marksOf, RUBRIC, TOTAL } from "../../src/mark/rubric.ts";
import { sample } from "./sample.ts";

const ROOT = join(import.meta.dir, "../..");

test("the rubric shares 90 marks out as the assignment does", () => {
  const shares = CRITERIA.map((name) => Math.round(marksOf(RUBRIC[name].items) * 1e6) / 1e6);
  expect(Object.fromEntries(CRITERIA.map((name, index) => [name, shares[index]]))).toEqual({
    ping: 24,
    quit: 17,
    store: 11,
    join: 14,
    kill: 12,
    request: 12,
  });
  expect(TOTAL).toBe(90);
  expect(RUBRIC.ping.items).toHaveLength(7 * 5);
});

test("what each criterion names to read is there", () => {
  for (const name of CRITERIA) expect(existsSync(join(ROOT, RUBRIC[name].read))).toBe(true);
});

test("a run without a fault has all marks", () => {
  const all = sample([]);
  expect(totalOf(all)).toBe(90);
  expect(reportLines(all, null)).toHaveLength(CRITERIA.length + 2);
  expect(all.criteria.map(({ tookMs }) => tookMs)).toEqual(CRITERIA.map(() => 250));
  for (const name of CRITERIA) expect(notTried(name).got).toBe(0);
});

test("a line that is missing costs its share, and is told with what came near", () => {
  const some = sample(["File 4103 is stored here"], ["File 4103 is kept here"]);
  expect(totalOf(some)).toBe(88.9);
  const text = reportLines(some, 89).join("\n");
  expect(text).toContain("retrieval: 1.1 of 12 marks lost; missing in 20 s from Request 4103");
  expect(text).toContain(
    '  peer 8: File 4103 is stored here\n    it printed, after 100 ms: "File 4103 is kept here"\n  how it should go: test/transcripts/assignment-request.txt',
  );
  expect(text).toEndWith("failed: 88.9 marks, 89 asked for");
});

test("what was not done costs its marks as well", () => {
  const undone = sample([], [], false);
  expect(totalOf(undone)).toBe(87);
  expect(reportLines(undone, null).join("\n")).toContain(
    "  peer 9: ends with exit code 0\n    it did not",
  );
});

test("the verdict, and its exit code", () => {
  const some = sample(["File 4103 is stored here"]);
  expect([null, 88.9, 89].map((least) => verdictOf(some, least))).toEqual([
    "marked",
    "passed",
    "failed",
  ]);
  expect((["marked", "passed", "failed"] as const).map(exitCodeOf)).toEqual([0, 0, 1]);
  expect(reportDocument(some, 89)).toMatchObject({
    v: 1,
    verdict: "failed",
    exitCode: 1,
    marks: { got: 88.9, of: 90, atLeast: 89 },
    times: { ping: 250, request: null },
  });
});
