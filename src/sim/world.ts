/**
 * Many peers under one virtual clock and one seeded network: the driver of the protocol that needs no
 * machine. The same seed and the same calls give the same history, always.
 */
import type { RingConfig } from "../protocol/config.ts";
import { isFourDigits, keyOfDigits } from "../protocol/files.ts";
import type { Command, Effect, Input, Start } from "../protocol/io.ts";
import type { Address } from "../protocol/member.ts";
import { nextDeadline, startPeer, step } from "../protocol/peer.ts";
import { makeRandom, type Random, randomBits } from "../protocol/random.ts";
import { outcomeSentence } from "../protocol/sentences.ts";
import { beginFetch } from "./fetching.ts";
import { emptyDisk, type Host, makeHost, type SimContent, type SimLine } from "./host.ts";
import { Network, type NetworkConfig } from "./network.ts";
import { EventQueue } from "./queue.ts";

/** What a sync to the disk takes. */
const PERSIST_MS = 1;

export class World {
  now = 0;
  readonly hosts = new Map<Address, Host>();
  readonly lines: SimLine[] = [];
  /** The working directory that all peers share, as `NAME.pdf`. */
  readonly workingDirectory = new Map<string, SimContent>();
  readonly network: Network;
  readonly queue = new EventQueue();
  readonly random: Random;
  #nextCommand = 1;

  constructor(
    readonly config: RingConfig,
    network: NetworkConfig,
    seed: number,
  ) {
    this.random = makeRandom(seed);
    this.network = new Network(network, this.random);
  }

  /** The hosts whose peer runs, by ascending id. */
  living(): Host[] {
    return [...this.hosts.values()].filter((h) => h.peer !== null).sort((a, b) => a.id - b.id);
  }

  /** The address of a numbered peer. */
  addressOf(id: number): Address {
    return `127.0.0.1:${12_000 + id}`;
  }

  /** Starts a peer on a new host, or again on its old one with the disk as it is. */
  startPeer(id: number, start: Start, address = this.addressOf(id)): Host {
    const host = this.hosts.get(address) ?? makeHost(id, address, start);
    this.hosts.set(address, host);
    host.start = start;
    host.run += 1;
    host.frozen = false;
    host.exitCode = null;
    host.held.length = 0;
    const birth = [0, 0].map(() => randomBits(this.random).toString(16).padStart(8, "0")).join("");
    const { peer, effects } = startPeer(
      {
        type: "start",
        config: this.config,
        id,
        address,
        birth,
        seed: randomBits(this.random),
        start,
        incarnation: host.disk.incarnation,
        restored: host.disk.members,
        files: [...host.disk.files.values()],
      },
      this.now,
    );
    host.peer = peer;
    this.#perform(host, effects);
    return host;
  }

  /** Ends a process as `kill -9` does: its links break, its port refuses, nothing is said. */
  kill(id: number): void {
    const host = this.#hostOf(id);
    host.peer = null;
    host.run += 1;
    host.frozen = false;
    host.watched = new Set();
    host.served.clear();
    for (const other of this.living()) {
      if (other.watched.has(host.address)) this.#refuseLater(other, host.address);
    }
  }

  /** Loses the data folder of a peer that does not run. */
  wipe(id: number): void {
    this.#hostOf(id).disk = emptyDisk();
  }

  freeze(id: number): void {
    this.#hostOf(id).frozen = true;
  }

  thaw(id: number): void {
    const host = this.#hostOf(id);
    host.frozen = false;
    for (const input of host.held.splice(0)) this.give(host, { ...input, at: this.now });
    this.#armTick(host);
  }

  /** What a person types at a peer's terminal. */
  type(id: number, text: string): void {
    const [verb = "", name = ""] = text.trim().split(/\s+/);
    const key = isFourDigits(name) ? keyOfDigits(name) : 0;
    const content = this.workingDirectory.get(name) ?? null;
    const kind = verb.toLowerCase();
    if (kind === "store")
      this.command(id, { kind, name, key, size: content?.size ?? null }, content);
    else if (kind === "request") this.command(id, { kind, name, key }, null);
    else if (kind === "quit") this.command(id, { kind }, null);
    else throw new Error(`nobody can type "${text}"`);
  }

  /** Gives a peer a command. @returns its number, which the outcome's event carries */
  command(id: number, what: Command, content: SimContent | null): number {
    const host = this.#hostOf(id);
    const command = this.#nextCommand++;
    const name = "name" in what ? what.name : "";
    host.commands.set(command, { name, content });
    this.give(host, { type: "command", at: this.now, command, what });
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

  /** Gives one input to a peer, if it runs; a frozen one gets it when it thaws. */
  give(host: Host, input: Input): void {
    if (host.peer === null) return;
    if (host.frozen) {
      if (input.type !== "tick") host.held.push(input);
      return;
    }
    this.#perform(host, step(host.peer, input));
  }

  /** Gives an input later, unless the process has ended by then. */
  giveLater(host: Host, delayMs: number, input: Input): void {
    const { run } = host;
    this.queue.plan(this.now + delayMs, () => {
      if (host.run === run) this.give(host, { ...input, at: this.now });
    });
  }

  #perform(host: Host, effects: readonly Effect[]): void {
    for (const effect of effects) this.#begin(host, effect);
    this.#armTick(host);
  }

  #begin(host: Host, effect: Effect): void {
    switch (effect.type) {
      case "send":
        this.#send(host, effect);
        return;
      case "watch": {
        host.watched = new Set(effect.addresses);
        for (const address of host.watched) {
          if (!this.#listens(address)) this.#refuseLater(host, address);
        }
        return;
      }
      case "persist": {
        host.disk.incarnation = Math.max(host.disk.incarnation, effect.incarnation);
        const { incarnation } = effect;
        this.giveLater(host, PERSIST_MS, { type: "persisted", at: this.now, incarnation });
        return;
      }
      case "save":
        host.disk.members = effect.left ? [] : effect.members;
        return;
      case "event":
        this.#hear(host, effect.event);
        return;
      case "fetch":
        beginFetch(this, host, effect);
        return;
      case "serve":
        host.served.set(effect.request, effect.what);
        return;
      case "look": {
        const size = this.workingDirectory.get(effect.name)?.size ?? null;
        this.giveLater(host, 0, { type: "looked", at: this.now, request: effect.request, size });
        return;
      }
      case "drop":
        host.disk.files.delete(effect.name);
        return;
      case "exit":
        host.exitCode = effect.code;
        if (effect.sentence !== null) this.#say(host, effect.sentence, true, false);
        this.kill(host.id);
    }
  }

  #send(host: Host, effect: Extract<Effect, { type: "send" }>): void {
    const from = host.peer?.self;
    if (from === undefined) return;
    const { to, channel, message } = effect;
    const input: Input = { type: "message", at: 0, from, channel, message };
    if (channel === "datagram") {
      for (const at of this.network.datagramArrivals(this.now)) {
        this.queue.plan(at, () => this.#arrive(to, input));
      }
      return;
    }
    const { run } = host;
    this.queue.plan(this.network.streamArrival(this.now, host.address, to), () => {
      if (this.#arrive(to, input) || host.run !== run) return;
      this.#refuseLater(host, to);
    });
  }

  #arrive(to: Address, input: Input): boolean {
    const target = this.hosts.get(to);
    if (target === undefined || target.peer === null) return false;
    this.give(target, { ...input, at: this.now });
    return true;
  }

  #refuseLater(host: Host, address: Address): void {
    const { run } = host;
    this.queue.plan(this.now + this.network.delay(), () => {
      if (host.run !== run || this.#listens(address)) return;
      this.give(host, { type: "unreachable", at: this.now, address, how: "refused" });
    });
  }

  #hear(host: Host, event: Host["events"][number]): void {
    host.events.push(event);
    if (event.event === "line") this.#say(host, event.text, false, event.fold);
    else if (event.event === "note") this.#say(host, event.text, true, false);
    else if (event.event === "outcome") {
      const name = host.commands.get(event.command)?.name ?? "";
      host.commands.delete(event.command);
      const sentence = outcomeSentence(name, event.outcome);
      if (sentence !== null) this.#say(host, sentence, true, false);
    }
  }

  #say(host: Host, text: string, error: boolean, fold: boolean): void {
    this.lines.push({ at: this.now, peer: host.id, text, error, fold });
  }

  #armTick(host: Host): void {
    if (host.peer === null || host.frozen) return;
    const at = nextDeadline(host.peer);
    if (at === host.tickAt || at === Number.POSITIVE_INFINITY) return;
    host.tickAt = at;
    const { run } = host;
    this.queue.plan(Math.max(at, this.now), () => {
      if (host.run !== run || host.tickAt !== at) return;
      host.tickAt = Number.POSITIVE_INFINITY;
      this.give(host, { type: "tick", at: this.now });
    });
  }

  #listens(address: Address): boolean {
    return (this.hosts.get(address)?.peer ?? null) !== null;
  }

  #hostOf(id: number): Host {
    const host = [...this.hosts.values()].find((h) => h.id === id);
    if (host === undefined) throw new Error(`there is no peer ${id}`);
    return host;
  }
}
