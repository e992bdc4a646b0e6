/** `p2p mark --all`: a folder of submissions, each marked by a marker of its own. */
import { mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CheckOutcome, Envelope } from "../checks/verdict.ts";
import { cagePrefix } from "../foreign/cage.ts";
import { ownProgram } from "../lab/program.ts";
import { temporaryFolder } from "../lab/ring-folder.ts";
import { INTERRUPTED, Stop, Stopped } from "../lab/stop.ts";
import { writeOut } from "../lab/written.ts";
import { EXIT_FAILED, Failure } from "../protocol/model/failure.ts";
import { count, displayTable } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { parseReport } from "./document.ts";
import { csvOf, type Entry, gotOf, gradescopeOf, junitOf } from "./files.ts";
import { MAX_DOCUMENT_BYTES, SUBMISSION_INTERVALS, SUBMISSION_MS } from "./limits.ts";
import { reportDocument } from "./report.ts";
import { totalOf } from "./result.ts";
import { CRITERIA, TOTAL } from "./rubric.ts";

export type ClassOptions = {
  /** The folder whose folders are the submissions. */
  readonly all: string;
  /** What each marker is told besides its folder: `--exec` and the like. */
  readonly flags: readonly string[];
  readonly intervalMs: number | null;
  /** How many at once; null for half as many as there are processors. */
  readonly jobs: number | null;
  readonly cores: number;
  readonly json: boolean;
  readonly atLeast: number | null;
  readonly csv: string | null;
  readonly junit: string | null;
  /** A folder in which each submission gets a file of its name. */
  readonly gradescope: string | null;
};

/**
 * Marks every submission; what is wrong with one is no matter to the others.
 * @returns 0, or 1 where one has fewer marks than were asked for, or 130 if it was interrupted
 * @throws Failure if there are none, or what was asked for cannot be written
 */
export async function runClass(options: ClassOptions): Promise<number> {
  const names = submissions(options.all);
  const stop = new Stop();
  try {
    const jobs = await jobsFor(options);
    const entries: Entry[] = [];
    const queue = [...names];
    const worker = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const entry = await markOne(name, options, stop);
        if (stop.why !== null) return;
        entries.push(entry);
        say(`${entries.length} of ${names.length}: ${name}, ${sayMarks(entry)}`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, worker));
    if (stop.why !== null) return INTERRUPTED;
    entries.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    write(entries, options);
    show(entries, options);
    const short = entries.some((entry) => marksOf(entry) < (options.atLeast ?? 0));
    return short ? EXIT_FAILED : 0;
  } catch (error) {
    if (error instanceof Stopped) return INTERRUPTED;
    throw error;
  } finally {
    stop.release();
  }
}

function submissions(all: string): string[] {
  const names = readdirSync(all, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && !entry.name.startsWith(".") ? [entry.name] : [],
  );
  if (names.length === 0) throw new Failure(`There is no folder in ${all}: each is a submission.`);
  return names.sort((a, b) => a.localeCompare(b, "en"));
}

/** All have the same ports: several at once only where each can have a network of its own. */
async function jobsFor({ jobs, cores }: ClassOptions): Promise<number> {
  const home = temporaryFolder("p2p-mark-");
  const caged = (await cagePrefix(home)) !== null;
  await rm(home, { recursive: true, force: true }).catch(() => {});
  if (caged) return jobs ?? Math.max(1, Math.floor(cores / 2));
  say(
    "There are no namespaces to be had here: one submission after the other, with what it leaves.",
  );
  return 1;
}

async function markOne(name: string, options: ClassOptions, stop: Stop): Promise<Entry> {
  const { all, flags, intervalMs } = options;
  const argv = ["mark", "--dir", join(all, name), "--json", ...flags];
  const child = Bun.spawn([...ownProgram(), ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: SUBMISSION_MS + SUBMISSION_INTERVALS * (intervalMs ?? 0),
    maxBuffer: MAX_DOCUMENT_BYTES,
    // It ends what it has started, and then itself.
    killSignal: "SIGTERM",
  });
  void stop.wished.then(() => child.kill("SIGTERM"));
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  const report = parseReport(stdout);
  if (report !== null) return { name, report, error: null };
  return { name, report, error: stderr.trim().split("\n").at(-1) || "it took too long" };
}

function marksOf({ report }: Entry): number {
  return report === null ? 0 : totalOf(report);
}

function sayMarks(entry: Entry): string {
  return entry.error === null ? `${marksOf(entry).toFixed(1)} marks` : entry.error;
}

function write(entries: readonly Entry[], { csv, junit, gradescope }: ClassOptions): void {
  if (csv !== null) writeOut(csv, csvOf(entries));
  if (junit !== null) writeOut(junit, junitOf(entries));
  if (gradescope === null) return;
  mkdirSync(gradescope, { recursive: true });
  for (const entry of entries)
    writeOut(join(gradescope, `${entry.name}.json`), gradescopeOf(entry));
}

/** What came of each, as a check: passed where it has the marks that were asked for. */
function headOf(entries: readonly Entry[], atLeast: number | null): Envelope {
  const checks = entries.map((entry): CheckOutcome => {
    const short = marksOf(entry) < (atLeast ?? 0);
    const verdict = entry.error === null ? (short ? "failed" : "passed") : "inconclusive";
    const title = `${marksOf(entry)} of ${TOTAL} marks`;
    const why = entry.error ?? (short ? `${atLeast} asked for` : null);
    return { name: entry.name, title, verdict, why, peers: [] };
  });
  const failed = entries.some((entry) => marksOf(entry) < (atLeast ?? 0));
  const verdict = atLeast === null ? "marked" : failed ? "failed" : "passed";
  const exitCode = failed ? EXIT_FAILED : 0;
  return { type: "class", v: 1, verdict, exitCode, seed: null, checks, times: {} };
}

function show(entries: readonly Entry[], { json, atLeast }: ClassOptions): void {
  if (json) {
    const submissions = entries.map(({ name, report, error }) => ({
      name,
      error,
      report: report && reportDocument(report, atLeast),
    }));
    console.log(JSON.stringify({ ...headOf(entries, atLeast), submissions }));
    return;
  }
  const rows = entries.map((entry) => [
    entry.name,
    ...CRITERIA.map((name) => gotOf(entry.report, name).toFixed(1)),
    marksOf(entry).toFixed(1),
  ]);
  for (const line of displayTable(["submission", ...CRITERIA, "together"], rows)) console.log(line);
  const failed = entries.filter(({ error }) => error !== null);
  if (failed.length > 0)
    console.log(`\n${count(failed.length, "submission")} could not be marked:`);
  for (const { name, error } of failed) console.log(`  ${name}: ${error}`);
}
