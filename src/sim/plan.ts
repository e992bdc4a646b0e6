/**
 * Plans: what a seed draws. A ring of its own size and kind, a network, and faults of kinds and at
 * times of its own, as actions in the words of stories; so a plan that fails is a story already.
 */
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import { Chance } from "./chance.ts";
import { Drafter, KINDS } from "./drafter.ts";
import type { NETWORKS } from "./network.ts";

export type PlannedAction = { readonly at: number; readonly action: string };

export type Plan = {
  readonly seed: number;
  readonly config: RingConfig;
  readonly network: keyof typeof NETWORKS;
  readonly driftPerMillion: number;
  readonly ids: readonly number[];
  /** In the order of their times, in virtual milliseconds. */
  readonly actions: readonly PlannedAction[];
};

/** The ring's own founding takes so long at most; faults begin then. */
const FOUNDING_MS = 8_000;
/** The share of a plan's messages that goes through the real wire format. */
export const WIRE_PER_MILLE = 20;
/** The last fault is left to itself for so long before all faults end. */
export const SETTLE_AFTER_MS = 2_000;
const MOST_FAULTS = 28;
/** Between two faults: in the same instant, within a trial, after it, or when all is long calm. */
const PAUSES_MS = [0, 1, 20, 400, 2_000, 6_000, 25_000] as const;

/** Draws the plan of a seed. The same seed gives the same plan, always. */
export function drawPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const all = Array.from({ length: 256 }, (_, i) => i);
  const size = chance.pick([3, 4, 5, 8, 12, 16, 24, 40]);
  const ids = chance.sample(all, size);
  const config: RingConfig = {
    ring: 12_000,
    bits: NUMBERED_BITS,
    strategy: chance.pick(["successor", "finger", "direct"]),
    pingIntervalMs: chance.pick([500, 1_000, 5_000]),
    copies: 3,
  };
  const drafter = new Drafter(chance, ids);
  const kinds = chance.sample(KINDS, chance.between(3, KINDS.length));
  const count = chance.between(3, MOST_FAULTS);
  const actions: PlannedAction[] = [];
  let at = FOUNDING_MS + 2 * config.pingIntervalMs;
  for (let i = 0; i < count; i++) {
    const action = drafter.draft(chance.pick(kinds), at);
    if (action === null) continue;
    for (const words of action) {
      const [, later = "0", rest = words] = /^after (\d+) (.*)$/.exec(words) ?? [];
      at += Number(later);
      actions.push({ at, action: rest });
    }
    at += chance.pick(PAUSES_MS);
  }
  return {
    seed,
    config,
    network: chance.pick(["local", "wide", "hostile"]),
    driftPerMillion: chance.pick([0, 200]),
    ids,
    actions,
  };
}

/** A plan as a story's text, to be kept in the tests and played again. */
export function planAsStory(plan: Plan, why: string): string {
  return [
    `# ${why}`,
    `seed ${plan.seed}`,
    `network ${plan.network}`,
    `drift ${plan.driftPerMillion}`,
    `wire ${WIRE_PER_MILLE}`,
    `strategy ${plan.config.strategy}`,
    `interval ${plan.config.pingIntervalMs / 1_000}`,
    `ring ${plan.ids.join(" ")}`,
    ...plan.actions.map(({ at, action }) => `at ${at} ${action}`),
    `at ${(plan.actions.at(-1)?.at ?? FOUNDING_MS) + SETTLE_AFTER_MS} settle`,
    "calm",
    "",
  ].join("\n");
}
