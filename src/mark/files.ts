/** What other programs read of a marking: CSV, JUnit's XML, and Gradescope's results.json. */
import { type JunitSuite, junitXml } from "../checks/junit.ts";
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
  return junitXml("p2p mark", entries.map(suiteOf));
}

function suiteOf({ name, report, error }: Entry): JunitSuite {
  const cases = CRITERIA.map((each) => {
    const result = report?.criteria.find((one) => one.name === each);
    const head = { name: RUBRIC[each].title, seconds: (result?.waitedMs ?? 0) / 1000 };
    if (result === undefined) return { ...head, error: error ?? "not marked" };
    if (result.missing.length === 0) return head;
    const message = `${result.got} of ${result.of} marks`;
    return { ...head, failure: { message, text: missingLines(result).join("\n").trim() } };
  });
  return { name, cases };
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
