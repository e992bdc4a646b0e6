/** A network drawn from a seed: delay, loss, duplication and reordering of datagrams; ordered streams. */
import type { Address } from "../protocol/member.ts";
import { type Random, randomBelow } from "../protocol/random.ts";

export type NetworkConfig = {
  /** One way, in milliseconds; each delivery draws between the two, so datagrams overtake each other. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Parts in a thousand of all datagrams. */
  readonly lossPerMille: number;
  readonly duplicatePerMille: number;
};

/** A quiet local network. */
export const LOCAL_NETWORK: NetworkConfig = {
  minDelayMs: 0.05,
  maxDelayMs: 0.5,
  lossPerMille: 0,
  duplicatePerMille: 0,
};

/** A bad day on a wide one. */
export const HOSTILE_NETWORK: NetworkConfig = {
  minDelayMs: 1,
  maxDelayMs: 60,
  lossPerMille: 50,
  duplicatePerMille: 30,
};

export class Network {
  readonly #random: Random;
  readonly #config: NetworkConfig;
  /** When the last message of a stream arrives, so that the next does not overtake it. */
  readonly #streams = new Map<string, number>();

  constructor(config: NetworkConfig, random: Random) {
    this.#config = config;
    this.#random = random;
  }

  /** One way's delay, drawn anew each time. */
  delay(): number {
    const { minDelayMs, maxDelayMs } = this.#config;
    return minDelayMs + ((maxDelayMs - minDelayMs) * randomBelow(this.#random, 1_000)) / 1_000;
  }

  /** The times at which a datagram sent now arrives: none, one or two. */
  datagramArrivals(now: number): number[] {
    const { lossPerMille, duplicatePerMille } = this.#config;
    if (randomBelow(this.#random, 1_000) < lossPerMille) return [];
    const arrivals = [now + this.delay()];
    if (randomBelow(this.#random, 1_000) < duplicatePerMille) arrivals.push(now + this.delay());
    return arrivals;
  }

  /** The time at which a message sent now on the stream between two addresses arrives. */
  streamArrival(now: number, from: Address, to: Address): number {
    const name = `${from} ${to}`;
    const at = Math.max(now + this.delay(), this.#streams.get(name) ?? 0);
    this.#streams.set(name, at);
    return at;
  }
}
