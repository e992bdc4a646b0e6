/** A world as a scenario sees it: actions in words are done to it, and what the peers print is kept. */
import type { PeerSnapshot } from "../checks/ring.ts";
import { DRAWN_BITS, NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import type { Outcome } from "../protocol/model/events.ts";
import type { Start } from "../protocol/model/io.ts";
import { isExpected } from "../protocol/model/member.ts";
import { outcomeSentence } from "../protocol/model/sentences.ts";
import { snapshot } from "../protocol/snapshot.ts";
import { Clients } from "./clients.ts";
import { actOnDisks, DISK_VERBS, scrub } from "./disk-words.ts";
import type { Host } from "./host.ts";
import { Liar } from "./liar.ts";
import { actOnLinks, LINK_VERBS } from "./link-words.ts";
import { wipe } from "./mishaps.ts";
import { keyOf, nameOf, passesControl } from "./names.ts";
import { World, type WorldOptions } from "./world.ts";

export type SimLine = {
  readonly at: number;
  readonly peer: number;
  readonly text: string;
  /** Standard error's sentences are kept apart from the transcript. */
  readonly error: boolean;
  readonly fold: boolean;
};

/** The configuration of the assignment's rings. */
export function numberedRing(pingIntervalMs: number): RingConfig {
  return {
    ring: 12_000,
    bits: NUMBERED_BITS,
    strategy: "successor",
    pingIntervalMs,
    replicationFactor: 3,
  };
}

/** A ring of drawn ids, whose files may have any name. Its number is above all ports. */
export function drawnRing(pingIntervalMs: number): RingConfig {
  return { ...numberedRing(pingIntervalMs), ring: 70_000, bits: DRAWN_BITS };
}

export class Stage {
  readonly world: World;
  readonly lines: SimLine[] = [];
  /** Killed for good: settling does not start them again. */
  readonly killedForGood = new Set<number>();
  readonly #startedAgain = new Set<Host>();
  /** How the commands given here ended, by number. */
  readonly outcomes = new Map<number, Outcome>();
  readonly clients: Clients;
  /** Listens from the first word of it on. */
  #liar: Liar | null = null;

  constructor(options: WorldOptions) {
    this.world = new World(options);
    this.clients = new Clients(this.world);
    this.world.readers.push((host, event) => {
      if (event.event === "line") this.#say(host, event.text, false, event.fold);
      else if (event.event === "note") this.#say(host, event.text, true, false);
      else if (event.event === "outcome") this.#end(host, event.command, event.outcome);
    });
  }

  /** Starts peers as the assignment does: each knows its two successors, in whatever order. */
  found(ids: readonly number[]): void {
    const sorted = [...ids].sort((a, b) => a - b);
    for (const id of sorted) this.world.places.reserve(id);
    for (const id of ids) this.world.startPeer(id, initOf(this.world, sorted, id));
  }

  /**
   * Does one action. What cannot be done, since the peer it is about never was, does not run or runs
   * already, is passed over: a plan may be cut down without breaking what is left of it.
   * @throws Error for an action that nobody knows
   */
  act(action: string): void {
    const words = action.trim().split(/\s+/);
    const ids = words
      .slice(1)
      .filter((w) => /^\d+$/.test(w))
      .map(Number);
    const { world } = this;
    switch (words[0]) {
      case "join":
        this.#join(ids);
        return;
      case "twin":
        this.#twin(ids[0] ?? 0, ids[1] ?? 0);
        return;
      case "quit":
        for (const id of ids) this.type(id, "Quit");
        return;
      case "kill":
        for (const id of ids) {
          if (words.includes("good")) this.killedForGood.add(id);
          if (this.runs(id)) world.kill(id);
        }
        return;
      case "restart":
        for (const id of ids) this.#restart(id, words.includes("without"));
        return;
      case "freeze":
        for (const id of ids) if (this.runs(id)) world.freeze(id);
        return;
      case "thaw":
        for (const id of ids) if (this.runs(id)) world.thaw(id);
        return;
      case "client":
        this.clients.act(words);
        return;
      case "settle":
        this.#settle();
        return;
      case "liar":
      case "lie":
        this.#liar ??= new Liar(world);
        if (words[0] === "lie") this.#liar.act(words);
        return;
      default:
        if (LINK_VERBS.includes(words[0] ?? "")) actOnLinks(world, words);
        else if (DISK_VERBS.includes(words[0] ?? "")) actOnDisks(world, words);
        else if (words[1] !== "types") throw new Error(`nobody knows how to "${action}"`);
        else this.type(Number(words[0]), words.slice(2).join(" "));
    }
  }

  /** What a person types at a peer's terminal. @returns the command's number, or null if nobody is there */
  type(id: number, text: string): number | null {
    if (!this.runs(id)) return null;
    const { world } = this;
    const [verb = "", word = ""] = text.trim().split(/\s+/);
    const name = nameOf(word);
    const kind = verb.toLowerCase();
    if (word !== "" && !passesControl(name, world.config.bits, kind === "store")) return null;
    const key = keyOf(name, world.config.bits);
    const content = world.workingDirectory.get(name) ?? null;
    const size = content?.size ?? null;
    const require = 0;
    if (kind === "store") {
      const sha256 = content?.sha256 ?? null;
      return world.command(id, { kind, name, key, size, sha256, body: null, require }, content);
    }
    if (kind === "remove") return world.command(id, { kind, name, key, require }, null);
    if (kind === "request" || kind === "where") return world.command(id, { kind, name, key }, null);
    if (kind === "quit") return world.command(id, { kind }, null);
    throw new Error(`nobody can type "${text}"`);
  }

  runs(id: number): boolean {
    return (this.world.hosts.get(this.world.addressOf(id))?.peer ?? null) !== null;
  }

  #join(ids: readonly number[]): void {
    // Pairs of a joiner and the peer it knows: `join 15 via 4 and 16 via 9`.
    for (let i = 0; i + 1 < ids.length; i += 2) {
      const [id = 0, known = 0] = ids.slice(i);
      if (this.runs(id)) continue;
      const { world } = this;
      world.network.beside(world.addressOf(id), world.addressOf(known));
      world.startPeer(id, joinThrough(world, known));
    }
  }

  #twin(id: number, known: number): void {
    const { world } = this;
    world.network.beside(world.places.twinAddress(id), world.addressOf(known));
    world.startTwin(id, joinThrough(world, known));
  }

  #restart(id: number, withoutFolder: boolean): void {
    const { world } = this;
    const host = world.hosts.get(world.addressOf(id));
    // One that left in good order stays away: what it was started with may name nobody who lives.
    if (host === undefined || (host.peer === null && host.exitCode === 0)) return;
    if (host.peer !== null) world.kill(id);
    if (withoutFolder) wipe(host);
    world.startPeer(id, host.start);
  }

  /**
   * Ends all faults: links are mended, the frozen thaw, whoever did not leave is started again, and all
   * disks are read back. A full one stays so.
   */
  #settle(): void {
    const { world } = this;
    world.network.mend();
    for (const host of [...world.hosts.values()].sort((a, b) => a.id - b.id)) {
      if (host.frozen) world.thaw(host.id);
      this.#startAgain(host);
      if (host.peer !== null) scrub(world, host);
      host.disk.slowestSyncMs = null;
    }
  }

  /**
   * One that woke in calm to leave at once, with what nobody else has, has another try as well.
   * @returns whether there was one
   */
  startShortAgain(): boolean {
    const short = [...this.world.hosts.values()].filter(
      (host) => host.exitCode === 1 && !this.#startedAgain.has(host),
    );
    for (const host of short) {
      this.#startedAgain.add(host);
      this.#startAgain(host);
    }
    return short.length > 0;
  }

  /** One that left in good order stays away; one that gave up, or left too early, has another try. */
  #startAgain(host: Host): void {
    const { world } = this;
    const twin = world.addressOf(host.id) !== host.address;
    const stays = host.exitCode === 0 || twin || this.killedForGood.has(host.id);
    if (host.peer === null && !stays) world.startPeer(host.id, host.start);
  }

  #end(host: Host, command: number, outcome: Outcome): void {
    this.outcomes.set(command, outcome);
    const name = host.commands.get(command)?.name ?? "";
    const members = () => (host.peer === null ? [] : snapshot(host.peer).members);
    const sentence = outcomeSentence(name, outcome, members);
    if (sentence !== null) this.#say(host, sentence, true, false);
  }

  #say(host: Host, text: string, error: boolean, fold: boolean): void {
    this.lines.push({ at: this.world.now, peer: host.id, text, error, fold });
  }
}

/** The first line of the assignment for a peer: its id and its two successors in the ring of `ids`. */
export function initOf(world: World, ids: readonly number[], id: number): Start {
  const at = ids.indexOf(id);
  const successors = [1, 2].map((i) => {
    const next = ids[(at + i) % ids.length] ?? id;
    return { id: next, address: world.places.placeOf(next) };
  });
  return { kind: "init", successors };
}

export function joinThrough(world: World, known: number): Start {
  const contact = world.places.placeOf(known);
  return { kind: "join", contact, contactName: `Peer ${known}`, proposed: false };
}

/** What the living and unfrozen peers that are in the ring say of themselves. */
export function snapshots(world: World): PeerSnapshot[] {
  return world.living().flatMap(({ peer, frozen }) => {
    if (peer === null || frozen || peer.phase === "joining" || peer.phase === "starting") return [];
    const { self, bits, strategy, successors, predecessors, members } = snapshot(peer);
    // One that is only expected is known by name alone.
    const heard = members.filter((m) => !isExpected(m));
    const neighbours = { successors, predecessors };
    return [{ id: self.id, bits, strategy, ...neighbours, members: heard, lookups: [] }];
  });
}
