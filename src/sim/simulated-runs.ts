/** Many seeds in a row: each drawn, played, and, if it fails, cut down to a scenario that can be kept. */
import { DRAWING, type Drawing } from "./drawing.ts";
import { drawPlan, type Plan, planAsScenario } from "./plan.ts";
import { shrinkPlan } from "./shrink.ts";
import { type Failure, type RunResult, runPlan } from "./simulated-run.ts";
import { ALL_STATES, type RareState, statesOf } from "./sometimes.ts";

export type RunsOptions = {
  readonly first: number;
  readonly count: number;
  /** Every seed is played twice, and must have one history. */
  readonly twice: boolean;
  /** What the seeds draw from; the usual one if left out. */
  readonly drawing?: Drawing;
  /** Called after each seed with how many are done. */
  readonly progress?: (done: number) => void;
  /** Milliseconds on any clock that does not go back: to measure, never to decide. */
  readonly clock: () => number;
};

export type RunFailure = {
  readonly seed: number;
  readonly failure: Failure;
  /** The plan cut down, as the text of a scenario. */
  readonly scenario: string;
};

/** What seeds came to, whoever has played them. */
export type SeedsPlayed = {
  readonly failures: readonly RunFailure[];
  /** How many seeds reached each rare state. */
  readonly reached: Readonly<Record<RareState, number>>;
  readonly faults: number;
  readonly filesRead: number;
  /** Operations of clients, and the reads among them that were answered. */
  readonly operations: number;
  readonly reads: number;
  readonly inputs: number;
  readonly virtualMs: number;
  readonly first: number;
  /** Of each history, in the order of the seeds. */
  readonly fingerprints: readonly string[];
};

export type RunsResult = Omit<SeedsPlayed, "fingerprints"> & {
  readonly count: number;
  readonly realMs: number;
  /** Of all histories together. */
  readonly fingerprint: string;
};

/** Failures cut down and kept; a broken protocol fails in many seeds the same way. */
export const KEPT_FAILURES = 5;

/** Plays the seeds, and measures the time of it. Stops early when enough of them have failed. */
export function runSeeds(options: RunsOptions): RunsResult {
  const began = options.clock();
  const played = playSeeds(options);
  return sumUp([played], options.clock() - began);
}

/** Plays the seeds. Stops early when enough of them have failed. */
export function playSeeds(options: Omit<RunsOptions, "clock">): SeedsPlayed {
  const { first, count, twice, progress, drawing = DRAWING } = options;
  const failures: RunFailure[] = [];
  const reached = noneReached();
  const sums = { faults: 0, filesRead: 0, operations: 0, reads: 0, inputs: 0, virtualMs: 0 };
  const fingerprints: string[] = [];
  for (let seed = first; seed < first + count && failures.length < KEPT_FAILURES; seed++) {
    const { result, failed } = playPlan(drawPlan(seed, drawing), twice);
    if (failed !== null) failures.push(failed);
    for (const state of result.reached) reached[state] += 1;
    for (const key of SUMMED) sums[key] += result[key];
    fingerprints.push(result.fingerprint);
    progress?.(seed - first + 1);
  }
  return { first, failures, reached, ...sums, fingerprints };
}

/**
 * Plays one plan.
 * @param twice it is to have one history
 * @returns what came of it, and if it failed, the plan cut down
 */
export function playPlan(
  plan: Plan,
  twice: boolean,
): { readonly result: RunResult; readonly failed: RunFailure | null } {
  const result = runPlan(plan);
  const again = twice ? runPlan(plan).fingerprint : result.fingerprint;
  const failure: Failure | null =
    again === result.fingerprint
      ? result.failure
      : { check: "determinism", why: `two histories, ${result.fingerprint} and ${again}`, at: 0 };
  return { result, failed: failure === null ? null : cutDown(plan.seed, plan, failure) };
}

const SUMMED = ["faults", "filesRead", "operations", "reads", "inputs", "virtualMs"] as const;

/** One result of parts that follow each other. @param realMs how long all of it took */
export function sumUp(parts: readonly SeedsPlayed[], realMs: number): RunsResult {
  const reached = noneReached();
  for (const part of parts) for (const state of ALL_STATES) reached[state] += part.reached[state];
  const sum = (key: (typeof SUMMED)[number]) => parts.reduce((all, part) => all + part[key], 0);
  const fingerprints = parts.flatMap((part) => part.fingerprints);
  return {
    first: parts[0]?.first ?? 0,
    count: fingerprints.length,
    failures: parts.flatMap((part) => part.failures).slice(0, KEPT_FAILURES),
    reached,
    faults: sum("faults"),
    filesRead: sum("filesRead"),
    operations: sum("operations"),
    reads: sum("reads"),
    inputs: sum("inputs"),
    virtualMs: sum("virtualMs"),
    realMs,
    fingerprint: joined(fingerprints),
  };
}

function noneReached(): Record<RareState, number> {
  return Object.fromEntries(ALL_STATES.map((s) => [s, 0])) as Record<RareState, number>;
}

/** The rare states that none of so many seeds has reached: then they have not tested enough. */
export function unreached(result: RunsResult, drawing: Drawing): RareState[] {
  return statesOf(drawing).filter((state) => result.reached[state] === 0);
}

function cutDown(seed: number, plan: Plan, failure: Failure): RunFailure {
  const { check } = failure;
  const { plan: small } = shrinkPlan(plan, (p) => runPlan(p).failure?.check === check);
  const after = runPlan(small).failure ?? failure;
  return { seed, failure, scenario: planAsScenario(small, `${after.check}: ${after.why}`) };
}

/** One fingerprint of many, which depends on their order. */
function joined(fingerprints: readonly string[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const character of fingerprints.join(" ")) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
