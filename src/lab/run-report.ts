/** What is said of a run: tables and a verdict for people, or one document for programs. Pure. */
import { type Envelope, exitCodeOf, type TimeSpread, tenth } from "../checks/verdict.ts";
import { count, displayTable } from "../terminal/display.ts";
import type { FaultOutcome, RunReport } from "./verdict.ts";
import { TIMES } from "./verdict.ts";

/** How many operations of clients had which outcome. */
export type OperationCounts = {
  readonly done: number;
  readonly refused: number;
  readonly unknown: number;
};

export function countsOf({ run }: RunReport): OperationCounts {
  const counts = { done: 0, refused: 0, unknown: 0 };
  for (const { outcome } of run.operations) counts[outcome.kind] += 1;
  return counts;
}

/** The faults, the times, what does not hold or cannot be told, and the verdict in the last line. */
export function runReportLines(report: RunReport): string[] {
  const { faults, times, verdict, why } = report;
  const parts = [
    faults.length === 0 ? [] : displayTable(FAULT_HEADER, faults.map(faultRow)),
    faults.length < 2 ? [] : displayTable(TIME_HEADER, timeRows(times)),
    operationLines(report),
    ...(verdict === "failed" ? [brokenLines(report)] : []),
    [`${verdict}: ${why}`],
  ].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : ["", ...part]));
}

/** The same as a JSON document. Times in milliseconds, null for what never came or was not waited for. */
export function runDocument(report: RunReport): Envelope & Readonly<Record<string, unknown>> {
  const { run, faults, checks, times, limits, verdict, why } = report;
  const { seed, ids, copies, program } = run.header;
  return {
    type: "chaos",
    v: 2,
    ...{ verdict, exitCode: exitCodeOf(verdict), why, seed, checks, times },
    ...{ program, ids, copies, limits },
    complete: run.verdict !== null,
    faults: faults.map(({ at, fault, undoneAt, measured }) => ({
      ...fault,
      beganMs: tenth(at - run.header.at),
      undoneMs: undoneAt === null ? null : tenth(undoneAt - run.header.at),
      detectMs: tenth(measured.detectMs),
      healMs: tenth(measured.healMs),
      recopyMs: tenth(measured.recopyMs),
      unavailableMs: tenth(measured.unavailableMs),
      errorMs: tenth(measured.errorMs),
    })),
    files: {
      stored: run.readBack?.files ?? 0,
      reads: run.readBack?.reads ?? 0,
      lost: run.losses.map(({ file, peer, why }) => ({ file, peer, why })),
    },
    operations: countsOf(report),
  };
}

/** `9`, `2 4`, `2 4 from 9 14`, `9 to 14`. */
export function sayPeers({ fault }: Pick<FaultOutcome, "fault">): string {
  const { peers, others, kind } = fault;
  const between = kind === "one-way" ? "to" : "from";
  return others.length === 0
    ? peers.join(" ")
    : `${peers.join(" ")} ${between} ${others.join(" ")}`;
}

const FAULT_HEADER = ["fault", "what", "peers", ...TIMES];
const TIME_HEADER = ["time", "faults", "median", "p95", "worst", "off by at most"];

function faultRow(outcome: FaultOutcome): string[] {
  const { fault, measured } = outcome;
  const times = TIMES.map((name) => showMs(measured[`${name}Ms`]));
  return [String(fault.n), fault.kind, sayPeers(outcome), ...times];
}

function timeRows(times: RunReport["times"]): string[][] {
  return TIMES.flatMap((name) => {
    const spread: TimeSpread = times[name];
    if (spread.count === 0) return [];
    const { medianMs, p95Ms, maxMs, errorMs } = spread;
    return [[name, String(spread.count), ...[medianMs, p95Ms, maxMs, errorMs].map(showMs)]];
  });
}

function operationLines(report: RunReport): string[] {
  const { done, refused, unknown } = countsOf(report);
  if (done + refused + unknown === 0) return [];
  const all = count(done + refused + unknown, "operation");
  const passed = (name: string) =>
    report.checks.some((check) => check.name === name && check.verdict === "passed");
  const held = passed("D6") && passed("D7") ? ": D6 and D7 hold" : "";
  return [`${all} meanwhile, ${done} done, ${refused} refused, ${unknown} unknown${held}`];
}

/** More than one: the verdict names the first. */
function brokenLines({ checks }: RunReport): string[] {
  const broken = checks.filter(({ verdict }) => verdict === "failed");
  return broken.length < 2 ? [] : broken.map(({ name, why }) => `${name} does not hold: ${why}`);
}

function showMs(ms: number | null): string {
  return ms === null ? "-" : `${ms.toFixed(1)} ms`;
}
