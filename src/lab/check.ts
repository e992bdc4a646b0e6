/** `p2p chaos check`: judges the file of a run again, and writes what chaos itself would have. */
import { exitCodeOf } from "../checks/verdict.ts";
import { pageOfRun } from "./page-of-run.ts";
import { readRun } from "./run-file.ts";
import { runDocument, runReportLines } from "./run-report.ts";
import { judgeRun, type Limits, type RunReport } from "./verdict.ts";
import { writeJunit, writeOut } from "./written.ts";

/** What is written of a run beside what is printed. */
export type Outputs = {
  readonly json: boolean;
  /** Paths; null for none. */
  readonly junit: string | null;
  /** Of the page with the ring drawn through time. */
  readonly page: string | null;
};

export type CheckOptions = Outputs & { readonly path: string; readonly limits: Limits };

/**
 * @returns 0 passed, 1 failed, 3 inconclusive
 * @throws Failure if the file cannot be read, or a line of it is not as it should be (2)
 */
export async function runCheck(options: CheckOptions): Promise<number> {
  const report = judgeRun(readRun(options.path), options.limits);
  return await showRun(report, options);
}

/** Prints a run's report and writes its files. @returns the exit code. @throws Failure */
export async function showRun(report: RunReport, { json, junit, page }: Outputs): Promise<number> {
  const { checks, run } = report;
  const lines = json ? [JSON.stringify(runDocument(report))] : runReportLines(report);
  for (const line of lines) console.log(line);
  if (junit !== null) writeJunit(junit, "p2p chaos", `seed ${run.header.seed}`, checks);
  if (page !== null) {
    const { reportPage } = await import("../page/document.ts");
    writeOut(page, reportPage(pageOfRun(report)));
  }
  return exitCodeOf(report.verdict);
}
