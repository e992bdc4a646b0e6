/** What a plan's clients do: many operations on a few names, most of them while something is wrong. */
import { BODY_BYTES } from "../protocol/model/config.ts";
import { wordOf } from "./names.ts";
import type { RandomGenerator } from "./random-generator.ts";

export type PlannedAction = { readonly at: number; readonly action: string };

export type OrdersOf = {
  readonly names: readonly string[];
  /** The peers that a client may ask; some may not run when it does. */
  readonly peers: readonly number[];
  readonly faults: readonly PlannedAction[];
  readonly from: number;
  readonly count: number;
};

const CLIENTS = { least: 3, most: 6 } as const;
/** Peers that a client tries, one after the other. */
const TRIES = 3;
/** Around a fault: just before it, and until what follows from it has happened. */
const NEAR_MS = { before: 400, after: 6_000 } as const;
const VERBS = [
  "store",
  "store",
  "store",
  "request",
  "request",
  "request",
  "request",
  "remove",
  "where",
];
/** Steps of four bytes between sizes: each try of a store is one byte longer. */
const STEP = 4;
/** Most are small; some are just below and above what travels with a message, and a few take their time. */
const SIZES = [
  [1, 9_000],
  [1, 9_000],
  [1, 9_000],
  [1, 9_000],
  [BODY_BYTES - 5_000, BODY_BYTES],
  [BODY_BYTES + STEP, 400_000],
  [400_000, 8_000_000],
] as const;

/** Draws the clients' operations. No two stores have one size, and so one content. */
export function drawOrders(generator: RandomGenerator, of: OrdersOf): PlannedAction[] {
  const { names, peers, faults, from, count } = of;
  const clients = generator.between(CLIENTS.least, CLIENTS.most);
  const until = faults.at(-1)?.at ?? from;
  const sizes = new Set<number>();
  return Array.from({ length: count }, () => {
    const near = faults.length > 0 && generator.below(4) > 0;
    const at = near
      ? generator.pick(faults).at + generator.between(-NEAR_MS.before, NEAR_MS.after)
      : generator.between(from, until + NEAR_MS.after);
    const verb = generator.pick(VERBS);
    const name = wordOf(generator.pick(names));
    const size = verb === "store" ? ` ${freshSize(generator, sizes)}` : "";
    const via = generator.sample(peers, TRIES).join(" ");
    const client = generator.between(1, clients);
    return { at: Math.max(from, at), action: `client ${client} ${verb} ${name}${size} via ${via}` };
  });
}

function freshSize(generator: RandomGenerator, taken: Set<number>): number {
  const [least, most] = generator.pick(SIZES);
  let size = generator.between(Math.ceil(least / STEP), Math.floor(most / STEP));
  while (taken.has(size)) size += 1;
  taken.add(size);
  return size * STEP;
}
