/** The end of a run of chaos: judged by all that was written of it, whoever's ring it was. */
import { epochNow } from "../control/types.ts";
import { type Outputs, showRun } from "./check.ts";
import type { Broken } from "./judge.ts";
import { collectRun } from "./run.ts";
import type { RunLine } from "./run-lines.ts";
import type { RunWriter } from "./run-writer.ts";
import { firstOf, judgeRun, type Limits, type RunReport } from "./verdict.ts";

/** What came of it: a check that does not hold, or why nothing can be said; null for neither. */
export type RunEnd = { readonly broken: Broken | null; readonly inconclusive: string | null };

/** @param limits what faults may take at most */
export type VerdictOutputs = Outputs & { readonly limits: Limits };

/**
 * Judges by all that was written, writes the verdict behind it, and shows it.
 * @returns the exit code
 * @throws Failure if something cannot be written
 */
export async function showVerdict(
  run: RunWriter,
  end: RunEnd,
  outputs: VerdictOutputs,
): Promise<number> {
  return await showRun(judgeEnd(run, end, outputs.limits), outputs);
}

/** The same, and shows nothing. */
export function judgeEnd(
  run: RunWriter,
  { broken, inconclusive }: RunEnd,
  limits: Limits = {},
): RunReport {
  const said: RunLine = {
    type: "verdict",
    at: epochNow(),
    verdict: broken !== null ? "failed" : inconclusive !== null ? "inconclusive" : "passed",
    check: broken?.check ?? null,
    peers: broken?.peers ?? [],
    why: broken?.why ?? inconclusive ?? "",
  };
  const judged = judgeRun(collectRun([...run.lines, said]), limits);
  const first = firstOf(judged, "failed");
  const { verdict, why } = judged;
  const shown = { check: first?.name ?? null, peers: first?.peers ?? [], why: first?.why ?? why };
  run.write({ ...said, verdict, ...shown });
  // With that line it comes to the same: a long run takes its time to judge.
  return { ...judged, run: collectRun(run.lines) };
}
