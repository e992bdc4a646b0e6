/**
 * Plans: what a seed draws. A ring of its own size and kind, a network, and faults of kinds and at
 * times of its own, as actions in the words of scenarios; so a plan that fails is a scenario already.
 */
import type { RingConfig } from "../protocol/model/config.ts";
import { Drafter } from "./drafter.ts";
import { DRAWING, KINDS, type Kind, PART_WIRE, WHOLE_WIRE } from "./drawing.ts";
import { drawEpilogue, type Epilogue, epilogueInWords } from "./epilogue.ts";
import { drawKey } from "./figure-ring.ts";
import { HOSTILE_NAMES } from "./names.ts";
import type { NETWORKS } from "./network.ts";
import { drawOrders, type PlannedAction } from "./orders.ts";
import { RandomGenerator } from "./random-generator.ts";
import { drawnRing, numberedRing } from "./stage.ts";
import type { WireShare } from "./wire-trip.ts";

export type Plan = {
  readonly seed: number;
  readonly config: RingConfig;
  readonly network: keyof typeof NETWORKS;
  readonly driftPerMillion: number;
  readonly wire: WireShare;
  /** Drivers and kernels keep little. */
  readonly small: boolean;
  readonly ids: readonly number[];
  /** In the order of their times, in virtual milliseconds. */
  readonly actions: readonly PlannedAction[];
  /** What befalls the ring when it is calm again. */
  readonly epilogue: Epilogue | null;
};

/** A plan as other programs read it: its names stay, whatever the program calls the same things. */
type ShownPlan = Omit<Plan, "config"> & {
  readonly config: Omit<RingConfig, "replicationFactor"> & { readonly copies: number };
};

export function showPlan({ seed, config, ...plan }: Plan): ShownPlan {
  const { replicationFactor, ...ring } = config;
  return { seed, config: { ...ring, copies: replicationFactor }, ...plan };
}

/** The ring's own founding takes so long at most; faults begin then. */
const FOUNDING_MS = 8_000;
/** The last fault is left to itself for so long before all faults end. */
export const SETTLE_AFTER_MS = 2_000;
const MOST_FAULTS = 28;
/** Between two faults: in the same instant, within a probe, after it, or when all is long calm. */
const PAUSES_MS = [0, 1, 20, 400, 2_000, 6_000, 25_000] as const;

/** Of a scenario that does not say how many. */
const COPIES = numberedRing(1).replicationFactor;
const WARM_UP = 20;
/** Names that all clients of a plan work on. */
const MOST_NAMES = 5;

/** Draws the plan of a seed. The same seed gives the same plan, always. */
export function drawPlan(seed: number, drawing = DRAWING): Plan {
  const generator = new RandomGenerator(seed);
  // Seeds next to each other begin alike; they part after a few draws.
  for (let i = 0; i < WARM_UP; i++) generator.bits();
  const drawn = generator.perMille(drawing.drawnPerMille);
  const wire = generator.perMille(drawing.wholeWirePerMille) ? WHOLE_WIRE : PART_WIRE;
  const small = generator.perMille(drawing.smallPerMille);
  const ids = drawIds(generator, drawn);
  const interval = generator.pick([500, 1_000, 5_000]);
  const config: RingConfig = {
    ...(drawn ? drawnRing(interval) : numberedRing(interval)),
    strategy: generator.pick(["successor", "finger", "direct"]),
  };
  const names = drawNames(generator, drawn);
  const drafter = new Drafter(generator, ids, config.bits, names);
  const kinds = generator.sample(KINDS, generator.between(3, KINDS.length));
  const weighted = kinds.flatMap((kind) => Array<Kind>(drawing.weights[kind]).fill(kind));
  const faults: PlannedAction[] = [];
  const from = FOUNDING_MS + 2 * interval;
  let at = from;
  const count = generator.between(3, MOST_FAULTS);
  for (let i = 0; i < count && weighted.length > 0; i++) {
    for (const words of drafter.draft(generator.pick(weighted), at) ?? []) {
      const [, how = "", wait = "0", rest = ""] = /^(after|later) (\d+) (.*)$/.exec(words) ?? [];
      if (how === "after") at += Number(wait);
      faults.push({ at: how === "later" ? at + Number(wait) : at, action: rest || words });
    }
    at += generator.pick(PAUSES_MS);
  }
  const peers = drafter.everyone;
  const known = { names, peers, faults: inOrder(faults), from, count: drawing.operations };
  return {
    seed,
    config,
    network: generator.pick(["local", "wide", "hostile"]),
    driftPerMillion: generator.pick([0, 200]),
    wire,
    small,
    ids,
    actions: inOrder([...faults, ...drawOrders(generator, known)]),
    epilogue: drawing.epilogue ? drawEpilogue(seed, config.bits) : null,
  };
}

function drawIds(generator: RandomGenerator, drawn: boolean): number[] {
  const size = generator.pick([3, 4, 5, 8, 12, 16, 24, 40]);
  if (drawn) return Array.from({ length: size }, () => drawKey(generator));
  const all = Array.from({ length: 256 }, (_, i) => i);
  return generator.sample(all, size);
}

/** Those of clients; what is typed at peers has names of its own, of which some are the same. */
function drawNames(generator: RandomGenerator, drawn: boolean): string[] {
  const count = generator.between(1, MOST_NAMES);
  if (drawn) return generator.sample(HOSTILE_NAMES, count);
  const digits = Array.from({ length: count }, () =>
    String(generator.below(10_000)).padStart(4, "0"),
  );
  return [...new Set(digits)];
}

/** By their times, and of those at the same time as they were drawn. */
function inOrder(actions: readonly PlannedAction[]): PlannedAction[] {
  return [...actions].sort((a, b) => a.at - b.at);
}

/** A plan as a scenario's text, to be kept in the tests and played again. */
export function planAsScenario(plan: Plan, why: string): string {
  return [
    `# ${why}`,
    `seed ${plan.seed}`,
    `network ${plan.network}`,
    `drift ${plan.driftPerMillion}`,
    `wire ${plan.wire.perMille} ${plan.wire.ofTalk}`,
    ...(plan.small ? ["limits small"] : []),
    `bits ${plan.config.bits}`,
    `strategy ${plan.config.strategy}`,
    `interval ${plan.config.pingIntervalMs / 1_000}`,
    ...(plan.config.replicationFactor === COPIES
      ? []
      : [`copies ${plan.config.replicationFactor}`]),
    `ring ${plan.ids.join(" ")}`,
    ...plan.actions.map(({ at, action }) => `at ${at} ${action}`),
    `at ${(plan.actions.at(-1)?.at ?? FOUNDING_MS) + SETTLE_AFTER_MS} settle`,
    "calm",
    ...(plan.epilogue === null ? [] : [`# then, in calm: ${epilogueInWords(plan.epilogue)}`]),
    "",
  ].join("\n");
}
