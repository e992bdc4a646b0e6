/** Which peers of another program's ring are ended, in which order: drawn beforehand, from the seed and ids alone. Pure. */
import { makeRandom, type Random, randomBelow } from "../protocol/model/random.ts";
import type { PlannedFault } from "./run-lines.ts";

/** What can be done to a process of which nothing else is known. */
export const FOREIGN_KINDS = ["kill", "freeze"] as const;
export type ForeignKind = (typeof FOREIGN_KINDS)[number];

export type ForeignFaults = {
  /** In [0, 2^32). */
  readonly seed: number;
  readonly ids: readonly number[];
  readonly kinds: readonly ForeignKind[];
  /** So many faults, or, where null, as many as `forMs` has room for. */
  readonly count: number | null;
  readonly forMs: number | null;
  /** The least time from fault to fault. */
  readonly everyMs: number;
  /** Two neighbours in the same instant, or one at a time. */
  readonly together: boolean;
  readonly only: readonly number[] | null;
  readonly protect: readonly number[];
};

/**
 * Faults in pairs, and the second strikes a neighbour of the first before anybody is started again: two
 * adjacent deaths, one after the other, as the assignment has them. With `together` each strikes both at once.
 */
export function drawForeignFaults(plan: ForeignFaults): PlannedFault[] {
  const random = makeRandom(plan.seed);
  const ids = [...plan.ids].sort((a, b) => a - b);
  const faults: PlannedFault[] = [];
  const most = plan.count ?? Math.floor((plan.forMs ?? 0) / plan.everyMs) + 1;
  while (faults.length < most) {
    const pair = neighbours(plan, ids, random);
    if (pair.length === 0) break;
    for (const peers of plan.together ? [pair] : pair.map((id) => [id])) {
      const kind = plan.kinds[randomBelow(random, plan.kinds.length)] ?? "kill";
      const n = faults.length + 1;
      const when = { atMs: (n - 1) * plan.everyMs, forMs: 0 };
      faults.push({ n, kind, ...when, peers, others: [], amount: null });
    }
  }
  return faults.slice(0, most);
}

/** Two peers next to each other on the circle; one, where its neighbours are not to be struck. */
function neighbours(
  { only, protect }: ForeignFaults,
  ids: readonly number[],
  random: Random,
): number[] {
  const may = (id: number): boolean => (only?.includes(id) ?? true) && !protect.includes(id);
  const victims = ids.filter(may);
  const first = victims[randomBelow(random, Math.max(1, victims.length))];
  if (first === undefined) return [];
  const steps = randomBelow(random, 2) === 0 ? 1 : ids.length - 1;
  const next = ids[(ids.indexOf(first) + steps) % ids.length];
  return next === undefined || next === first || !may(next) ? [first] : [first, next];
}
