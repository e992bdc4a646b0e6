/**
 * Many peers under one virtual clock and one seeded network: the driver of the protocol that needs no
 * machine. The same seed and the same calls give the same history, always.
 */
import type { RingConfig } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import type { FileRecord } from "../protocol/model/files.ts";
import type { Command, Effect, Input, Start } from "../protocol/model/io.ts";
import { type Address, makeMember } from "../protocol/model/member.ts";
import { SharedViews, View } from "../protocol/model/view.ts";
import { nextDeadline, startPeer, step } from "../protocol/peer.ts";
import { isSmall, type SimContent } from "./bodies.ts";
import { effectBytes } from "./effect-bytes.ts";
import { beginEffect } from "./effects.ts";
import { Fingerprint } from "./fingerprint.ts";
import {
  type Host,
  LIMITS,
  type Limits,
  localTime,
  loseMemory,
  makeHost,
  type Stepping,
  virtualTime,
} from "./host.ts";
import { Network, type NetworkConfig } from "./network.ts";
import { Places } from "./places.ts";
import { Post } from "./post.ts";
import { EventQueue } from "./queue.ts";
import { RandomGenerator } from "./random-generator.ts";
import { inputsAtThaw, startInputOf, tellRoom } from "./running.ts";
import { sealed } from "./sealed.ts";
import type { WireShare } from "./wire-trip.ts";

export type WorldOptions = {
  readonly config: RingConfig;
  readonly network: NetworkConfig;
  readonly seed: number;
  /** Clocks run fast or slow by up to so many parts in a million; 0 if left out. */
  readonly driftPerMillion?: number;
  /** Messages that go through the real wire format; none if left out. */
  readonly wire?: WireShare;
  readonly limits?: Limits;
  readonly stepping?: Stepping;
};

/** A reader of the peers' events. */
export type WorldReader = (host: Host, event: PeerEvent) => void;

export class World {
  now = 0;
  readonly config: RingConfig;
  readonly hosts: ReadonlyMap<Address, Host>;
  readonly places: Places;
  /** The working directory that all peers share, as `NAME.pdf`. */
  readonly workingDirectory = new Map<string, SimContent>();
  readonly network: Network;
  readonly queue = new EventQueue();
  readonly generator: RandomGenerator;
  readonly fingerprint = new Fingerprint();
  readonly readers: WorldReader[] = [];
  /** Told of every write that has become durable, and when it had been written by at the latest. */
  readonly commits: ((host: Host, record: FileRecord, writtenBy: number) => void)[] = [];
  /** Told of every write that was replaced on a disk before it was durable there. */
  readonly overtaken: ((host: Host, record: FileRecord, at: number) => void)[] = [];
  /** Told of two whose link breaks and refuses for a moment, though both live. */
  readonly refusals: ((one: Host, other: Host) => void)[] = [];
  /** Told of every step that a peer has taken, before what comes of it. */
  readonly steps: ((host: Host) => void)[] = [];
  /** Told of every process that ends, however. */
  readonly endings: ((host: Host) => void)[] = [];
  /** Inputs given to peers so far, and the number that the next command gets. */
  inputs = 0;
  nextCommand = 1;
  readonly post: Post;
  readonly #driftPerMillion: number;
  readonly #limits: Limits;
  readonly #stepping: Stepping;
  readonly #views = new SharedViews();

  constructor(options: WorldOptions) {
    const { config, network, seed, driftPerMillion = 0, limits = LIMITS } = options;
    this.#stepping = options.stepping ?? ((_, peer, input) => step(peer, input));
    this.config = config;
    this.generator = new RandomGenerator(seed);
    this.network = new Network(network, this.generator);
    this.#driftPerMillion = driftPerMillion;
    this.#limits = limits;
    this.places = new Places(config);
    this.hosts = this.places.hosts;
    this.post = new Post(this, config.ring, options.wire ?? { perMille: 0, ofTalk: 0 });
  }

  /** The hosts whose peers run, by id. */
  living(): Host[] {
    return [...this.hosts.values()].filter((h) => h.peer !== null).sort((a, b) => a.id - b.id);
  }

  /** The first address of a peer, which names its host. */
  addressOf(id: number): Address {
    return this.places.addressOf(id);
  }

  at(address: Address): Host | undefined {
    return this.places.at(address);
  }

  isLeft(address: Address): boolean {
    return this.places.isLeft(address);
  }

  sourceOf(host: Host, to: Address): Address {
    return this.places.sourceOf(host, to);
  }

  /** Makes a ring that stands: every peer is in it and knows all the others. */
  form(ids: readonly number[]): void {
    const drawn = ids.map((id) => ({ id, instance: this.generator.instance() }));
    const members = drawn.map(({ id, instance }) => {
      const { address } = this.#makeHost(id, { kind: "found" });
      return makeMember({ id, address, incarnation: 1, instance, state: "alive" });
    });
    const view = View.of(members, this.#views);
    for (const { id, instance } of drawn) this.#start(id, { kind: "formed", view }, instance);
  }

  /** @throws Error if there was never such a peer */
  hostOf(id: number): Host {
    const host = this.places.byId(id);
    if (host === undefined) throw new Error(`there is no peer ${id}`);
    return host;
  }

  /** Starts a peer on a new host, or again on its old one with the disk as it is. */
  startPeer(id: number, start: Start): Host {
    return this.#start(id, start, this.generator.instance());
  }

  /** Starts a second process under an id that may be taken, at an address of its own. */
  startTwin(id: number, start: Start): void {
    const address = this.places.twinAddress(id);
    if (this.hosts.has(address)) return;
    const host = makeHost(id, address, { offsetMs: 0, rate: 1 }, start, this.#limits);
    this.places.add(host, true);
    this.#run(host, start, this.generator.instance());
  }

  #start(id: number, start: Start, instance: string): Host {
    const host = this.hosts.get(this.addressOf(id)) ?? this.#makeHost(id, start);
    return this.#run(host, start, instance);
  }

  #run(host: Host, start: Start, instance: string): Host {
    host.start = start;
    host.run += 1;
    host.frozen = false;
    host.exitCode = null;
    host.held.length = 0;
    host.tickAt = Number.POSITIVE_INFINITY;
    const { disk } = host;
    // What a killed process wrote, and the system kept, is synced before it is built upon.
    for (const record of disk.synced(disk.written)) {
      for (const tell of this.commits) tell(host, record, host.endedAt);
    }
    const input = startInputOf(host, this.config, instance, this.generator.bits(), this.now);
    const { peer, effects } = startPeer(input, localTime(host, this.now), this.#views);
    host.peer = peer;
    this.#perform(host, effects);
    tellRoom(this, host);
    return host;
  }

  /** Ends a process as `kill -9` does: its links break, its port refuses, nothing is said. */
  kill(id: number): void {
    this.end(this.hostOf(id));
  }

  /** Ends the process of a host. */
  end(host: Host): void {
    host.peer = null;
    host.endedAt = this.now;
    host.run += 1;
    host.frozen = false;
    loseMemory(host);
    this.post.breakLinksTo(host);
    for (const tell of this.endings) tell(host);
  }

  /** Takes away a host whose peer will not come back, so that a long run does not keep them all. */
  forget(id: number): void {
    const host = this.hostOf(id);
    if (host.peer !== null) return;
    this.places.remove(host);
  }

  freeze(id: number): void {
    const host = this.hostOf(id);
    if (!host.frozen) host.frozenAt = this.now;
    host.frozen = true;
  }

  thaw(id: number): void {
    const host = this.hostOf(id);
    if (!host.frozen) return;
    host.frozen = false;
    for (const input of inputsAtThaw(host, this.now)) this.give(host, input);
    this.#armTick(host);
  }

  /** Gives a peer a command; the body of a store is made here. @returns its number, which the outcome's event carries */
  command(id: number, what: Command, content: SimContent | null): number {
    const first = this.hostOf(id);
    // Of two processes with one id, the one that is left.
    const host =
      first.peer === null ? (this.hosts.get(this.places.twinAddress(id)) ?? first) : first;
    const command = this.nextCommand++;
    const name = "name" in what ? what.name : "";
    host.commands.set(command, { name, content, taken: false });
    const small = what.kind === "store" && content !== null && isSmall(content);
    const given = small ? { ...what, body: host.bodies.take(content) } : what;
    this.give(host, { type: "command", at: 0, command, what: given });
    return command;
  }

  /** Lets happen what is planned up to the virtual time `until`. */
  run(until: number): void {
    while (this.queue.nextAt() <= until) {
      const planned = this.queue.take();
      if (planned === undefined) break;
      this.now = Math.max(this.now, planned.at);
      planned.run();
    }
    this.now = Math.max(this.now, until);
  }

  /** Gives one input to a peer now, if it runs; a frozen one gets it when it thaws. */
  give(host: Host, input: Input): void {
    const { peer } = host;
    if (peer === null) return;
    if (host.frozen) {
      // What its own process has for it, no kernel drops.
      const room = input.type !== "message" || host.held.length < host.limits.heldInputs;
      if (input.type !== "tick" && room) host.held.push({ at: this.now, input });
      return;
    }
    const local = localTime(host, this.now);
    // A tick is never early, whatever the rounding between two clocks.
    const at = input.type === "tick" ? Math.max(local, input.at) : local;
    const effects = sealed(() => this.#stepping(host, peer, { ...input, at }));
    this.inputs += 1;
    this.fingerprint.addTime(this.now);
    this.fingerprint.add(host.id);
    this.fingerprint.addBytes(effectBytes(effects));
    for (const see of this.steps) see(host);
    this.#perform(host, effects);
  }

  /** Gives an input later, unless the process has ended by then. */
  giveLater(host: Host, delayMs: number, input: Input): void {
    const { run } = host;
    this.queue.plan(this.now + delayMs, () => {
      if (host.run === run) this.give(host, input);
    });
  }

  #makeHost(id: number, start: Start): Host {
    const drift = this.#driftPerMillion;
    const rate = 1 + (drift === 0 ? 0 : this.generator.between(-drift, drift)) / 1_000_000;
    const clock = { offsetMs: drift === 0 ? 0 : this.generator.below(1_000_000), rate };
    const host = makeHost(id, this.addressOf(id), clock, start, this.#limits);
    this.places.add(host, false);
    // A ring that begins lacks nothing; who joins one learns of it what there is to know.
    if (start.kind !== "join") host.disk.aliveAt = this.now;
    return host;
  }

  #perform(host: Host, effects: readonly Effect[]): void {
    for (const effect of effects) beginEffect(this, host, effect);
    this.#armTick(host);
  }

  #armTick(host: Host): void {
    if (host.peer === null || host.frozen) return;
    const deadline = nextDeadline(host.peer);
    if (deadline === Number.POSITIVE_INFINITY) return;
    const at = Math.max(virtualTime(host, deadline), this.now);
    // One that is planned for earlier finds nothing to do, and plans the next.
    if (at >= host.tickAt) return;
    host.tickAt = at;
    const { run } = host;
    this.queue.plan(at, () => {
      if (host.run !== run || host.tickAt !== at) return;
      host.tickAt = Number.POSITIVE_INFINITY;
      const due = host.peer === null ? 0 : nextDeadline(host.peer);
      this.give(host, { type: "tick", at: virtualTime(host, due) <= this.now ? due : 0 });
      this.#armTick(host);
    });
  }
}
