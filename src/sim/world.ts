/**
 * Many peers under one virtual clock and one seeded network: the driver of the protocol that needs no
 * machine. The same seed and the same calls give the same history, always.
 */
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import type { PeerEvent } from "../protocol/events.ts";
import type { FileRecord } from "../protocol/files.ts";
import type { Command, Effect, Input, Start } from "../protocol/io.ts";
import { type Address, makeMember } from "../protocol/member.ts";
import { nextDeadline, startPeer, step } from "../protocol/peer.ts";
import { SharedViews, View } from "../protocol/view.ts";
import { isSmall, type SimContent } from "./bodies.ts";
import { Chance } from "./chance.ts";
import { SimDisk } from "./disk.ts";
import { beginEffect } from "./effects.ts";
import { Fingerprint } from "./fingerprint.ts";
import { HELD_INPUTS, type Host, localTime, loseMemory, makeHost, virtualTime } from "./host.ts";
import { Network, type NetworkConfig } from "./network.ts";
import { Post } from "./post.ts";
import { EventQueue } from "./queue.ts";
import { inputsAtThaw, startInputOf, tellRoom } from "./running.ts";
import { sealed } from "./sealed.ts";

export type WorldOptions = {
  readonly config: RingConfig;
  readonly network: NetworkConfig;
  readonly seed: number;
  /** Clocks run fast or slow by up to so many parts in a million; 0 if left out. */
  readonly driftPerMillion?: number;
  /** Parts in a thousand of the messages that go through the real wire format; 0 if left out. */
  readonly wirePerMille?: number;
};

/** A reader of the peers' events. */
export type WorldReader = (host: Host, event: PeerEvent) => void;

export class World {
  now = 0;
  readonly config: RingConfig;
  readonly hosts = new Map<Address, Host>();
  /** The working directory that all peers share, as `NAME.pdf`. */
  readonly workingDirectory = new Map<string, SimContent>();
  readonly network: Network;
  readonly queue = new EventQueue();
  readonly chance: Chance;
  readonly fingerprint = new Fingerprint();
  readonly readers: WorldReader[] = [];
  readonly commits: ((host: Host, record: FileRecord) => void)[] = [];
  /** Inputs given to peers so far. */
  inputs = 0;
  readonly post: Post;
  readonly #driftPerMillion: number;
  readonly #views = new SharedViews();
  readonly #byId = new Map<number, Host>();
  #nextCommand = 1;
  /** Hosts made so far; each has an address of its own, also after it has gone. */
  #places = 0;

  constructor(options: WorldOptions) {
    const { config, network, seed, driftPerMillion = 0, wirePerMille = 0 } = options;
    this.config = config;
    this.chance = new Chance(seed);
    this.network = new Network(network, this.chance);
    this.#driftPerMillion = driftPerMillion;
    this.post = new Post(this, config.ring, wirePerMille);
  }

  /** The hosts whose peer runs, by ascending id. */
  living(): Host[] {
    return [...this.hosts.values()].filter((h) => h.peer !== null).sort((a, b) => a.id - b.id);
  }

  /** Where a peer listens: by its number, or one address after the other for drawn ids. */
  addressOf(id: number): Address {
    const host = this.#byId.get(id);
    if (host !== undefined) return host.address;
    if (this.config.bits === NUMBERED_BITS) return `127.0.0.1:${12_000 + id}`;
    const place = this.#places;
    return `10.${(place >> 16) & 255}.${(place >> 8) & 255}.${place & 255}:12256`;
  }

  /** Makes a ring that stands: every peer is in it and knows all the others. */
  form(ids: readonly number[]): void {
    const births = ids.map(() => this.#drawBirth());
    const hosts = ids.map((id) => this.#makeHost(id, { kind: "found" }));
    const members = hosts.map(({ id, address }, i) =>
      makeMember({ id, address, incarnation: 1, birth: births[i] ?? "", state: "alive" }),
    );
    const view = View.of(members, this.#views);
    for (const [i, { id }] of hosts.entries())
      this.#start(id, { kind: "formed", view }, births[i] ?? "");
  }

  /** @throws Error if there was never such a peer */
  hostOf(id: number): Host {
    const host = this.#byId.get(id) ?? this.hosts.get(twinAddress(id));
    if (host === undefined) throw new Error(`there is no peer ${id}`);
    return host;
  }

  /** Starts a peer on a new host, or again on its old one with the disk as it is. */
  startPeer(id: number, start: Start): Host {
    return this.#start(id, start, this.#drawBirth());
  }

  /** Starts a second process under an id that may be taken, at an address of its own. */
  startTwin(id: number, start: Start): void {
    const address = twinAddress(id);
    if (this.hosts.has(address)) return;
    const host = makeHost(id, address, { offsetMs: 0, rate: 1 }, start);
    this.hosts.set(address, host);
    this.#run(host, start, this.#drawBirth());
  }

  #start(id: number, start: Start, birth: string): Host {
    return this.#run(this.#byId.get(id) ?? this.#makeHost(id, start), start, birth);
  }

  #run(host: Host, start: Start, birth: string): Host {
    host.start = start;
    host.run += 1;
    host.frozen = false;
    host.exitCode = null;
    host.held.length = 0;
    host.tickAt = Number.POSITIVE_INFINITY;
    const { disk } = host;
    // What a killed process wrote, and the system kept, is synced before it is built upon.
    for (const version of disk.synced(disk.written)) {
      for (const tell of this.commits) tell(host, version);
    }
    const input = startInputOf(host, this.config, birth, this.chance.bits());
    const { peer, effects } = startPeer(input, localTime(host, this.now), this.#views);
    host.peer = peer;
    this.#perform(host, effects);
    if (disk.full) tellRoom(this, host);
    return host;
  }

  /** Ends a process as `kill -9` does: its links break, its port refuses, nothing is said. */
  kill(id: number): void {
    this.end(this.hostOf(id));
  }

  /** Ends the process of a host. */
  end(host: Host): void {
    host.peer = null;
    host.run += 1;
    host.frozen = false;
    loseMemory(host);
    this.post.breakLinksTo(host.address);
  }

  /** Takes away a host whose peer will not come back, so that a long run does not keep them all. */
  forget(id: number): void {
    const host = this.hostOf(id);
    if (host.peer !== null) return;
    this.hosts.delete(host.address);
    this.#byId.delete(id);
  }

  /** Loses the data folder of a peer that does not run. */
  wipe(id: number): void {
    this.hostOf(id).disk = new SimDisk();
  }

  /** Ends a machine without warning: what its disk had not synced is gone. @returns those versions */
  cutPower(id: number): FileRecord[] {
    const host = this.hostOf(id);
    this.end(host);
    return host.disk.losePower();
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

  /**
   * A link that is watched breaks, and dials are refused so often, though the process lives. REFUSALS of
   * them, where its own streams `broke` too, are taken for its death.
   */
  refuse(from: number, to: number, times: number, broke: boolean): void {
    const host = this.hostOf(from);
    const { address } = this.hostOf(to);
    const input = { type: "unreachable", at: 0, address, how: "refused", broke } as const;
    for (let i = 0; i < times && host.watched.has(address); i++) this.give(host, input);
  }

  /** Gives a peer a command; the body of a store is made here. @returns its number, which the outcome's event carries */
  command(id: number, what: Command, content: SimContent | null): number {
    const first = this.hostOf(id);
    // Of two processes with one id, the one that is left.
    const host = first.peer === null ? (this.hosts.get(twinAddress(id)) ?? first) : first;
    const command = this.#nextCommand++;
    const name = "name" in what ? what.name : "";
    host.commands.set(command, { name, content });
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
      if (input.type !== "tick" && host.held.length < HELD_INPUTS)
        host.held.push({ at: this.now, input });
      return;
    }
    const local = localTime(host, this.now);
    // A tick is never early, whatever the rounding between two clocks.
    const at = input.type === "tick" ? Math.max(local, input.at) : local;
    const effects = sealed(() => step(peer, { ...input, at }));
    this.inputs += 1;
    this.fingerprint.addTime(this.now);
    this.fingerprint.add(host.id);
    this.fingerprint.add(effects.length);
    this.#perform(host, effects);
  }

  /** Gives an input later, unless the process has ended by then. */
  giveLater(host: Host, delayMs: number, input: Input): void {
    const { run } = host;
    this.queue.plan(this.now + delayMs, () => {
      if (host.run === run) this.give(host, input);
    });
  }

  #drawBirth(): string {
    return [0, 0].map(() => this.chance.bits().toString(16).padStart(8, "0")).join("");
  }

  #makeHost(id: number, start: Start): Host {
    const drift = this.#driftPerMillion;
    const rate = 1 + (drift === 0 ? 0 : this.chance.between(-drift, drift)) / 1_000_000;
    const clock = { offsetMs: drift === 0 ? 0 : this.chance.below(1_000_000), rate };
    const host = makeHost(id, this.addressOf(id), clock, start);
    this.#places += 1;
    this.hosts.set(host.address, host);
    this.#byId.set(id, host);
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

function twinAddress(id: number): Address {
  return `127.0.0.1:${22_000 + id}`;
}
