/** What is said of a scenario that was played against somebody else's program: text, JSON, cases of JUnit. Pure. */
import {
  type CheckOutcome,
  type Envelope,
  exitCodeOf,
  type Verdict,
  verdictOf,
} from "../checks/verdict.ts";
import { type Broken, sayBroken } from "../lab/judge.ts";
import { count, displayDuration, displayTable } from "../terminal/display.ts";
import { insteadOf } from "./report.ts";
import type { Missing } from "./result.ts";

export type StepMissing = Omit<Missing, "marks">;

export type StepResult = {
  /** The line of the scenario, and what it says. */
  readonly number: number;
  readonly action: string;
  /** How many lines it wants, and which of them did not come. */
  readonly wanted: number;
  readonly missing: readonly StepMissing[];
  /** Of a calm: the check that did not hold. */
  readonly broken: Broken | null;
  /** Whether there was anything to judge. */
  readonly judged: boolean;
  /** How long it was waited for, and until the last line came, in milliseconds. */
  readonly waitedMs: number;
  readonly tookMs: number | null;
};

export type PlayReport = {
  readonly command: string;
  readonly path: string;
  readonly intervalMs: number;
  readonly strict: boolean;
  readonly terminal: boolean;
  readonly steps: readonly StepResult[];
  readonly notes: readonly string[];
};

/** Inconclusive where the scenario wants nothing of anybody. */
export function playVerdict(report: PlayReport): Verdict {
  const checks = checksOf(report);
  return checks.length === 0 ? "inconclusive" : verdictOf(checks);
}

/** A table of the steps, what was missing of each, and the verdict in the last line. */
export function playLines(report: PlayReport): string[] {
  const { steps, notes } = report;
  const rows = steps
    .filter(({ judged }) => judged)
    .map((step) => [
      String(step.number),
      step.action,
      step.wanted === 0 ? "-" : `${step.wanted - linesOf(step)} of ${step.wanted}`,
      step.tookMs === null ? "-" : displayDuration(step.tookMs),
      passed(step) ? "passed" : "failed",
    ]);
  const table = displayTable(["line", "step", "printed", "took", ""], rows);
  const said = notes.length === 0 ? [] : ["", ...notes.map((note) => `note: ${note}`)];
  return [...table, ...steps.flatMap(stepLines), ...said, "", lastLine(report)];
}

/** What went otherwise in a step; nothing where nothing did. */
export function stepLines(step: StepResult): string[] {
  if (passed(step)) return [];
  const { number, action, missing, broken, waitedMs } = step;
  const waited = displayDuration(waitedMs);
  const lines = missing.flatMap((each) => [
    `  peer ${each.peer}: ${each.what}`,
    `    ${insteadOf(each)}`,
  ]);
  const head = lines.length > 0 ? [`line ${number}, ${action}: missing after ${waited}:`] : [];
  const check = broken === null ? [] : [`line ${number}, ${action}: ${sayBroken(broken)}`];
  return ["", ...head, ...lines, ...check];
}

/** The same as one JSON document. Times in milliseconds, null for what never came. */
export function playDocument(report: PlayReport): Envelope & Readonly<Record<string, unknown>> {
  const { command, path, intervalMs, strict, terminal, steps, notes } = report;
  const verdict = playVerdict(report);
  const judged = steps.filter((step) => step.judged);
  return {
    type: "scenario",
    v: 1,
    verdict,
    exitCode: exitCodeOf(verdict),
    seed: null,
    ...{ path, command, intervalMs, strict, terminal },
    checks: checksOf(report),
    times: Object.fromEntries(judged.map((step) => [nameOf(step), step.tookMs])),
    notes,
  };
}

/** Each step that wants something, as a check. */
export function checksOf({ steps }: PlayReport): CheckOutcome[] {
  return steps.filter(({ judged }) => judged).map(outcomeOf);
}

function outcomeOf(step: StepResult): CheckOutcome {
  const { number, action, wanted, missing, broken, waitedMs } = step;
  const peers = [...missing.map(({ peer }) => peer), ...(broken?.peers ?? [])];
  const more = { line: number, action, wanted, waitedMs, missing };
  return {
    name: nameOf(step),
    title: action,
    verdict: passed(step) ? "passed" : "failed",
    why: passed(step) ? null : whyOf(step),
    peers: [...new Set(peers)].sort((a, b) => a - b),
    ...more,
  };
}

function whyOf({ missing, broken }: StepResult): string {
  if (broken !== null) return sayBroken(broken);
  const [first] = missing;
  const more = missing.length > 1 ? ` (and ${count(missing.length - 1, "other line")})` : "";
  return `peer ${first?.peer} did not print: ${first?.what}${more}`;
}

function nameOf({ number }: StepResult): string {
  return `line ${number}`;
}

function passed({ missing, broken }: StepResult): boolean {
  return missing.length === 0 && broken === null;
}

function linesOf({ missing }: StepResult): number {
  return missing.filter(({ kind }) => kind === "line").length;
}

function lastLine(report: PlayReport): string {
  const verdict = playVerdict(report);
  const { steps, path } = report;
  if (verdict === "inconclusive") return `${verdict}: ${path} wants nothing of any peer`;
  const wanted = steps.reduce((sum, step) => sum + step.wanted, 0);
  const lost = steps.reduce((sum, step) => sum + linesOf(step), 0);
  const broken = steps.filter((step) => step.broken !== null).length;
  const checks = broken === 0 ? "" : `, ${count(broken, "calm")} not so`;
  const deeds = steps.reduce((sum, step) => sum + step.missing.length - linesOf(step), 0);
  const ends = deeds === 0 ? "" : `, ${count(deeds, "peer")} did not end well`;
  return `${verdict}: ${wanted - lost} of ${count(wanted, "line")} printed${ends}${checks}`;
}
