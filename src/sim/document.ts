/** What simulations came to, as documents for other programs: docs/REPORTS.md. Pure. */
import type { CheckResult } from "../checks/ring.ts";
import {
  CHECK_TITLES,
  type CheckOutcome,
  type Envelope,
  exitCodeOf,
  type TimeSpread,
  tenth,
  type Verdict,
  verdictOf,
} from "../checks/verdict.ts";
import { planAsScenario } from "./plan.ts";
import type { ScaleResult, Spread } from "./scale.ts";
import type { Scheduled } from "./schedule.ts";
import type { RunResult } from "./simulated-run.ts";
import type { RunsResult } from "./simulated-runs.ts";

type Document = Envelope & Readonly<Record<string, unknown>>;

/** Asked of hard seeds alone. */
const OF_HARD: readonly string[] = ["D9", "R11"];
/** Whether every rare state was reached. */
const RARE_STATES = "rare-states";

/** Why seeds show too little. */
export type Missed = {
  /** D5. */
  readonly tested: CheckResult;
  /** Rare states that none has reached, where so many seeds should have. */
  readonly states: readonly string[];
};

/** In words, nothing where nothing was missed. */
export function missedInWords({ tested, states }: Missed): string[] {
  return [...(tested.ok ? [] : [tested.why]), ...states.map((state) => `never reached: ${state}`)];
}

/** A check for each that is asked of seeds. A seed ends at the first that does not hold. */
export function checksOfSeeds(
  { count, failures }: Pick<RunsResult, "count" | "failures">,
  missed: Missed,
  hard: boolean,
): CheckOutcome[] {
  const broken = new Map(failures.toReversed().map((each) => [each.failure.check, each]));
  const names = Object.keys(CHECK_TITLES).filter((name) => hard || !OF_HARD.includes(name));
  const others = [...broken.keys()].filter((name) => !names.includes(name));
  const checks = [...names, ...others].map((name): CheckOutcome => {
    const first = broken.get(name);
    if (first !== undefined) {
      return outcome(name, "failed", `seed ${first.seed}: ${first.failure.why}`);
    }
    if (name === "D5" && !missed.tested.ok) return outcome(name, "inconclusive", missed.tested.why);
    // The others held in those that went on to their end.
    if (failures.length < count) return outcome(name, "passed", null);
    return outcome(name, "inconclusive", "every seed ended before it was asked to the end");
  });
  if (missed.states.length === 0) return checks;
  const why = `never reached: ${missed.states.join("; ")}`;
  const title = "every rare state was reached";
  return [...checks, { ...outcome(RARE_STATES, "inconclusive", why), title }];
}

/** Of seeds: their figures as they are, and the checks. */
export function seedsDocument(
  result: RunsResult,
  checks: readonly CheckOutcome[],
  unreached: readonly string[],
): Document {
  return { ...headOf("seeds", 2, result.first, checks), ...result, unreached };
}

/** Of one seed. @param plan as others read it */
export function seedDocument(
  result: RunsResult,
  checks: readonly CheckOutcome[],
  plan: object,
): Document {
  return { ...headOf("seed", 1, result.first, checks), plan, ...result };
}

/** What came of a schedule, besides its checks. */
export type SchedulePlayed = Pick<Scheduled, "plan" | "played" | "omitted"> & {
  readonly path: string;
  readonly result: RunResult;
};

export function scheduleDocument(
  { path, plan, played, omitted, result }: SchedulePlayed,
  checks: readonly CheckOutcome[],
): Document {
  const { fingerprint, filesRead, operations, reads, inputs, virtualMs } = result;
  return {
    ...headOf("schedule", 1, plan.seed, checks),
    ...{ path, ids: plan.ids, copies: plan.config.replicationFactor, faults: played, omitted },
    ...{ filesRead, operations, reads, inputs, virtualMs, fingerprint },
    scenario: planAsScenario(plan, `the schedule of ${path}`),
  };
}

/** Of a large ring. */
export function scaleDocument(result: ScaleResult, realMs: number): Document {
  const { checks: results, ...figures } = result;
  const checks = checksOfRing(results);
  const times = { detect: timesOf(result.detectMs), known: timesOf(result.knownMs) };
  return { ...headOf("scale", 2, result.seed, checks, times), ...figures, realMs };
}

/** Of a ring in calm. */
export function checksOfRing(results: Readonly<Record<string, CheckResult>>): CheckOutcome[] {
  return Object.entries(results).map(([name, result]) =>
    result.ok ? outcome(name, "passed", null) : outcome(name, "failed", result.why, result.peers),
  );
}

/** Of a scenario: one check, whether all is told as written. @param difference null if it is */
export function checksOfScenario(difference: string | null): CheckOutcome[] {
  const title = "everything is told as it is written";
  const verdict = difference === null ? "passed" : "failed";
  return [{ name: "scenario", title, verdict, why: difference, peers: [] }];
}

export function scenarioDocument(
  path: string,
  seed: number,
  checks: readonly CheckOutcome[],
): Document {
  return { ...headOf("scenario", 1, seed, checks), path };
}

function headOf(
  type: string,
  v: number,
  seed: number,
  checks: readonly CheckOutcome[],
  times: Envelope["times"] = {},
): Envelope {
  const verdict = verdictOf(checks);
  return { type, v, verdict, exitCode: exitCodeOf(verdict), seed, checks, times };
}

function timesOf({ count, median, p95, max }: Spread): TimeSpread {
  const time = (ms: number) => (count === 0 ? null : tenth(ms));
  // Its clock is the ring's own.
  return { count, medianMs: time(median), p95Ms: time(p95), maxMs: time(max), errorMs: 0 };
}

function outcome(
  name: string,
  verdict: Verdict,
  why: string | null,
  peers: readonly number[] = [],
): CheckOutcome {
  return { name, title: CHECK_TITLES[name] ?? name, verdict, why, peers };
}
