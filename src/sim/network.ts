/**
 * A network drawn from a seed: delay, loss, duplication and reordering of datagrams; ordered streams;
 * links that are cut one way or both, for one channel or both, slow, or hanging half-open.
 */
import type { Address } from "../protocol/model/member.ts";
import type { RandomGenerator } from "./random-generator.ts";

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

/** What becomes of the packets of one channel from one host to another. */
export type Link =
  | { readonly kind: "open"; readonly extraMs: number }
  /** Nothing arrives; what a stream was given waits in the sender's kernel, and is sent again and again. */
  | { readonly kind: "cut" }
  /** Nothing arrives on a stream, though dialling it seems to succeed. */
  | { readonly kind: "half-open" }
  /** What a stream carries arrives, but its sender never hears so: the way back is cut. */
  | { readonly kind: "unheard"; readonly extraMs: number };

/** What a cut stops: every packet, datagrams alone, or streams that are dialled from its one side to the other. */
export type CutOf = "all" | "udp" | "tcp";

type Cut = {
  /** The words of the scenario that made it, by which it is mended alone. */
  readonly words: string;
  readonly of: CutOf;
  readonly from: Set<Address>;
  readonly to: Set<Address>;
};

const OPEN: Link = { kind: "open", extraMs: 0 };
const CUT: Link = { kind: "cut" };

/** Links are between hosts, each named by the first address it ever had: one that moves stays cut off. */
export class Network {
  readonly #generator: RandomGenerator;
  readonly #config: NetworkConfig;
  #cuts: Cut[] = [];
  readonly #slow = new Map<string, number>();
  readonly #halfOpen = new Set<string>();

  constructor(config: NetworkConfig, generator: RandomGenerator) {
    this.#config = config;
    this.#generator = generator;
  }

  /** The way of a datagram from one host to another. */
  datagramLink(from: Address, to: Address): Link {
    if (this.#isCut(from, to, "udp")) return CUT;
    return this.#slowed(from, to);
  }

  /** The way of a stream's bytes, from the one who dialled it to the other. */
  streamLink(from: Address, to: Address): Link {
    if (this.#cuts.length > 0) {
      if (this.#isCut(from, to, "tcp")) return CUT;
      if (this.#isCut(to, from, "all")) {
        const way = this.#slowed(from, to);
        return way.kind === "open" ? { kind: "unheard", extraMs: way.extraMs } : way;
      }
    }
    if (this.#halfOpen.size > 0 && this.#halfOpen.has(`${from} ${to}`)) {
      return { kind: "half-open" };
    }
    return this.#slowed(from, to);
  }

  /** True if no link is cut or hangs. */
  get calm(): boolean {
    return this.#cuts.length === 0 && this.#halfOpen.size === 0;
  }

  /** True while no link is cut, slow or hanging. */
  get isWhole(): boolean {
    return this.calm && this.#slow.size === 0;
  }

  /** True if a stream that is dialled from one host to the other carries what it is given. */
  carries(from: Address, to: Address): boolean {
    return this.streamLink(from, to).kind === "open";
  }

  /** Lets nothing through from these to those. @param words what it is mended by */
  cut(of: CutOf, from: readonly Address[], to: readonly Address[], words = ""): void {
    this.#cuts.push({ words, of, from: new Set(from), to: new Set(to) });
  }

  /** A new host is on the side of another one, whatever is cut: it is no bridge. */
  beside(address: Address, other: Address): void {
    for (const { from, to } of this.#cuts) {
      if (from.has(other)) from.add(address);
      if (to.has(other)) to.add(address);
    }
  }

  /** Makes a link slower, in that direction. */
  slow(from: Address, to: Address, extraMs: number): void {
    this.#slow.set(`${from} ${to}`, extraMs);
  }

  /** Lets the stream from one to the other hang, unnoticed. */
  hang(from: Address, to: Address): void {
    this.#halfOpen.add(`${from} ${to}`);
  }

  /** Mends the cuts that those words made. */
  mendCut(words: string): void {
    this.#cuts = this.#cuts.filter((cut) => cut.words !== words);
  }

  /** Mends every link. */
  mend(): void {
    this.#cuts = [];
    this.#slow.clear();
    this.#halfOpen.clear();
  }

  /** One way's delay, drawn anew each time. */
  delay(): number {
    const { minDelayMs, maxDelayMs } = this.#config;
    return minDelayMs + ((maxDelayMs - minDelayMs) * this.#generator.below(1_024)) / 1_024;
  }

  /** The delays after which a datagram sent now arrives: none, one or two. */
  datagramDelays(from: Address, to: Address): number[] {
    const { lossPerMille, duplicatePerMille } = this.#config;
    const link = this.datagramLink(from, to);
    if (link.kind === "cut" || this.#generator.perMille(lossPerMille)) return [];
    const extra = link.kind === "open" ? link.extraMs : 0;
    const delays = [extra + this.delay()];
    if (this.#generator.perMille(duplicatePerMille)) delays.push(extra + this.delay());
    return delays;
  }

  #slowed(from: Address, to: Address): Link {
    const extraMs = this.#slow.size === 0 ? undefined : this.#slow.get(`${from} ${to}`);
    return extraMs === undefined ? OPEN : { kind: "open", extraMs };
  }

  /** True if a cut of all packets, or of that kind, is on the way. */
  #isCut(from: Address, to: Address, of: CutOf): boolean {
    return this.#cuts.some(
      (c) => (c.of === "all" || c.of === of) && c.from.has(from) && c.to.has(to),
    );
  }
}
