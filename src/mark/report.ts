/** What is said of a marking: a table and every line that was missing, or one JSON document. Pure. */
import type { CheckOutcome, Envelope } from "../checks/verdict.ts";
import { displayDuration, displayTable } from "../terminal/display.ts";
import { quote } from "../terminal/words.ts";
import { type CriterionResult, type MarkReport, type Missing, rounded, totalOf } from "./result.ts";
import { type CriterionName, RUBRIC, TOTAL } from "./rubric.ts";

/** Marked, where nothing was asked for; passed or failed where so many marks were. */
export type Verdict = "marked" | "passed" | "failed";

/** @param atLeast the marks that are asked for; null for none */
export function verdictOf(report: MarkReport, atLeast: number | null): Verdict {
  if (atLeast === null) return "marked";
  return totalOf(report) >= atLeast ? "passed" : "failed";
}

/** 0 of a run that was marked, 1 of one that falls below what was asked for. */
export function exitCodeOf(verdict: Verdict): number {
  return verdict === "failed" ? 1 : 0;
}

/** The table of marks, what was missing of each criterion, and what else is to be said. */
export function reportLines(report: MarkReport, atLeast: number | null): string[] {
  const rows = report.criteria.map(({ name, got, of, tookMs }) => [
    RUBRIC[name].title,
    got.toFixed(1),
    String(of),
    tookMs === null ? "-" : displayDuration(tookMs),
  ]);
  const total = totalOf(report);
  const table = displayTable(
    ["criterion", "marks", "of", "took"],
    [...rows, ["together", total.toFixed(1), String(TOTAL), ""]],
  );
  const notes = report.notes.map((note) => `note: ${note}`);
  const verdict = verdictOf(report, atLeast);
  const last = verdict === "marked" ? [] : [`${verdict}: ${total} marks, ${atLeast} asked for`];
  return [...table, ...report.criteria.flatMap(missingLines), ...spaced(notes), ...spaced(last)];
}

/** What was missing of a criterion, and where to read how it should go; nothing where nothing was. */
export function missingLines(result: CriterionResult): string[] {
  const { name, got, of, missing } = result;
  if (missing.length === 0) return [];
  const { title, action, read } = RUBRIC[name];
  const waited = `in ${displayDuration(result.waitedMs)} from ${action}, at ${displayDuration(result.atMs)}`;
  return [
    "",
    `${title}: ${rounded(of - got)} of ${of} marks lost; missing ${waited}:`,
    ...missing.flatMap((each) => [`  peer ${each.peer}: ${each.what}`, `    ${insteadOf(each)}`]),
    `  how it should go: ${read}`,
  ];
}

/** What a peer did instead, in words. */
export function insteadOf({ kind, instead }: Pick<Missing, "kind" | "instead">): string {
  if (kind === "deed") return instead === null ? "it did not" : `it ${instead.text}`;
  if (instead === null) return "it printed nothing like it";
  const { text, afterMs } = instead;
  return `it printed, after ${displayDuration(Math.max(0, afterMs))}: ${quote(text)}`;
}

function spaced(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

/** The same as a JSON document, version 1. Times in milliseconds, null for what never came. */
export function reportDocument(
  report: MarkReport,
  atLeast: number | null,
): Envelope & Readonly<Record<string, unknown>> {
  const { command, intervalMs, strict, terminal, criteria, notes } = report;
  const verdict = verdictOf(report, atLeast);
  const times: Partial<Record<CriterionName, number | null>> = {};
  for (const { name, tookMs } of criteria) times[name] = tookMs;
  return {
    type: "mark",
    v: 1,
    verdict,
    exitCode: exitCodeOf(verdict),
    seed: null,
    ...{ command, intervalMs, strict, terminal },
    marks: { got: totalOf(report), of: TOTAL, atLeast },
    checks: criteria.map(checkOf),
    times,
    notes,
  };
}

/** A criterion as a check: passed where no mark of it was lost. */
function checkOf({ name, got, of, atMs, waitedMs, missing }: CriterionResult): CheckOutcome {
  const { title, action, read } = RUBRIC[name];
  const lost = missing.length > 0;
  const outcome = {
    ...{ name, title },
    verdict: lost ? ("failed" as const) : ("passed" as const),
    why: lost ? `${rounded(of - got)} of ${of} marks lost` : null,
    peers: [...new Set(missing.map(({ peer }) => peer))].sort((a, b) => a - b),
  };
  const lines = missing.map((each) => ({ ...each, marks: Math.round(each.marks * 1e4) / 1e4 }));
  return { ...outcome, ...{ got, of, atMs, waitedMs, action, read, missing: lines } };
}
