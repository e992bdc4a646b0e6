/** What a plan does with files, and to the disks that keep them, in the words of scenarios. */
import { BODY_BYTES, NUMBERED_BITS } from "../protocol/model/config.ts";
import { HOSTILE_NAMES, isTaken, nameOf, replicaSetAmong, wordOf } from "./names.ts";
import type { RandomGenerator } from "./random-generator.ts";

export const FILE_KINDS = [
  "store",
  "store-again",
  "store-and-kill",
  "store-and-power-cut",
  "store-both-sides",
  "store-and-remove",
  "store-at-full-owner",
  "request",
  "remove",
  "quit-and-kill",
  "quit-holders",
  "restart-empty",
  "rot",
  "scrub",
  "full",
  "room",
] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export function isFileKind(kind: string): kind is FileKind {
  return FILE_KINDS.some((k) => k === kind);
}

/** What file faults need of the rest of the plan. */
export type Rest = {
  kill(ids: readonly number[]): string[] | null;
  /** Notes that a peer is down, whatever ended it. */
  departed(id: number): void;
  /** Notes that a peer leaves in good order. */
  leaves(id: number): void;
  /** Notes that a peer comes, unless its id is or was another's. */
  comes(id: number): boolean;
  mayCut(): boolean;
  /** The same for a cut that is mended after so many milliseconds, whatever else is drawn. */
  mayPart(ms: number): boolean;
  mayLeave(): boolean;
  /** True if a machine may get another address, and notes that it does. */
  mayMove(): boolean;
  /** True if all run, and have reached each other for a while. */
  areTogether(): boolean;
  /** The other side of a cut: with those that do not run, since they would be bridges when they do again. */
  allBut(side: readonly number[]): number[];
};

/** Copies are destroyed on purpose no faster than a ring can make them good. */
const DESTROY_GAP_MS = 30_000;
/** Within a store: before its content has come, before the copies, and about when the acknowledgement is given. */
const AMID_MS = [0, 1, 3, 8, 20, 60] as const;
/** Both sides of a cut know that it is there. */
const CUT_KNOWN_MS = [500, 20_000] as const;
/** A store is under way, or done. */
const STORED_MS = [20, 400, 5_000] as const;
/** Enough that a ring is left when three leave. */
const MANY_PEERS = 7;
/** Contents of no byte, below and above what travels with a message, and some that take their time. */
const SIZES = [
  [0, 0],
  [1, 2_000],
  [1, BODY_BYTES],
  [BODY_BYTES, BODY_BYTES + 1],
  [BODY_BYTES + 1, 2_000_000],
  [2_000_000, 60_000_000],
] as const;

export class FileDrafter {
  readonly #names: string[] = [];
  readonly #full: number[] = [];
  /**
   * Peers that are in the ring by themselves: two that knew it through each other alone would wait for
   * each other.
   */
  readonly #established: Set<number>;
  /** Until when what was destroyed last may not be made good yet. */
  #mendedAt = 0;

  constructor(
    private readonly generator: RandomGenerator,
    private readonly rest: Rest,
    founders: readonly number[],
    private readonly bits: number,
    /** Names that clients work on, whose histories are judged: nothing else is stored under these. */
    private readonly taken: readonly string[],
  ) {
    this.#established = new Set(founders);
  }

  /** @param up the peers that run, by ascending id */
  draft(kind: FileKind, up: readonly number[], at: number): string[] | null {
    const { generator, rest } = this;
    const one = generator.pick(up);
    const other = generator.pick(up);
    switch (kind) {
      case "store":
        return this.#store(one, this.#newName());
      case "store-again":
        return this.#store(one, this.#name());
      case "store-and-kill": {
        const name = this.#newName();
        return [...this.#store(one, name), ...this.#soon(rest.kill([this.#ownerOf(up, name)]))];
      }
      case "store-and-power-cut": {
        const name = this.#name();
        const victims = this.#replicaSetOf(up, name).slice(0, generator.between(1, 3));
        const cut = rest.kill(victims)?.map((words) => words.replace("kill", "power-cut"));
        return [...this.#store(one, name), ...this.#soon(cut ?? null)];
      }
      case "store-both-sides":
        return this.#storeBothSides(up);
      case "store-and-remove": {
        const name = this.#name();
        const remove = `${other} types Remove ${name}`;
        return generator.below(2) === 0
          ? [...this.#store(one, name), ...this.#soon([remove])]
          : [remove, ...this.#soon(this.#store(one, name))];
      }
      case "store-at-full-owner": {
        const name = this.#name();
        return [...(this.#fill(this.#ownerOf(up, name), up) ?? []), ...this.#store(one, name)];
      }
      case "request":
        return [`${one} types Request ${this.#name()}`];
      case "remove":
        return [`${one} types Remove ${this.#name()}`];
      case "quit-and-kill":
        return this.#quitAndKill(up);
      case "quit-holders":
        return this.#quitReplicas(up);
      case "restart-empty":
        return this.#restartEmpty(one, up, at);
      case "rot": {
        const all = generator.below(3) === 0 ? " all" : "";
        return [this.destroying(`rot ${one}${all}`, at)];
      }
      case "scrub":
        return [`scrub ${one} ${other}`];
      case "full":
        return this.#fill(one, up);
      case "room": {
        const id = this.#full.shift();
        return id === undefined ? null : [`room ${id}`];
      }
    }
  }

  /** An action that destroys copies, once those destroyed before have had time to be made good. */
  destroying(words: string, at: number): string {
    const wait = Math.max(0, this.#mendedAt - at);
    this.#mendedAt = at + wait + DESTROY_GAP_MS;
    return wait === 0 ? words : `after ${wait} ${words}`;
  }

  /** Each store of a name has another size, and so another content. */
  #store(origin: number, name: string): string[] {
    const [least, most] = this.generator.pick(SIZES);
    return [`file ${name} ${this.generator.between(least, most)}`, `${origin} types Store ${name}`];
  }

  #storeBothSides(up: readonly number[]): string[] | null {
    if (up.length < 4 || !this.rest.mayCut()) return null;
    const side = this.generator.sample(up, up.length >> 1);
    const there = up.filter((id) => !side.includes(id));
    const rest = this.rest.allBut(side);
    const name = this.#name();
    const mend = this.generator.below(2) === 0 ? ["after 20000 mend"] : [];
    const [first = "", ...second] = this.#store(this.generator.pick(side), name);
    return [
      `cut ${side.join(" ")} from ${rest.join(" ")}`,
      `after ${this.generator.pick(CUT_KNOWN_MS)} ${first}`,
      ...second,
      ...this.#store(this.generator.pick(there), name),
      ...mend,
    ];
  }

  /** A leaver is killed while it hands its files on, or one that they go to. */
  #quitAndKill(up: readonly number[]): string[] | null {
    if (!this.rest.mayLeave()) return null;
    const name = this.#name();
    const replicas = this.#replicaSetOf(up, name);
    const leaver = this.generator.pick(replicas);
    const victim = this.generator.pick([leaver, leaver, ...replicas]);
    this.rest.departed(leaver);
    const kill = victim === leaver ? [`kill ${leaver}`] : this.rest.kill([victim]);
    return [
      ...this.#store(this.generator.pick(up), name),
      ...this.#soon([`quit ${leaver}`]),
      ...this.#soon(kill),
    ];
  }

  /** All that hold a file leave at once. */
  #quitReplicas(up: readonly number[]): string[] | null {
    const name = this.#name();
    const leavers = this.#replicaSetOf(up, name);
    if (up.length < MANY_PEERS || !this.rest.mayLeave()) return null;
    for (const id of leavers) this.rest.leaves(id);
    const store = this.#store(this.generator.pick(up), name);
    return [...store, `after ${this.generator.pick(STORED_MS)} quit ${leavers.join(" ")}`];
  }

  /** A peer loses its folder, and comes back with nothing. */
  #restartEmpty(id: number, up: readonly number[], at: number): string[] | null {
    const known = up.find((k) => k !== id && this.#established.has(k));
    if (known === undefined) return null;
    this.#established.delete(id);
    const kill = this.destroying(`kill ${id}`, at);
    return [kill, `wipe ${id}`, `join ${id} via ${known}`];
  }

  #fill(id: number, up: readonly number[]): string[] | null {
    // Enough of them can take what the others cannot.
    if (this.#full.includes(id) || this.#full.length * 3 >= up.length) return null;
    this.#full.push(id);
    return [`full ${id}`];
  }

  /** The same a few milliseconds later. */
  #soon(actions: readonly string[] | null): string[] {
    const [first, ...rest] = actions ?? [];
    if (first === undefined) return [];
    return [`after ${this.generator.pick(AMID_MS)} ${first}`, ...rest];
  }

  #newName(): string {
    const { bits, generator, taken } = this;
    for (;;) {
      const name =
        bits > NUMBERED_BITS && generator.below(2) === 0
          ? wordOf(generator.pick(HOSTILE_NAMES))
          : String(generator.below(10_000)).padStart(4, "0");
      if (isTaken(name, taken)) continue;
      this.#names.push(name);
      return name;
    }
  }

  /** One that was stored before, or a new one. */
  #name(): string {
    return this.#names.length === 0 ? this.#newName() : this.generator.pick(this.#names);
  }

  /** The peers that should hold a name: the owner, and the next two. */
  #replicaSetOf(up: readonly number[], name: string): number[] {
    return replicaSetAmong(up, nameOf(name), this.bits);
  }

  #ownerOf(up: readonly number[], name: string): number {
    return this.#replicaSetOf(up, name)[0] ?? 0;
  }
}
