/** `p2p mark`: marks any program that takes the assignment's command line. */
import { rm } from "node:fs/promises";
import { cagePrefix, isOwnWorld, namespaces, runCaged } from "../foreign/cage.ts";
import { LENIENT, STRICT } from "../foreign/reading.ts";
import type { User } from "../foreign/user.ts";
import { ownProgram } from "../lab/program.ts";
import { temporaryFolder } from "../lab/ring-folder.ts";
import { Stop, Stopped } from "../lab/stop.ts";
import { writeOut } from "../lab/written.ts";
import { say } from "../terminal/shown.ts";
import { type Entry, gradescopeOf, junitOf } from "./files.ts";
import { Marking, type MarkingPlan } from "./marking.ts";
import { exitCodeOf, reportDocument, reportLines, verdictOf } from "./report.ts";
import type { MarkReport } from "./result.ts";

export type MarkOptions = {
  /** The command as it was given, and its words. */
  readonly given: string;
  readonly command: readonly string[];
  /** A folder that each network works in a copy of; null for an empty one. */
  readonly folder: string | null;
  readonly intervalMs: number;
  readonly strict: boolean;
  readonly json: boolean;
  readonly limitMs: number | null;
  /** Who the program runs as; null for whoever marks it. */
  readonly user: User | null;
  /** The marks below which the exit code is 1; null for none. */
  readonly atLeast: number | null;
  /** Files to write besides; null for none. */
  readonly junit: string | null;
  readonly gradescope: string | null;
  /** Of a marker that was started in a cage: `namespaces` outside. */
  readonly caged: string | null;
  /** The command line of this very run, for one in a cage. */
  readonly argv: readonly string[];
};

/** Ctrl-C, as a shell has it. */
const INTERRUPTED = 130;

/**
 * Marks a program: in namespaces of its own where there are any, else beside everything else.
 * @returns 0 marked, 1 below `atLeast`, 130 interrupted
 * @throws Failure if the program cannot be run, or its ports are in use
 */
export async function runMark(options: MarkOptions): Promise<number> {
  const stop = new Stop();
  try {
    if (options.caged !== null) {
      followInput(stop);
      return await markHere(options, stop);
    }
    const home = temporaryFolder("p2p-mark-");
    try {
      const prefix = await cagePrefix(home);
      if (prefix === null) {
        tell("There are no namespaces to be had here: the program runs beside everything else.");
        return await markHere(options, stop);
      }
      const command = [...prefix, ...ownProgram(), "mark", ...options.argv, "--caged"];
      const code = await runCaged([...command, namespaces()], home, stop.wished);
      return code ?? INTERRUPTED;
    } finally {
      await rm(home, { recursive: true, force: true }).catch(() => {});
    }
  } finally {
    stop.release();
  }
}

async function markHere(options: MarkOptions, stop: Stop): Promise<number> {
  const marking = new Marking(planOf(options), tell);
  try {
    const report = await stop.unless(marking.run());
    show(report, options);
    return exitCodeOf(verdictOf(report, options.atLeast));
  } catch (error) {
    if (error instanceof Stopped) return stop.why === "output" ? 0 : INTERRUPTED;
    throw error;
  } finally {
    await marking.close();
  }
}

function planOf(options: MarkOptions): MarkingPlan {
  const { given, command, folder, intervalMs, limitMs, strict, caged, user } = options;
  return {
    ...{ given, command, folder, intervalMs, limitMs, user },
    reading: strict ? STRICT : LENIENT,
    ownWorld: isOwnWorld(caged),
  };
}

function show(report: MarkReport, { given, json, atLeast, junit, gradescope }: MarkOptions): void {
  const entry: Entry = { name: given, report, error: null };
  if (junit !== null) writeOut(junit, junitOf([entry]));
  if (gradescope !== null) writeOut(gradescope, gradescopeOf(entry));
  if (json) console.log(JSON.stringify(reportDocument(report, atLeast)));
  else for (const line of reportLines(report, atLeast)) console.log(line);
}

/** Whoever started this marker holds its standard input: it ends with that. */
function followInput(stop: Stop): void {
  process.stdin.on("end", () => stop.wish("input"));
  process.stdin.on("error", () => stop.wish("input"));
  process.stdin.resume();
}

function tell(sentence: string): void {
  say(sentence);
}
