/**
 * Swarm runs: each seed draws a ring of its own, a network, and faults at any moment; then the faults
 * end, and everything that must hold has to hold within a bound.
 */
import { brokenChecks, checkRing, type PeerSnapshot } from "../checks/ring.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import type { Outcome } from "../protocol/events.ts";
import { keyOfDigits } from "../protocol/files.ts";
import { makeRandom, type Random, randomBelow, randomSample } from "../protocol/random.ts";
import type { Host } from "./host.ts";
import { HOSTILE_NETWORK, LOCAL_NETWORK } from "./network.ts";
import { initOf, joinThrough, snapshots } from "./story.ts";
import { World } from "./world.ts";

export type SwarmResult = {
  readonly seed: number;
  /** What was done, in order, for a person who looks into a failure. */
  readonly history: readonly string[];
  /** Null if all held; else what did not. */
  readonly failure: string | null;
};

const FAULTS = ["kill", "kill-neighbours", "freeze", "quit", "join", "restart", "store"] as const;

/** Between two faults: at once, within a trial, or after it. */
const PAUSES_MS = [1, 50, 400, 2_000, 6_000];

/** After the last fault, all must hold within ten ping intervals, and this for what waits longer. */
const CALM_MS = 45_000;

/** Plays one seed. The same seed gives the same history, always. */
export function runSwarm(seed: number): SwarmResult {
  return new Swarm(seed).run();
}

class Swarm {
  readonly #random: Random;
  readonly #world: World;
  readonly #history: string[] = [];
  /** The names whose store was acknowledged, and those that may be either way. */
  readonly #stored = new Map<string, string>();
  readonly #unsure = new Set<string>();
  #nextName = 0;

  constructor(readonly seed: number) {
    this.#random = makeRandom(seed);
    const strategies = ["successor", "finger", "direct"] as const;
    const config: RingConfig = {
      ring: 12_000,
      bits: NUMBERED_BITS,
      strategy: strategies[this.#below(3)] ?? "successor",
      pingIntervalMs: [500, 1_000, 5_000][this.#below(3)] ?? 1_000,
      copies: 3,
    };
    const network = this.#below(2) === 0 ? LOCAL_NETWORK : HOSTILE_NETWORK;
    this.#world = new World(config, network, seed);
    const ids = randomSample(
      this.#random,
      Array.from({ length: 256 }, (_, i) => i),
      3 + this.#below(18),
    );
    const sorted = [...ids].sort((a, b) => a - b);
    this.#note(
      `ring ${sorted.join(" ")}, ${config.strategy}, interval ${config.pingIntervalMs} ms`,
    );
    for (const id of ids) this.#world.startPeer(id, initOf(this.#world, sorted, id));
  }

  run(): SwarmResult {
    const world = this.#world;
    world.run(10_000);
    const faults = 5 + this.#below(20);
    for (let i = 0; i < faults; i++) {
      this.#inject(FAULTS[this.#below(FAULTS.length)] ?? "kill");
      world.run(world.now + (PAUSES_MS[this.#below(PAUSES_MS.length)] ?? 0));
    }
    for (const host of world.living()) if (host.frozen) this.#thaw(host);
    const failure = this.#settle() ?? this.#readBack();
    return { seed: this.seed, history: this.#history, failure };
  }

  #inject(fault: (typeof FAULTS)[number]): void {
    const world = this.#world;
    const up = world.living().filter((h) => !h.frozen && h.peer?.phase === "in");
    const victim = up[this.#below(up.length)];
    const frozen = world.living().find((h) => h.frozen);
    if (victim === undefined) return;
    switch (fault) {
      case "kill":
        if (up.length > 3) this.#kill([victim]);
        return;
      case "kill-neighbours": {
        const at = up.indexOf(victim);
        const count = Math.min(2 + this.#below(2), up.length - 3);
        this.#kill(
          Array.from({ length: Math.max(count, 0) }, (_, i) => up[(at + i) % up.length] ?? victim),
        );
        return;
      }
      case "freeze":
        if (frozen !== undefined) this.#thaw(frozen);
        else if (up.length > 3) this.#freeze(victim);
        return;
      case "quit":
        if (up.length <= 3) return;
        this.#note(`quit ${victim.id}`);
        world.type(victim.id, "Quit");
        return;
      case "join":
        this.#join(victim);
        return;
      case "restart": {
        const dead = [...world.hosts.values()].filter(
          (h) => h.peer === null && h.exitCode === null,
        );
        const host = dead[this.#below(dead.length)];
        if (host === undefined) return;
        this.#note(`restart ${host.id}`);
        world.startPeer(host.id, host.start);
        return;
      }
      case "store":
        this.#store(victim);
    }
  }

  #kill(victims: readonly Host[]): void {
    // Two of three copies may be out of reach at a time; then the third needs its time to be copied.
    const frozen = this.#world.living().some((h) => h.frozen);
    for (const victim of victims.slice(0, frozen ? 1 : 2)) {
      this.#note(`kill ${victim.id}`);
      this.#world.kill(victim.id);
    }
    if (victims.length > 0) this.#world.run(this.#world.now + 20_000);
  }

  #freeze(host: Host): void {
    this.#note(`freeze ${host.id}`);
    this.#world.freeze(host.id);
  }

  #thaw(host: Host): void {
    this.#note(`thaw ${host.id}`);
    this.#world.thaw(host.id);
  }

  #join(known: Host): void {
    const world = this.#world;
    const id = this.#below(256);
    if (world.hosts.has(world.addressOf(id))) return;
    this.#note(`join ${id} via ${known.id}`);
    world.startPeer(id, joinThrough(world, known.id));
  }

  #store(origin: Host): void {
    const name = String(this.#nextName++).padStart(4, "0");
    const content = { size: 1 + this.#below(2_000_000), sha256: name.padStart(64, "0") };
    this.#note(`store ${name} at ${origin.id}`);
    this.#unsure.add(name);
    const key = keyOfDigits(name);
    const what = { kind: "store", name, key, size: content.size } as const;
    const command = this.#world.command(origin.id, what, content);
    this.#world.run(this.#world.now + 3_000);
    if (outcomeOf(origin, command)?.kind !== "stored") return;
    this.#stored.set(name, content.sha256);
    this.#unsure.delete(name);
  }

  /** Waits for calm. @returns what does not hold when its time is over */
  #settle(): string | null {
    const world = this.#world;
    const end = world.now + CALM_MS + 10 * world.config.pingIntervalMs;
    let broken = ["nothing was checked"];
    let checks: ReturnType<typeof checkRing> | null = null;
    while (world.now < end && broken.length > 0) {
      world.run(world.now + 1_000);
      checks = checkRing(this.#withLookups(snapshots(world)));
      broken = brokenChecks(checks);
    }
    if (broken.length === 0 || checks === null) return null;
    return Object.entries(checks)
      .flatMap(([name, result]) => (result.ok ? [] : [`${name}: ${result.why}`]))
      .join("; ");
  }

  #withLookups(peers: readonly PeerSnapshot[]): PeerSnapshot[] {
    const world = this.#world;
    const asked = peers.map((peer) => {
      const key = this.#below(256);
      return { peer, key, command: world.command(peer.id, { kind: "lookup", key }, null) };
    });
    world.run(world.now + 3_000);
    return asked.map(({ peer, key, command }) => {
      const host = world.hosts.get(world.addressOf(peer.id));
      const outcome = host === undefined ? null : outcomeOf(host, command);
      if (outcome?.kind !== "owner")
        return { ...peer, lookups: [{ key, owner: null, hops: 0, route: [] }] };
      const { owner, route } = outcome;
      return { ...peer, lookups: [{ key, owner, hops: route.length - 1, route }] };
    });
  }

  /** D1: every acknowledged store is readable from every peer, with its own content. */
  #readBack(): string | null {
    const world = this.#world;
    world.run(world.now + 10_000);
    for (const [name, sha256] of this.#stored) {
      const short = this.#holdersWithout(name);
      if (short.length > 0) return `D2: file ${name} is not on ${short.join(", ")}`;
      for (const host of world.living()) {
        const what = { kind: "request", name, key: keyOfDigits(name) } as const;
        const command = world.command(host.id, what, null);
        world.run(world.now + 4_000);
        const outcome = outcomeOf(host, command);
        if (outcome?.kind === "received" && outcome.sha256 === sha256) continue;
        const how = outcome?.kind === "failed" ? outcome.why : (outcome?.kind ?? "no answer");
        return `D1: file ${name} at peer ${host.id} (${host.peer?.phase}): ${how}`;
      }
    }
    return null;
  }

  /** D2: the first of the living from the key on that should have a copy, and have none. */
  #holdersWithout(name: string): number[] {
    const living = this.#world.living();
    const start = living.findIndex((h) => h.id >= keyOfDigits(name));
    const holders = living.map((_, i) => living[(Math.max(start, 0) + i) % living.length]);
    const { copies } = this.#world.config;
    return holders
      .slice(0, copies)
      .flatMap((h) => (h === undefined || h.disk.files.has(name) ? [] : [h.id]));
  }

  #note(what: string): void {
    this.#history.push(`${this.#world.now.toFixed(0)} ms  ${what}`);
  }

  #below(bound: number): number {
    return randomBelow(this.#random, bound);
  }
}

function outcomeOf(host: Host, command: number): Outcome | null {
  for (const event of host.events) {
    if (event.event === "outcome" && event.command === command) return event.outcome;
  }
  return null;
}
