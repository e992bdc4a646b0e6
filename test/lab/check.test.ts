/** A run is judged again by its file: what it says, what it lacks, and what is wrong with it. */
import { describe, expect, test } from "bun:test";
import { runOfText } from "../../src/lab/run-file.ts";
import type { RunLine } from "../../src/lab/run-lines.ts";
import { runDocument, runReportLines } from "../../src/lab/run-report.ts";
import { judgeRun, type Limits, type RunReport } from "../../src/lab/verdict.ts";
import { madeRun, runText } from "../support/made-run.ts";

const IDS = [2, 4, 5, 8, 9, 14, 19, 30];
const LINES = madeRun({ seed: 7, ids: IDS, faults: 6, operations: 200, everyMs: 4_000 });

function judge(lines: readonly RunLine[], limits: Limits = {}): RunReport {
  return judgeRun(runOfText("run.jsonl", runText(lines)), limits);
}

function without(...types: readonly RunLine["type"][]): RunLine[] {
  return LINES.filter(({ type }) => !types.includes(type));
}

/** Puts other lines in the place of some. */
function changed(change: (line: RunLine) => RunLine): RunLine[] {
  return LINES.map(change);
}

function verdictsOf({ checks }: RunReport): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, verdict }) => [name, verdict]));
}

describe("a whole run", () => {
  test("passes, with every check, its times, and a verdict in the last line", () => {
    const report = judge(LINES);
    expect(new Set(Object.values(verdictsOf(report)))).toEqual(new Set(["passed"]));
    expect(report.times.heal.count).toBe(6);
    expect(report.times.heal.errorMs).toBe(1.5);
    expect(report.times.unavailable.count).toBe(6);
    const lines = runReportLines(report);
    expect(lines).toContain(
      "200 operations meanwhile, 200 done, 0 refused, 0 unknown: D6 and D7 hold",
    );
    expect(lines.at(-1)).toBe("passed: 6 faults, 20 files read back 160 times, nothing lost");
    expect(runDocument(report)).toMatchObject({ verdict: "passed", exitCode: 0, seed: 7 });
  });

  test("fails where a time is longer than it may be, and names the fault", () => {
    const report = judge(LINES, { heal: 1 });
    expect(report.verdict).toBe("failed");
    expect(report.why).toMatch(/^max-heal does not hold: heal took \d+\.\d ms after fault \d \(/);
    expect(judge(LINES, { heal: 60_000, recopy: 1 }).verdict).toBe("inconclusive");
  });
});

test("a run that failed by a limit of its own is judged by those that are given now", () => {
  const said = { check: "max-heal", peers: [9], why: "heal took 200.0 ms after fault 1 (kill)" };
  const lines = changed((line) =>
    line.type === "verdict" ? { ...line, ...said, verdict: "failed" } : line,
  );
  expect(judge(lines).verdict).toBe("passed");
  expect(judge(lines, { heal: 60_000 }).verdict).toBe("passed");
  expect(judge(lines, { heal: 1 }).why).toStartWith("max-heal does not hold: ");
});

describe("a run that is broken", () => {
  test("by a file that was lost: D1", () => {
    const loss: RunLine = { type: "loss", at: 1, file: "2067", peer: 5, why: "not found" };
    const report = judge([...LINES, loss]);
    expect(report.why).toBe(
      "D1 does not hold: file 2067 could not be read back from peer 5: not found",
    );
    expect(verdictsOf(report)).toMatchObject({ D1: "failed", D6: "passed", R6: "passed" });
  });

  test("by a content that nobody stored: D3", () => {
    let done = false;
    const report = judge(
      changed((line) => {
        if (done || line.type !== "operation" || line.kind !== "request") return line;
        done = true;
        return { ...line, outcome: { kind: "done", value: "forged" } };
      }),
    );
    expect(verdictsOf(report)["D3"]).toBe("failed");
  });

  test("by a stale answer: D6", () => {
    const [stale] = LINES.flatMap((line) =>
      line.type === "operation" && line.kind === "store" ? line : [],
    );
    let last = -1;
    for (const [index, line] of LINES.entries()) {
      if (line.type === "operation" && line.kind === "request" && line.name === stale?.name) {
        last = index;
      }
    }
    const report = judge(
      LINES.map((line, index) =>
        index === last && line.type === "operation"
          ? { ...line, outcome: { kind: "done", value: stale?.content ?? null } }
          : line,
      ),
    );
    expect(verdictsOf(report)).toMatchObject({ D3: "passed", D6: "failed" });
  });

  test("by a check that only whoever ran it could ask: as it said", () => {
    const said = { verdict: "failed", check: "R6", peers: [4], why: "peer 4 holds 9 for alive" };
    const lines = changed((line) =>
      line.type === "verdict" ? { ...line, ...said, verdict: "failed" } : line,
    );
    const report = judge(lines.filter(({ type }) => type !== "read-back"));
    expect(report.why).toBe("R6 does not hold: peer 4 holds 9 for alive");
    expect(verdictsOf(report)).toMatchObject({ R6: "failed", R8: "inconclusive" });
  });
});

describe("a run that says too little is inconclusive:", () => {
  test.each([
    ["cut short", ["verdict", "read-back", "ending"], "the run was cut short"],
    ["nothing was injected", ["fault", "measured", "undone"], "nothing was injected"],
    ["nothing was read", ["read-back"], "nothing was read back"],
  ] as const)("%s", (_, types, why) => {
    const report = judge(without(...types));
    expect(report).toMatchObject({ verdict: "inconclusive", why });
  });

  test("unless something is broken", () => {
    const loss: RunLine = { type: "loss", at: 1, file: "2067", peer: 5, why: "not found" };
    expect(judge([...without("verdict"), loss]).verdict).toBe("failed");
  });

  test("as is what was read when a store was under way that its file has not", () => {
    const operations = LINES.flatMap((line) => (line.type === "operation" ? line : []));
    const late = operations.findLast(({ kind }) => kind === "store");
    const reader = operations.at(-1);
    if (late === undefined || reader === undefined)
      throw new Error("no store, or nothing after it");
    // That of a client whose last operation had ended before.
    const lines = without("verdict", "read-back", "ending").filter((line) => {
      return (
        line.type !== "operation" || (line.client !== late.client ? true : line.start < late.start)
      );
    });
    const client = late.client === 1 ? 2 : 1;
    const read = { ...reader, client, kind: "request", name: late.name, content: null } as const;
    const outcome = { kind: "done", value: late.content } as const;
    const end = reader.start + 1;
    const report = judge([...lines, { ...read, outcome, end }]);
    expect(report.verdict).toBe("inconclusive");
    expect(verdictsOf(report)["D3"]).toBe("passed");
  });

  test("one that was killed amid its last line is read up to there", () => {
    const text = runText(without("verdict"));
    const half = runOfText("run.jsonl", `${text}{"type":"operation","client":1,"pe`);
    expect(half.operations).toHaveLength(200);
    expect(judgeRun(half).verdict).toBe("inconclusive");
  });
});

describe("what is no file of a run is told with its line:", () => {
  const first = JSON.stringify(LINES[0]);
  const operation = LINES.find(({ type }) => type === "operation");
  test.each([
    ["", "is empty, and no file of a run."],
    ["{}\n", 'line 1: "type" is missing, and no text.'],
    [`${JSON.stringify(LINES[1])}\n`, 'line 1: is none of the type "run", which is the first.'],
    [`${first}\nnonsense\n`, "line 2: is no JSON."],
    [`${first}\n[]\n`, "line 2: it is [], and no object."],
    [
      `${first}\n\n{"type":"eclipse"}\n`,
      'line 3: is of the type "eclipse", which this p2p does not know.',
    ],
    [`${first}\n${JSON.stringify({ ...operation, end: 0 })}\n`, 'line 2: "end" is before "start".'],
    [`${first}\n{"type":"undone","at":"x","n":1}\n`, 'line 2: "at" is "x", and no number.'],
    [first.replace('"v":1', '"v":9'), "line 1: is of another version than 1."],
  ])("%#", (text, sentence) => {
    expect(() => runOfText("a/run.jsonl", text)).toThrow(sentence);
  });
});
