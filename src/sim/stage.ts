/** A world as a story sees it: actions in words are done to it, and what the peers print is kept. */
import type { PeerSnapshot } from "../checks/ring.ts";
import { NUMBERED_BITS, REFUSALS, type RingConfig } from "../protocol/config.ts";
import type { Outcome } from "../protocol/events.ts";
import { baseName, EMPTY_SHA256, isFourDigits, keyOfDigits } from "../protocol/files.ts";
import type { Start } from "../protocol/io.ts";
import { isExpected } from "../protocol/member.ts";
import { outcomeSentence } from "../protocol/sentences.ts";
import { snapshot } from "../protocol/snapshot.ts";
import type { SimContent } from "./bodies.ts";
import type { Host } from "./host.ts";
import { setAside } from "./reading.ts";
import { tellRoom } from "./running.ts";
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
  return { ring: 12_000, bits: NUMBERED_BITS, strategy: "successor", pingIntervalMs, copies: 3 };
}

export class Stage {
  readonly world: World;
  readonly lines: SimLine[] = [];
  /** Killed for good: settling does not start them again. */
  readonly buried = new Set<number>();
  /** How the commands given here ended, by number. */
  readonly outcomes = new Map<number, Outcome>();

  constructor(options: WorldOptions) {
    this.world = new World(options);
    this.world.readers.push((host, event) => {
      if (event.event === "line") this.#say(host, event.text, false, event.fold);
      else if (event.event === "note") this.#say(host, event.text, true, false);
      else if (event.event === "outcome") this.#end(host, event.command, event.outcome);
    });
  }

  /** Starts peers as the assignment does: each knows its two successors, in whatever order. */
  found(ids: readonly number[]): void {
    const sorted = [...ids].sort((a, b) => a - b);
    for (const id of ids) this.world.startPeer(id, initOf(this.world, sorted, id));
  }

  /**
   * Does one action. What cannot be done, since the peer it is about does not run or runs already, is
   * passed over: a plan may be cut down without breaking what is left of it.
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
      case "file":
        world.workingDirectory.set(words[1] ?? "", contentOf(words[1] ?? "", ids[1] ?? 0));
        return;
      case "join":
        this.#join(ids);
        return;
      case "twin":
        world.startTwin(ids[0] ?? 0, joinThrough(world, ids[1] ?? 0));
        return;
      case "quit":
        for (const id of ids) this.type(id, "Quit");
        return;
      case "kill":
        for (const id of ids) {
          if (words.includes("good")) this.buried.add(id);
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
      case "wipe":
        for (const id of ids) if (this.#hosts([id]).length > 0 && !this.runs(id)) world.wipe(id);
        return;
      case "power-cut":
        for (const id of ids) if (this.runs(id)) world.cutPower(id);
        return;
      case "full":
      case "room":
        for (const host of this.#hosts(ids)) {
          host.disk.full = words[0] === "full";
          tellRoom(world, host);
        }
        return;
      case "rot":
        for (const host of this.#hosts(ids)) this.#rot(host, words.includes("all"));
        return;
      case "scrub":
        for (const id of ids) if (this.runs(id)) this.#scrub(world.hostOf(id));
        return;
      case "cut":
      case "slow":
      case "hang":
      case "refuse":
        this.#trouble(words);
        return;
      case "mend":
        world.network.mend();
        return;
      case "settle":
        this.#settle();
        return;
      default:
        if (words[1] !== "types") throw new Error(`nobody knows how to "${action}"`);
        this.type(Number(words[0]), words.slice(2).join(" "));
    }
  }

  /** What a person types at a peer's terminal. @returns the command's number, or null if nobody is there */
  type(id: number, text: string): number | null {
    if (!this.runs(id)) return null;
    const { world } = this;
    const [verb = "", name = ""] = text.trim().split(/\s+/);
    const base = baseName(name);
    const key = isFourDigits(base) ? keyOfDigits(base) : 0;
    const content = world.workingDirectory.get(name) ?? null;
    const size = content?.size ?? null;
    const kind = verb.toLowerCase();
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

  #hosts(ids: readonly number[]): Host[] {
    return ids.flatMap((id) => this.world.hosts.get(this.world.addressOf(id)) ?? []);
  }

  #join(ids: readonly number[]): void {
    // Pairs of a joiner and the peer it knows: `join 15 via 4 and 16 via 9`.
    for (let i = 0; i + 1 < ids.length; i += 2) {
      const [id = 0, known = 0] = ids.slice(i);
      if (!this.runs(id)) this.world.startPeer(id, joinThrough(this.world, known));
    }
  }

  #restart(id: number, withoutFolder: boolean): void {
    const { world } = this;
    const host = world.hosts.get(world.addressOf(id));
    // One that left in good order stays away: what it was started with may name nobody who lives.
    if (host === undefined || (host.peer === null && host.exitCode === 0)) return;
    if (host.peer !== null) world.kill(id);
    if (withoutFolder) world.wipe(id);
    world.startPeer(id, host.start);
  }

  /** Flips bits in one content of a disk, or in all of them. */
  #rot({ disk }: Host, all: boolean): void {
    const sound = disk.sound();
    if (sound.length === 0) return;
    for (const record of all ? sound : [this.world.chance.pick(sound)]) disk.rot(record);
  }

  /** Reads every content of a disk back, and sets aside what has rotted. */
  #scrub(host: Host): void {
    for (const record of host.disk.rotten()) setAside(this.world, host, record);
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
      const twin = world.addressOf(host.id) !== host.address;
      // One that left in good order stays away; one that gave up, or left too early, has another try.
      const stays = host.exitCode === 0 || twin || this.buried.has(host.id);
      if (host.peer === null && !stays) world.startPeer(host.id, host.start);
      if (host.peer !== null) this.#scrub(host);
    }
  }

  /** `cut 1 2 from 3 4`, `cut 1 towards 2`, `slow 1 towards 2 by 300`, `hang 1 towards 2`, `refuse 1 towards 2`. */
  #trouble(words: readonly string[]): void {
    const { world } = this;
    const { network } = world;
    const middle = words.findIndex((w) => w === "from" || w === "towards");
    const end = words.includes("by") ? words.indexOf("by") : words.length;
    const left = words.slice(1, middle).map((w) => world.addressOf(Number(w)));
    const right = words.slice(middle + 1, end).map((w) => world.addressOf(Number(w)));
    const [a = "", b = ""] = [left[0], right[0]];
    if (words[0] === "cut") {
      network.cut(left, right);
      if (words[middle] === "from") network.cut(right, left);
    } else if (words[0] === "slow") network.slow(a, b, Number(words[end + 1]));
    else if (words[0] === "hang") network.hang(a, b);
    else world.refuse(Number(words[1]), Number(words[middle + 1]), REFUSALS, true);
  }

  #end(host: Host, command: number, outcome: Outcome): void {
    this.outcomes.set(command, outcome);
    const name = host.commands.get(command)?.name ?? "";
    const sentence = outcomeSentence(name, outcome);
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
    return { id: next, address: world.addressOf(next) };
  });
  return { kind: "init", successors };
}

export function joinThrough(world: World, known: number): Start {
  const contact = world.addressOf(known);
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

/** A content that depends on its name and size alone. */
function contentOf(name: string, size: number): SimContent {
  if (size === 0) return { size, sha256: EMPTY_SHA256 };
  const sum = `${name}${size}`.replace(/\D/g, "");
  return { size, sha256: sum.padStart(64, "0").slice(0, 64) };
}
