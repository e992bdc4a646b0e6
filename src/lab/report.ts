/** What chaos found, as a table, a verdict, a document and an exit code. Pure. */
import { EXIT_FAILED, EXIT_INCONCLUSIVE } from "../protocol/model/failure.ts";
import { count, displayTable } from "../terminal/display.ts";
import type { ReadBack } from "./files.ts";
import { type Broken, sayBroken } from "./judge.ts";

/** One kill and what came of it; times in milliseconds, null for what never came. */
export type FaultReport = {
  readonly victim: number;
  /** From the first moment a kill was allowed. */
  readonly atMs: number;
  /** Until the last of its two predecessors had dropped it. */
  readonly detectMs: number | null;
  /** Until the checks held, and held on. */
  readonly healMs: number | null;
  /** From its start until it was back and the checks held again. */
  readonly rejoinMs: number | null;
  /** Its data folder went with it. */
  readonly lostDisk: boolean;
  /** From the kill until every file had all its copies again; null where nobody waited for it. */
  readonly recopyMs: number | null;
};

/** Operations that were done, were refused, and of which nobody can say. */
export type OperationCounts = {
  readonly done: number;
  readonly refused: number;
  readonly unknown: number;
};

export type ChaosReport = {
  readonly seed: number;
  readonly ids: readonly number[];
  readonly faults: readonly FaultReport[];
  /** Files acknowledged before the first kill. */
  readonly files: number;
  /** Null where it did not come to that. */
  readonly readBack: ReadBack | null;
  /** How many operations of clients during the kills had which outcome; null where it did not come to them. */
  readonly operations: OperationCounts | null;
  /** The check that did not hold. */
  readonly broken: Broken | null;
  /** Why nothing can be said, where that is so. */
  readonly inconclusive: string | null;
};

export type Verdict = "healed" | "failed" | "inconclusive";

const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  healed: 0,
  failed: EXIT_FAILED,
  inconclusive: EXIT_INCONCLUSIVE,
};

/** A failed check counts for more than all that could not be tried. */
export function verdictOf(report: ChaosReport): { verdict: Verdict; why: string } {
  const { broken, readBack, faults, files } = report;
  if (broken !== null) return { verdict: "failed", why: sayBroken(broken) };
  const loss = readBack?.losses[0];
  if (loss !== undefined) {
    const others = readBack === null ? 0 : readBack.losses.length - 1;
    const more = others > 0 ? ` (and ${count(others, "other read")})` : "";
    const why = `file ${loss.file} could not be read back from peer ${loss.peer}: ${loss.why}`;
    return { verdict: "failed", why: `D1 does not hold: ${why}${more}` };
  }
  if (report.inconclusive !== null) return { verdict: "inconclusive", why: report.inconclusive };
  if (faults.length === 0) return { verdict: "inconclusive", why: "no peer was killed" };
  if (readBack === null || readBack.reads === 0 || files === 0) {
    return { verdict: "inconclusive", why: "no file was read back" };
  }
  const disks = faults.filter((fault) => fault.lostDisk).length;
  const kills = count(faults.length, "kill") + (disks > 0 ? `, ${count(disks, "disk")} lost` : "");
  const why = `${kills}, ${count(files, "file")} read back ${count(readBack.reads, "time")}, nothing lost`;
  return { verdict: "healed", why };
}

export function exitCodeOf(report: ChaosReport): number {
  return EXIT_CODES[verdictOf(report).verdict];
}

/** The table of faults, their middle and worst times, and the verdict. */
export function reportLines(report: ChaosReport): string[] {
  const { faults } = report;
  const disks = faults.some((fault) => fault.lostDisk);
  const header = ["victim", "detect", "heal", "back", ...(disks ? ["copied"] : [])];
  const rows = faults.map(({ victim, detectMs, healMs, rejoinMs, recopyMs }) => [
    String(victim),
    ...[detectMs, healMs, rejoinMs, ...(disks ? [recopyMs] : [])].map(showMs),
  ]);
  const { verdict, why } = verdictOf(report);
  const table = rows.length === 0 ? [] : [...displayTable(header, rows), ""];
  const summary = faults.length < 2 ? [] : [summaryLine(faults)];
  return [...table, ...summary, ...operationsLine(report), `${verdict}: ${why}`];
}

/** The same as a JSON document. */
export function reportDocument(report: ChaosReport): object {
  const { seed, ids, faults, files, readBack, operations, broken } = report;
  const { verdict, why } = verdictOf(report);
  const lost = readBack?.losses ?? [];
  const check = broken?.check ?? (lost.length > 0 ? "D1" : null);
  const kills = faults.map((fault) => ({
    victim: fault.victim,
    atMs: tenth(fault.atMs),
    detectMs: tenth(fault.detectMs),
    healMs: tenth(fault.healMs),
    rejoinMs: tenth(fault.rejoinMs),
    lostDisk: fault.lostDisk,
    recopyMs: tenth(fault.recopyMs),
  }));
  return {
    v: 1,
    seed,
    ids,
    kills,
    files: { stored: files, reads: readBack?.reads ?? 0, lost },
    operations,
    verdict,
    check,
    peers: broken?.peers ?? [],
    why,
    exitCode: EXIT_CODES[verdict],
  };
}

/** Said once they were judged. */
function operationsLine({ operations, broken, readBack }: ReportParts): string[] {
  if (operations === null || readBack === null) return [];
  const { done, refused, unknown } = operations;
  const all = count(done + refused + unknown, "operation");
  const held = broken === null ? ": D6 and D7 hold" : "";
  return [`${all} meanwhile, ${done} done, ${refused} refused, ${unknown} unknown${held}`];
}

type ReportParts = Pick<ChaosReport, "operations" | "broken" | "readBack">;

function summaryLine(faults: readonly FaultReport[]): string {
  const of = (name: string, all: readonly (number | null)[]): string => {
    const times = all.flatMap((ms) => ms ?? []).sort((a, b) => a - b);
    const middle = times[Math.floor(times.length / 2)] ?? null;
    return `${name} median ${showMs(middle)}, worst ${showMs(times.at(-1) ?? null)}`;
  };
  const detect = of(
    "detect",
    faults.map((fault) => fault.detectMs),
  );
  const heal = of(
    "heal",
    faults.map((fault) => fault.healMs),
  );
  return `${detect}; ${heal}`;
}

function showMs(ms: number | null): string {
  return ms === null ? "-" : `${ms.toFixed(1)} ms`;
}

function tenth(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
