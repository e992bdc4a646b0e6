/** What `p2p sim` does: seeds with faults, a large ring under churn, a scenario, or the figures. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclusive } from "../checks/files.ts";
import { EXIT_INCONCLUSIVE, Failure } from "../protocol/model/failure.ts";
import { runCrew } from "./crew.ts";
import { DRAWING, type Drawing, HARD } from "./drawing.ts";
import { bytesFigure } from "./figure-bytes.ts";
import { healFigure } from "./figure-heal.ts";
import { hopsFigure } from "./figure-hops.ts";
import type { Figure, FigureProgress } from "./figure-kind.ts";
import { drawPlan, planAsScenario, showPlan } from "./plan.ts";
import { plotSvg } from "./plot.ts";
import { runLines, scaleTable } from "./report.ts";
import { runScale, type ScaleOptions } from "./scale.ts";
import { playScenario } from "./scenario.ts";
import { type RunsResult, runSeeds, unreached } from "./simulated-runs.ts";

export type SimOptions =
  | {
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
      readonly json: boolean;
    }
  | {
      readonly kind: "seed";
      readonly seed: number;
      readonly hard: boolean;
      readonly json: boolean;
    }
  | ({ readonly kind: "scale"; readonly json: boolean } & Omit<ScaleOptions, "progress">)
  | { readonly kind: "scenario"; readonly path: string; readonly seed: number }
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
  if (options.json) console.log(JSON.stringify({ v: 2, ...result, unreached: missed }));
  else console.log(runLines(result, missed, options.hard).join("\n"));
  if (result.failures.length > 0) return 1;
  return missed.length > 0 ? EXIT_INCONCLUSIVE : 0;
}

/** D5, and the rare states: why a set of seeds that held shows too little. */
function untested(result: RunsResult, drawing: Drawing): string[] {
  const tested = conclusive(result.faults, result.filesRead);
  const states = result.count >= SEEDS_FOR_ALL_STATES ? unreached(result, drawing) : [];
  return [...(tested.ok ? [] : [tested.why]), ...states.map((state) => `never reached: ${state}`)];
}

function drawingOf({ hard }: { readonly hard: boolean }): Drawing {
  return hard ? HARD : DRAWING;
}

function playSeed({ seed, hard, json }: Extract<SimOptions, { kind: "seed" }>): number {
  const drawing = drawingOf({ hard });
  const clock = () => performance.now();
  const result = runSeeds({ first: seed, count: 1, twice: true, drawing, clock });
  if (json) {
    console.log(JSON.stringify({ v: 1, plan: showPlan(drawPlan(seed, drawing)), ...result }));
  } else {
    console.log(planAsScenario(drawPlan(seed, drawing), `seed ${seed}`));
    console.log(runLines(result, [], hard).join("\n"));
  }
  return result.failures.length > 0 ? 1 : 0;
}

function playScale(options: Extract<SimOptions, { kind: "scale" }>): number {
  const progress = progressOf("%", 100);
  const began = performance.now();
  const result = runScale({ ...options, progress: (share) => progress(Math.floor(share * 100)) });
  progress(100, true);
  const realMs = performance.now() - began;
  if (options.json) console.log(JSON.stringify({ v: 1, ...result, realMs }));
  else console.log(scaleTable(result, realMs).join("\n"));
  return result.ok ? 0 : 1;
}

function playFile({ path, seed }: Extract<SimOptions, { kind: "scenario" }>): number {
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
  console.log(difference === null ? `${path} is told as written` : `${path}, ${difference}`);
  return difference === null ? 0 : 1;
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
