/** A ring to be measured: drawn ids, no loss, and nothing else than what the measurement does to it. */

import { DRAWN_BITS, type Strategy } from "../protocol/model/config.ts";
import type { NetworkConfig } from "./network.ts";
import { RandomGenerator } from "./random-generator.ts";
import { World } from "./world.ts";

export type FigureRing = { readonly world: World; readonly generator: RandomGenerator };

export type FigureRingOptions = {
  readonly peers: number;
  readonly pingIntervalMs: number;
  readonly strategy: Strategy;
  readonly network: NetworkConfig;
  /** Parts in a thousand of the messages that are written down as bytes. */
  readonly wirePerMille: number;
  readonly seed: number;
};

/** Delays as between cities and homes, and nothing lost: what is measured is the protocol's own. */
export const CALM_NETWORK: NetworkConfig = {
  minDelayMs: 1,
  maxDelayMs: 40,
  lossPerMille: 0,
  duplicatePerMille: 0,
};

/** Makes a ring that stands. */
export function formRing(options: FigureRingOptions): FigureRing {
  const { peers, pingIntervalMs, strategy, network, wirePerMille, seed } = options;
  const wire = { perMille: wirePerMille, ofTalk: wirePerMille };
  const config = { ring: 70_000, bits: DRAWN_BITS, strategy, pingIntervalMs, replicationFactor: 3 };
  const world = new World({ config, network, seed, wire });
  const generator = new RandomGenerator(seed ^ 0x5eed);
  const ids = new Set<number>();
  while (ids.size < peers) ids.add(drawKey(generator));
  world.form([...ids]);
  return { world, generator };
}

/** A position on the circle of drawn ids. */
export function drawKey(generator: RandomGenerator): number {
  return generator.below(2 ** 16) * 2 ** 32 + generator.bits();
}

/** An id that nobody has. */
export function drawFreeId({ world, generator }: FigureRing): number {
  const taken = new Set([...world.hosts.values()].map((host) => host.id));
  for (;;) {
    const id = drawKey(generator);
    if (!taken.has(id)) return id;
  }
}
