/** What `p2p sim` does: seeds with faults, a large ring under churn, a scenario, or the figures. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclusive } from "../checks/files.ts";
import { casesOf, junitXml } from "../checks/junit.ts";
import { type CheckOutcome, exitCodeOf, verdictOf } from "../checks/verdict.ts";
import { Failure } from "../protocol/model/failure.ts";
import { runCrew } from "./crew.ts";
import {
  checksOfRing,
  checksOfScenario,
  checksOfSeeds,
  type Missed,
  missedInWords,
  scaleDocument,
  scenarioDocument,
  scheduleDocument,
  seedDocument,
  seedsDocument,
} from "./document.ts";
import { DRAWING, type Drawing, HARD } from "./drawing.ts";
import { bytesFigure } from "./figure-bytes.ts";
import { healFigure } from "./figure-heal.ts";
import { hopsFigure } from "./figure-hops.ts";
import type { Figure, FigureProgress } from "./figure-kind.ts";
import { drawPlan, planAsScenario, showPlan } from "./plan.ts";
import { plotSvg } from "./plot.ts";
import { runLines, scaleTable, scheduleLines } from "./report.ts";
import { runScale, type ScaleOptions } from "./scale.ts";
import { playScenario } from "./scenario.ts";
import { planOfSchedule, type Schedule } from "./schedule.ts";
import { playPlan, type RunsResult, runSeeds, unreached } from "./simulated-runs.ts";

/** What is told beside, or instead of, lines for people. */
type Outputs = {
  readonly json: boolean;
  /** Where JUnit's XML is written; null for nowhere. */
  readonly junit: string | null;
};

export type SimOptions =
  | ({
      readonly kind: "seeds";
      readonly first: number;
      readonly count: number;
      readonly twice: boolean;
      /** Draws from all faults, and clients. */
      readonly hard: boolean;
      /** How many processes play them. */
      readonly jobs: number;
      /** The command that starts this program. */
      readonly program: readonly string[];
    } & Outputs)
  | ({ readonly kind: "seed"; readonly seed: number; readonly hard: boolean } & Outputs)
  | ({ readonly kind: "scale" } & Outputs & Omit<ScaleOptions, "progress">)
  | ({ readonly kind: "scenario"; readonly path: string; readonly seed: number } & Outputs)
  | ({
      readonly kind: "schedule";
      /** Where the run was read from. */
      readonly path: string;
      readonly schedule: Schedule;
      /** Its faults are those that were done, not those that were planned. */
      readonly asDone: boolean;
    } & Outputs)
  | { readonly kind: "plot"; readonly dir: string; readonly seed: number };

/** From so many seeds on, a set that has not reached every rare state is inconclusive. */
const SEEDS_FOR_ALL_STATES = 500;

/** Runs a simulation. @returns 0 if all held, 1 if something did not, 3 if nothing was tested */
export async function runSim(options: SimOptions): Promise<number> {
  switch (options.kind) {
    case "seeds":
      return playSeeds(options);
    case "seed":
      return playSeed(options);
    case "scale":
      return playScale(options);
    case "scenario":
      return playFile(options);
    case "schedule":
      return playSchedule(options);
    case "plot":
      return drawPlots(options);
  }
}

async function playSeeds(options: Extract<SimOptions, { kind: "seeds" }>): Promise<number> {
  const { first, count, twice, hard, jobs, program } = options;
  const drawing = drawingOf(options);
  const progress = progressOf("seed", count);
  const clock = () => performance.now();
  const result =
    jobs === 1
      ? runSeeds({ first, count, twice, drawing, progress, clock })
      : await runCrew({ first, count, twice, hard, hands: jobs, program, progress });
  progress(count, true);
  const missed = untested(result, drawing);
  const checks = checksOfSeeds(result, missed, hard);
  return show(options, `seeds ${first} to ${first + count - 1}`, checks, {
    document: () => seedsDocument(result, checks, missedInWords(missed)),
    lines: () => runLines(result, missedInWords(missed), hard),
  });
}

/** What is told of a simulation, for programs and for people. */
type Told = { readonly document: () => object; readonly lines: () => readonly string[] };

/** Prints it, and writes what was asked for. @returns the exit code. @throws Failure */
function show(
  { json, junit }: Outputs,
  what: string,
  checks: readonly CheckOutcome[],
  told: Told,
): number {
  console.log(json ? JSON.stringify(told.document()) : told.lines().join("\n"));
  if (junit !== null) {
    write(junit, junitXml("p2p sim", [{ name: what, cases: casesOf(checks) }]));
  }
  return exitCodeOf(verdictOf(checks));
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new Failure(
      `${path} could not be written: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

/** D5, and the rare states: why a set of seeds that held shows too little. */
function untested(result: RunsResult, drawing: Drawing): Missed {
  const states = result.count >= SEEDS_FOR_ALL_STATES ? unreached(result, drawing) : [];
  return { tested: conclusive(result.faults, result.filesRead), states };
}

function drawingOf({ hard }: { readonly hard: boolean }): Drawing {
  return hard ? HARD : DRAWING;
}

function playSeed(options: Extract<SimOptions, { kind: "seed" }>): number {
  const { seed, hard } = options;
  const drawing = drawingOf({ hard });
  const clock = () => performance.now();
  const result = runSeeds({ first: seed, count: 1, twice: true, drawing, clock });
  const plan = drawPlan(seed, drawing);
  const missed = untested(result, drawing);
  const checks = checksOfSeeds(result, missed, hard);
  return show(options, `seed ${seed}`, checks, {
    document: () => seedDocument(result, checks, showPlan(plan)),
    lines: () => [
      planAsScenario(plan, `seed ${seed}`),
      ...runLines(result, missedInWords(missed), hard),
    ],
  });
}

function playScale(options: Extract<SimOptions, { kind: "scale" }>): number {
  const progress = progressOf("%", 100);
  const began = performance.now();
  const result = runScale({ ...options, progress: (share) => progress(Math.floor(share * 100)) });
  progress(100, true);
  const realMs = performance.now() - began;
  const what = `a ring of ${options.peers}, seed ${options.seed}`;
  return show(options, what, checksOfRing(result.checks), {
    document: () => scaleDocument(result, realMs),
    lines: () => scaleTable(result, realMs),
  });
}

function playFile(options: Extract<SimOptions, { kind: "scenario" }>): number {
  const { path, seed } = options;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(
      `The scenario ${path} cannot be read (${error instanceof Error ? error.message : error}).`,
    );
  }
  let difference: string | null;
  try {
    difference = playScenario(text, seed);
  } catch (error) {
    throw new Failure(`${path} is no scenario: ${error instanceof Error ? error.message : error}.`);
  }
  const checks = checksOfScenario(difference);
  return show(options, path, checks, {
    document: () => scenarioDocument(path, seed, checks),
    lines: () => [difference === null ? `${path} is told as written` : `${path}, ${difference}`],
  });
}

function playSchedule(options: Extract<SimOptions, { kind: "schedule" }>): number {
  const { path, schedule, asDone } = options;
  const scheduled = planOfSchedule(schedule);
  const { result, failed } = playPlan(scheduled.plan, true);
  const tested = conclusive(scheduled.played, result.filesRead + result.reads);
  const failures = failed === null ? [] : [failed];
  const checks = checksOfSeeds({ count: 1, failures }, { tested, states: [] }, false);
  const told = { path, ...scheduled, result };
  return show(options, path, checks, {
    document: () => scheduleDocument(told, checks),
    lines: () => scheduleLines(told, failed, asDone),
  });
}

function drawPlots({ dir, seed }: Extract<SimOptions, { kind: "plot" }>): number {
  const progress = (what: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
  };
  const figures = drawFigures({ seed, quick: false, progress });
  progress("");
  mkdirSync(dir, { recursive: true });
  for (const figure of figures) {
    const path = join(dir, `${figure.name}.svg`);
    writeFileSync(path, plotSvg(figure));
    console.log(path);
  }
  return 0;
}

/** How far a long run is, in a terminal only. */
function progressOf(what: string, of: number): (done: number, over?: boolean) => void {
  let shown = "";
  return (done, over = false) => {
    if (!process.stderr.isTTY) return;
    const text = over ? "" : `${what} ${done} of ${of}`;
    if (text === shown) return;
    shown = text;
    process.stderr.write(`\r\x1b[K${text}`);
  };
}

type FigureOptions = {
  readonly seed: number;
  /** Smaller rings and fewer measurements: seconds instead of minutes. */
  readonly quick: boolean;
  readonly progress?: FigureProgress;
};

/** Measures all figures. The same seed gives the same figures. */
export function drawFigures({ seed, quick, progress = () => {} }: FigureOptions): Figure[] {
  return [
    hopsFigure(seed, quick, progress),
    bytesFigure(seed, quick, progress),
    healFigure(seed, quick, progress),
  ];
}
