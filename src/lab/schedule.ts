/** Whom chaos kills and when: drawn beforehand, from the seed and the sorted ids alone. Pure. */
import { makeRandom, randomBelow } from "../protocol/model/random.ts";
import { MAX_KILLS } from "./limits.ts";

/** A kill: not before this time after the first one may be, in milliseconds. */
export type Kill = { readonly atMs: number; readonly victim: number };

export type SchedulePlan = {
  /** In [0, 2^32). */
  readonly seed: number;
  readonly ids: readonly number[];
  /** So many kills, or, where null, as many as `forMs` has room for. */
  readonly kills: number | null;
  readonly forMs: number | null;
  /** The least time from kill to kill. */
  readonly everyMs: number;
};

/** A kill comes up to this share of `everyMs` later, so that kills meet the pings at any phase. */
const SPREAD = 4;

/** The same plan gives the same victims at the same times, always; at most 100,000. */
export function drawSchedule(plan: SchedulePlan): Kill[] {
  const random = makeRandom(plan.seed);
  const ids = [...plan.ids].sort((a, b) => a - b);
  const most = Math.min(plan.kills ?? MAX_KILLS, MAX_KILLS);
  const schedule: Kill[] = [];
  let atMs = 0;
  while (schedule.length < most && ids.length > 0) {
    const victim = ids[randomBelow(random, ids.length)] ?? 0;
    const late = randomBelow(random, Math.floor(plan.everyMs / SPREAD) + 1);
    if (plan.forMs !== null && atMs + late > plan.forMs) break;
    schedule.push({ atMs: atMs + late, victim });
    atMs += late + plan.everyMs;
  }
  return schedule;
}

/** The two peers that watch a victim: its predecessors, as far as there are others than it. */
export function watchersOf(victim: number, living: readonly number[]): number[] {
  const others = living.filter((id) => id !== victim).sort((a, b) => a - b);
  const after = others.findIndex((id) => id > victim);
  const at = after < 0 ? others.length : after;
  const before = (steps: number): number[] => {
    const id = others[(at - steps + 2 * others.length) % others.length];
    return id === undefined ? [] : [id];
  };
  return [...new Set([...before(1), ...before(2)])];
}
