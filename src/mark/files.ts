/** What other programs read of a marking: CSV, JUnit's XML, and Gradescope's results.json. */
import { writeFileSync } from "node:fs";
import { Failure } from "../protocol/model/failure.ts";
import { missingLines } from "./report.ts";
import { type CriterionResult, type MarkReport, totalOf } from "./result.ts";
import { CRITERIA, marksOf, RUBRIC, TOTAL } from "./rubric.ts";

/** One program and what came of it; no report where it could not be marked, and then why. */
export type Entry = {
  readonly name: string;
  readonly report: MarkReport | null;
  readonly error: string | null;
};

/** A line for each program: its marks for each criterion, all of them, and why it has none. */
export function csvOf(entries: readonly Entry[]): string {
  const header = ["submission", ...CRITERIA.map((name) => RUBRIC[name].title), "together", "error"];
  const rows = entries.map(({ name, report, error }) => [
    name,
    ...CRITERIA.map((each) => String(gotOf(report, each))),
    String(report === null ? 0 : totalOf(report)),
    error ?? "",
  ]);
  return [header, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/** The marks of one criterion. */
export function gotOf(report: MarkReport | null, name: CriterionResult["name"]): number {
  return report?.criteria.find((each) => each.name === name)?.got ?? 0;
}

/** As RFC 4180 has it. A spreadsheet would take some first characters for a formula. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A suite for each program, a case for each criterion, which fails if a mark of it was lost. */
export function junitOf(entries: readonly Entry[]): string {
  const suites = entries.map(suiteOf).join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="p2p mark">\n${suites}\n</testsuites>\n`;
}

function suiteOf({ name, report, error }: Entry): string {
  const cases = CRITERIA.map((each) => {
    const result = report?.criteria.find((one) => one.name === each);
    const seconds = ((result?.waitedMs ?? 0) / 1000).toFixed(3);
    const head = `    <testcase classname="${xml(name)}" name="${RUBRIC[each].title}" time="${seconds}"`;
    if (result === undefined) {
      return `${head}><error message="${xml(error ?? "not marked")}"/></testcase>`;
    }
    if (result.missing.length === 0) return `${head}/>`;
    const message = `${result.got} of ${result.of} marks`;
    const text = xml(missingLines(result).join("\n").trim());
    return `${head}><failure message="${message}">${text}</failure></testcase>`;
  });
  const failed = report?.criteria.filter(({ missing }) => missing.length > 0).length ?? 0;
  const errors = report === null ? CRITERIA.length : 0;
  const counts = `tests="${CRITERIA.length}" failures="${failed}" errors="${errors}"`;
  return [`  <testsuite name="${xml(name)}" ${counts}>`, ...cases, "  </testsuite>"].join("\n");
}

/** What XML may hold: no control characters, and none of its own. */
function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return text
    .replace(/[^\P{C}\n\t]/gu, "\ufffd")
    .replace(/[&<>]/g, (character) => entities[character] ?? "")
    .replaceAll('"', "&quot;");
}

/** What Gradescope's autograder shows: a test for each criterion, with what was missing. */
export function gradescopeOf({ report, error }: Entry): string {
  const tests = CRITERIA.map((name) => {
    const result = report?.criteria.find((each) => each.name === name);
    return {
      name: RUBRIC[name].title,
      score: result?.got ?? 0,
      max_score: result?.of ?? Math.round(marksOf(RUBRIC[name].items)),
      output: result === undefined ? (error ?? "") : missingLines(result).join("\n").trim(),
    };
  });
  const score = report === null ? 0 : totalOf(report);
  const output = [
    `${score} of ${TOTAL} marks`,
    ...(report?.notes ?? []),
    ...(error ? [error] : []),
  ];
  return `${JSON.stringify({ score, output: output.join("\n"), tests })}\n`;
}

/** @throws Failure if it cannot be written */
export function writeOut(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${path} could not be written: ${why}.`);
  }
}
