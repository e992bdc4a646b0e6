/** `p2p mark`: marks any program that takes the assignment's command line. */
import { exitCodeOf as verdictExitCode } from "../checks/verdict.ts";
import { isOwnWorld } from "../foreign/cage.ts";
import { LENIENT, STRICT } from "../foreign/reading.ts";
import type { User } from "../foreign/user.ts";
import { inCage } from "../lab/caged.ts";
import { Stop } from "../lab/stop.ts";
import { writeJunit, writeOut } from "../lab/written.ts";
import { say } from "../terminal/shown.ts";
import { planScenario } from "./deeds.ts";
import { type Entry, gradescopeOf, junitOf } from "./files.ts";
import { Marking } from "./marking.ts";
import { ScenarioPlay } from "./play.ts";
import { checksOf, playDocument, playLines, playVerdict } from "./play-report.ts";
import { exitCodeOf, reportDocument, reportLines, verdictOf } from "./report.ts";
import type { MarkReport } from "./result.ts";

export type MarkOptions = {
  /** The command as it was given, and its words. */
  readonly given: string;
  readonly command: readonly string[];
  /** A folder that each network works in a copy of; null for an empty one. */
  readonly folder: string | null;
  /** Null for what is usual: a second, or what the scenario says. */
  readonly intervalMs: number | null;
  /** What to play instead of the rubric; null for none. */
  readonly scenario: Scenario | null;
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

/** A scenario as text, and where it was found. */
export type Scenario = { readonly path: string; readonly text: string };

const DEFAULT_INTERVAL_MS = 1_000;

/**
 * Marks a program: in namespaces of its own where there are any, else beside everything else.
 * @returns 0 marked, 1 below `atLeast`, 130 interrupted
 * @throws Failure if the program cannot be run, or its ports are in use
 */
export async function runMark(options: MarkOptions): Promise<number> {
  // What cannot be played is said before anything is set up.
  if (options.scenario !== null) planScenario(options.scenario.text, options.scenario.path);
  const { argv, caged } = options;
  const stop = new Stop();
  try {
    return await inCage({ name: "mark", argv, caged }, stop, () => markHere(options, stop));
  } finally {
    stop.release();
  }
}

async function markHere(options: MarkOptions, stop: Stop): Promise<number> {
  const { scenario } = options;
  const work = scenario === null ? marking(options) : playing(options, scenario);
  try {
    const show = await stop.unless(work.run());
    return show();
  } catch (error) {
    return stop.codeAfter(error);
  } finally {
    await work.close();
  }
}

/** What is done to the program; `run` resolves with what shows what came of it and gives the exit code. */
type Work = { run(): Promise<() => number>; close(): Promise<void> };

function marking(options: MarkOptions): Work {
  const { intervalMs } = options;
  const plan = { ...programOf(options), intervalMs: intervalMs ?? DEFAULT_INTERVAL_MS };
  const marking = new Marking(plan, tell);
  const run = async () => {
    const report = await marking.run();
    return () => {
      show(report, options);
      return exitCodeOf(verdictOf(report, options.atLeast));
    };
  };
  return { run, close: () => marking.close() };
}

function playing(options: MarkOptions, { path, text }: Scenario): Work {
  const { intervalMs, json, junit, given } = options;
  const steps = planScenario(text, path);
  const play = new ScenarioPlay({ ...programOf(options), intervalMs, path, steps }, tell);
  const run = async () => {
    const report = await play.run();
    return () => {
      const lines = json ? [JSON.stringify(playDocument(report))] : playLines(report);
      for (const line of lines) console.log(line);
      if (junit !== null) writeJunit(junit, "p2p mark", `${given}, ${path}`, checksOf(report));
      return verdictExitCode(playVerdict(report));
    };
  };
  return { run, close: () => play.close() };
}

function programOf(options: MarkOptions) {
  const { given, command, folder, limitMs, strict, caged, user } = options;
  const reading = strict ? STRICT : LENIENT;
  return { ...{ given, command, folder, limitMs, user, reading }, ownWorld: isOwnWorld(caged) };
}

function show(report: MarkReport, { given, json, atLeast, junit, gradescope }: MarkOptions): void {
  const entry: Entry = { name: given, report, error: null };
  if (junit !== null) writeOut(junit, junitOf([entry]));
  if (gradescope !== null) writeOut(gradescope, gradescopeOf(entry));
  if (json) console.log(JSON.stringify(reportDocument(report, atLeast)));
  else for (const line of reportLines(report, atLeast)) console.log(line);
}

function tell(sentence: string): void {
  say(sentence);
}
