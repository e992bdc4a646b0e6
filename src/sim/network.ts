/**
 * A network drawn from a seed: delay, loss, duplication and reordering of datagrams; ordered streams;
 * links that are cut one way or both, slow, or hanging half-open.
 */
import type { Address } from "../protocol/member.ts";
import type { Chance } from "./chance.ts";

export type NetworkConfig = {
  /** One way, in milliseconds; each delivery draws between the two, so datagrams overtake each other. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Parts in a thousand of all datagrams. */
  readonly lossPerMille: number;
  readonly duplicatePerMille: number;
};

export const NETWORKS = {
  /** One machine, or a quiet local network. */
  local: { minDelayMs: 0.05, maxDelayMs: 0.5, lossPerMille: 0, duplicatePerMille: 0 },
  /** A good network between cities. */
  wide: { minDelayMs: 8, maxDelayMs: 25, lossPerMille: 10, duplicatePerMille: 1 },
  /** A bad day. */
  hostile: { minDelayMs: 1, maxDelayMs: 60, lossPerMille: 50, duplicatePerMille: 30 },
} as const satisfies Record<string, NetworkConfig>;

export const LOCAL_NETWORK: NetworkConfig = NETWORKS.local;
export const HOSTILE_NETWORK: NetworkConfig = NETWORKS.hostile;

/** What happens to a message on a link. */
export type Link =
  | { readonly kind: "open"; readonly extraMs: number }
  /** Nothing arrives; the sender of a stream learns it by its own time limit. */
  | { readonly kind: "cut" }
  /** Nothing arrives on a stream, and nobody learns it. */
  | { readonly kind: "half-open" };

type Cut = { readonly from: ReadonlySet<Address>; readonly to: ReadonlySet<Address> };

const OPEN: Link = { kind: "open", extraMs: 0 };

/** Ordered pairs of addresses remembered for the order of their streams; older ones have passed. */
const STREAMS_REMEMBERED = 65_536;

export class Network {
  readonly #chance: Chance;
  readonly #config: NetworkConfig;
  /** When the last message of a stream arrives, so that the next does not overtake it. */
  readonly #streams = new Map<string, number>();
  readonly #cuts: Cut[] = [];
  readonly #slow = new Map<string, number>();
  readonly #halfOpen = new Set<string>();

  constructor(config: NetworkConfig, chance: Chance) {
    this.#config = config;
    this.#chance = chance;
  }

  /** The state of the link from one address to another. */
  link(from: Address, to: Address): Link {
    if (this.#cuts.length > 0 && this.#cuts.some((c) => c.from.has(from) && c.to.has(to))) {
      return { kind: "cut" };
    }
    if (this.#slow.size === 0 && this.#halfOpen.size === 0) return OPEN;
    const name = `${from} ${to}`;
    if (this.#halfOpen.has(name)) return { kind: "half-open" };
    const extraMs = this.#slow.get(name);
    return extraMs === undefined ? OPEN : { kind: "open", extraMs };
  }

  /** Lets nothing through from these to those. */
  cut(from: readonly Address[], to: readonly Address[]): void {
    this.#cuts.push({ from: new Set(from), to: new Set(to) });
  }

  /** Makes a link slower, in that direction. */
  slow(from: Address, to: Address, extraMs: number): void {
    this.#slow.set(`${from} ${to}`, extraMs);
  }

  /** Lets the stream from one to the other hang, unnoticed. */
  hang(from: Address, to: Address): void {
    this.#halfOpen.add(`${from} ${to}`);
  }

  /** True while no link is cut, slow or hanging. */
  get isWhole(): boolean {
    return this.#cuts.length + this.#slow.size + this.#halfOpen.size === 0;
  }

  /** Mends every link. */
  mend(): void {
    this.#cuts.length = 0;
    this.#slow.clear();
    this.#halfOpen.clear();
  }

  /** One way's delay, drawn anew each time. */
  delay(): number {
    const { minDelayMs, maxDelayMs } = this.#config;
    return minDelayMs + ((maxDelayMs - minDelayMs) * this.#chance.below(1_024)) / 1_024;
  }

  /** The delays after which a datagram sent now arrives: none, one or two. */
  datagramDelays(from: Address, to: Address): number[] {
    const { lossPerMille, duplicatePerMille } = this.#config;
    const link = this.link(from, to);
    if (link.kind === "cut" || this.#chance.perMille(lossPerMille)) return [];
    const extra = link.kind === "open" ? link.extraMs : 0;
    const delays = [extra + this.delay()];
    if (this.#chance.perMille(duplicatePerMille)) delays.push(extra + this.delay());
    return delays;
  }

  /** The time at which a message sent now on the stream between two addresses arrives. */
  streamArrival(now: number, from: Address, to: Address, extraMs: number): number {
    const name = `${from} ${to}`;
    const at = Math.max(now + extraMs + this.delay(), this.#streams.get(name) ?? 0);
    if (this.#streams.size >= STREAMS_REMEMBERED) this.#streams.clear();
    this.#streams.set(name, at);
    return at;
  }
}
