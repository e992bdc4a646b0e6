/**
 * A large ring over a long time: peers come and go at a rate, the network loses datagrams, and the run
 * is measured. It begins with a ring that stands, and ends, after a calm, with all checks.
 */
import { brokenChecks, type CheckResult, checkRing, type PeerSnapshot } from "../checks/ring.ts";
import { DRAWN_BITS, NUMBERED_BITS, type Strategy } from "../protocol/model/config.ts";
import { isIn } from "../protocol/state.ts";
import type { Host } from "./host.ts";
import { Measures } from "./measures.ts";
import { RandomGenerator } from "./random-generator.ts";
import { joinThrough } from "./stage.ts";
import { World } from "./world.ts";

export type ScaleOptions = {
  readonly peers: number;
  /** Virtual time under churn. */
  readonly forMs: number;
  /** Departures and joins in a virtual second; half of each. */
  readonly churnPerSecond: number;
  readonly pingIntervalMs: number;
  readonly lossPerMille: number;
  readonly strategy: Strategy;
  readonly seed: number;
  /** Called now and then with the share of the virtual time that has passed, in [0, 1]. */
  readonly progress?: (share: number) => void;
};

export type ScaleResult = {
  readonly seed: number;
  readonly peersAtEnd: number;
  readonly virtualMs: number;
  readonly inputs: number;
  readonly fingerprint: string;
  readonly departures: number;
  readonly joins: number;
  readonly hops: Spread;
  /** Milliseconds from a kill until the two predecessors have dropped the victim, and until all have. */
  readonly detectMs: Spread;
  readonly knownMs: Spread;
  /** Messages and bytes sent by one peer in one virtual second, on average. */
  readonly messagesPerPeerSecond: number;
  readonly bytesPerPeerSecond: number;
  readonly checks: Readonly<Record<string, CheckResult>>;
  readonly ok: boolean;
};

/** Of some measurements: how many, their mean, median, and those below which 95 and 99 of 100 are. */
export type Spread = {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/** Lookups made after the churn, from random peers for random keys. */
const LOOKUPS = 2_000;
const CALM_ROUNDS = 10;
const CALM_MS = 30_000;

/** Runs a large ring. */
export function runScale(options: ScaleOptions): ScaleResult {
  const run = new ScaleRun(options);
  run.churn();
  const checks = run.calm();
  return run.result(checks);
}

class ScaleRun {
  readonly #options: ScaleOptions;
  readonly #world: World;
  readonly #measures: Measures;
  readonly #generator: RandomGenerator;
  readonly #circle: number;
  #departures = 0;
  #joins = 0;
  readonly #hops: number[] = [];

  constructor(options: ScaleOptions) {
    this.#options = options;
    const { peers, pingIntervalMs, lossPerMille, strategy, seed } = options;
    const bits = peers <= 128 ? NUMBERED_BITS : DRAWN_BITS;
    this.#circle = 2 ** bits;
    this.#generator = new RandomGenerator(seed);
    const network = { minDelayMs: 1, maxDelayMs: 40, lossPerMille, duplicatePerMille: 1 };
    const config = { ring: 70_000, bits, strategy, pingIntervalMs, replicationFactor: 3 };
    this.#world = new World({ config, network, seed, wire: { perMille: 2, ofTalk: 2 } });
    this.#measures = new Measures(this.#world);
    const ids = new Set<number>();
    while (ids.size < peers) ids.add(this.#drawId());
    this.#world.form([...ids]);
    this.#measures.begin();
  }

  /** The time under churn. */
  churn(): void {
    const { forMs, churnPerSecond, progress } = this.#options;
    const world = this.#world;
    const steps = 200;
    for (let step = 1; step <= steps; step++) {
      const end = (forMs * step) / steps;
      while (churnPerSecond > 0) {
        const next = world.now + this.#generator.exponential(1_000 / churnPerSecond);
        if (next > end) break;
        world.run(next);
        this.#change();
      }
      world.run(end);
      progress?.(step / steps);
    }
    this.#measures.stop();
  }

  /** No more faults: a bounded time, then every check, with lookups. */
  calm(): Record<string, CheckResult> {
    const world = this.#world;
    const end = world.now + CALM_MS + CALM_ROUNDS * this.#options.pingIntervalMs;
    let checks: Record<string, CheckResult>;
    do {
      world.run(world.now + 5_000);
      checks = checkRing(this.#snapshots());
    } while (brokenChecks(checks).length > 0 && world.now < end);
    if (brokenChecks(checks).length > 0) return checks;
    return checkRing(this.#withLookups());
  }

  result(checks: Record<string, CheckResult>): ScaleResult {
    const world = this.#world;
    const { detect, known, messages, bytes, peerMs } = this.#measures;
    const seconds = Math.max(peerMs / 1_000, 1);
    return {
      seed: this.#options.seed,
      peersAtEnd: world.living().length,
      virtualMs: world.now,
      inputs: world.inputs,
      fingerprint: world.fingerprint.toString(),
      departures: this.#departures,
      joins: this.#joins,
      hops: spreadOf(this.#hops),
      detectMs: spreadOf(detect),
      knownMs: spreadOf(known),
      messagesPerPeerSecond: messages / seconds,
      bytesPerPeerSecond: bytes / seconds,
      checks,
      ok: brokenChecks(checks).length === 0,
    };
  }

  /** One departure or one join: the ring keeps about its size. */
  #change(): void {
    const world = this.#world;
    const up = this.#measures.up;
    const host = up[this.#generator.below(up.length)];
    if (host === undefined) return;
    const small = up.length <= this.#options.peers;
    if (small && this.#generator.perMille(500 + (up.length < this.#options.peers ? 300 : 0))) {
      this.#joins += 1;
      this.#measures.joined(world.startPeer(this.#drawFreeId(), joinThrough(world, host.id)));
      return;
    }
    if (up.length <= 3) return;
    this.#departures += 1;
    this.#measures.killed(host);
    world.kill(host.id);
    world.forget(host.id);
  }

  #withLookups() {
    const world = this.#world;
    const asked = new Map<number, { host: Host; key: number; command: number }[]>();
    const up = world.living();
    for (let i = 0; i < LOOKUPS; i++) {
      const host = this.#generator.pick(up);
      const key = this.#drawId();
      const command = world.command(host.id, { kind: "lookup", key }, null);
      asked.set(host.id, [...(asked.get(host.id) ?? []), { host, key, command }]);
      if (i % 200 === 199) world.run(world.now + 2_000);
    }
    world.run(world.now + 60_000);
    return this.#snapshots().map((peer) => {
      const lookups = (asked.get(peer.id) ?? []).map(({ key, command }) => {
        const outcome = this.#measures.outcomes.get(command);
        if (outcome?.kind !== "owner") return { key, owner: null, hops: 0, route: [] };
        const hops = outcome.route.length - 1;
        this.#hops.push(hops);
        return { key, owner: outcome.owner, hops, route: outcome.route };
      });
      return { ...peer, lookups };
    });
  }

  /**
   * What the peers in the ring say. Peers that know the same name one table, so that thousands of them
   * are checked at the cost of a few; the departed, which no check asks for, are left out.
   */
  #snapshots(): PeerSnapshot[] {
    return this.#world.living().flatMap(({ peer }) => {
      if (peer === null || !isIn(peer)) return [];
      const {
        self,
        config,
        membership: { view },
      } = peer;
      const { bits, strategy } = config;
      const successors = view.after(self.id, 2).map((m) => m.id);
      const predecessors = view.before(self.id, 2).map((m) => m.id);
      const { members } = view;
      return [{ id: self.id, bits, strategy, successors, predecessors, members, lookups: [] }];
    });
  }

  #drawId(): number {
    if (this.#circle <= 2 ** 32) return this.#generator.below(this.#circle);
    return this.#generator.below(2 ** 16) * 2 ** 32 + this.#generator.bits();
  }

  #drawFreeId(): number {
    for (;;) {
      const id = this.#drawId();
      if (!this.#world.hosts.has(this.#world.addressOf(id))) return id;
    }
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const sum = sorted.reduce((total, value) => total + value, 0);
  const mean = sorted.length === 0 ? 0 : sum / sorted.length;
  const [median, p95, p99] = [at(0.5), at(0.95), at(0.99)];
  return { count: sorted.length, mean, median, p95, p99, max: sorted.at(-1) ?? 0 };
}
