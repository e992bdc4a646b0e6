/**
 * What a fault does, in the words of scenarios: to processes and to links. A drafter remembers what it
 * has planned, so that most of its faults hit something.
 */
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import type { Kind } from "./drawing.ts";
import { drawKey } from "./figure-ring.ts";
import { FileDrafter, isFileKind } from "./file-faults.ts";
import { HardDrafter } from "./hard-faults.ts";
import { isHardKind } from "./hard-kinds.ts";
import type { RandomGenerator } from "./random-generator.ts";

/** Until all know the new address of one that has moved, or have found each other after a cut. */
const KNOWN_MS = 30_000;

export class Drafter {
  readonly #up: Set<number>;
  readonly #down = new Set<number>();
  readonly #frozen = new Set<number>();
  readonly #files: FileDrafter;
  readonly #hard: HardDrafter;
  readonly #all: Set<number>;
  /** Until when a link is cut that is mended by itself. */
  #partedUntil = Number.NEGATIVE_INFINITY;
  #movedAt = Number.NEGATIVE_INFINITY;
  #mendedAt = Number.NEGATIVE_INFINITY;
  #now = 0;
  #killedForGood = false;
  /** Links are cut, or were: who leaves for good now may be the only one that both sides know. */
  #cut = false;
  #everCut = false;

  constructor(
    private readonly generator: RandomGenerator,
    ids: readonly number[],
    private readonly bits: number,
    names: readonly string[],
  ) {
    this.#up = new Set(ids);
    this.#all = new Set(ids);
    const rest = {
      kill: (victims: readonly number[]) => this.#kill(victims),
      departed: (id: number) => this.#goes(id),
      leaves: (id: number) => {
        this.#up.delete(id);
      },
      comes: (id: number) => {
        if (this.#all.has(id)) return false;
        this.#comes(id);
        return true;
      },
      mayCut: () => this.#mayCut(),
      mayPart: (ms: number) => this.#mayPart(ms),
      mayLeave: () => this.#mayLeave(),
      mayMove: () => this.#mayMove(),
      areTogether: () => this.#areTogether(),
      allBut: (side: readonly number[]) => this.#allBut(side),
    };
    this.#files = new FileDrafter(generator, rest, ids, bits, names);
    this.#hard = new HardDrafter(generator, rest, names, bits);
  }

  /** Every peer that there is at some time. */
  get everyone(): number[] {
    return [...this.#all];
  }

  /**
   * The actions of one fault, or null where there is nothing left for it to hit. `after 20 kill 4` is
   * done so many milliseconds after the one before; `later 20 thaw 4` too, but what follows does not
   * wait for it.
   * @param at when it begins, in virtual milliseconds
   */
  draft(kind: Kind, at: number): string[] | null {
    this.#now = at;
    const up = [...this.#up].sort((a, b) => a - b);
    if (isHardKind(kind)) return this.#hard.draft(kind, up);
    if (isFileKind(kind)) return this.#files.draft(kind, up, at);
    const one = this.generator.pick(up);
    const other = this.generator.pick(up);
    switch (kind) {
      case "kill":
        return this.#kill([one]);
      case "kill-neighbours":
        return this.#kill(this.#neighbours(up, 2));
      case "kill-many":
        return this.#kill(this.#neighbours(up, this.generator.between(3, 9)));
      case "kill-for-good":
        return this.#killForGood(up, at);
      case "restart":
        return this.#restart();
      case "freeze":
        return this.#freeze([one]);
      case "freeze-half":
        return this.#freeze(this.generator.sample(up, up.length >> 1));
      case "thaw":
        return this.#thaw();
      case "quit":
        if (!this.#mayLeave()) return null;
        this.#up.delete(one);
        return [`quit ${one}`];
      case "join":
        return this.#join([this.#freeId()], up);
      case "join-gap":
        return this.#join(this.#gap(), up);
      case "power-cut": {
        const many = this.generator.pick([1, 1, 2, 3, up.length]);
        return asPowerCut(this.#kill(this.#neighbours(up, many)));
      }
      case "cut":
        return this.#cutSides(up);
      case "twins":
        return this.#twins(up);
      case "cut-one-way":
        return one === other || !this.#mayCut() ? null : [`cut ${one} towards ${other}`];
      case "slow":
        return one === other
          ? null
          : [`slow ${one} towards ${other} by ${this.generator.between(50, 900)}`];
      case "hang":
        return one === other ? null : [`hang ${one} towards ${other}`];
      case "refuse":
        return one === other ? null : [`refuse ${one} towards ${this.#next(up, one)}`];
      case "mend":
        if (this.#cut) this.#mendedAt = at;
        this.#cut = false;
        return ["mend"];
    }
  }

  /** A free id, and the one behind it. */
  #gap(): number[] {
    const first = this.#freeId();
    return [first, first + 1].filter((id) => id < 2 ** this.bits);
  }

  #cutSides(up: readonly number[]): string[] | null {
    if (!this.#mayCut()) return null;
    const side = this.generator.sample(up, this.generator.between(1, Math.max(1, up.length - 1)));
    const rest = this.#allBut(side);
    return rest.length === 0 ? null : [`cut ${side.join(" ")} from ${rest.join(" ")}`];
  }

  #twins(up: readonly number[]): string[] | null {
    if (!this.#mayCut()) return null;
    const side = this.generator.sample(up, up.length >> 1);
    const rest = this.#allBut(side);
    if (side.length === 0 || rest.length === 0) return null;
    const id = this.#freeId();
    const [here, there] = [
      this.generator.pick(side),
      this.generator.pick(up.filter((other) => !side.includes(other))),
    ];
    this.#comes(id);
    return [
      `cut ${[...side, id].join(" ")} from ${rest.join(" ")}`,
      `join ${id} via ${here}`,
      `twin ${id} via ${there}`,
    ];
  }

  /** Once in a plan: two at once leave a copy of whatever had three. */
  #killForGood(up: readonly number[], at: number): string[] | null {
    if (this.#killedForGood || this.#everCut || up.length <= 5) return null;
    this.#killedForGood = true;
    const ids = this.#neighbours(up, this.generator.between(1, 2));
    for (const id of ids) this.#up.delete(id);
    return [this.#files.destroying(`kill ${ids.join(" ")} for good`, at)];
  }

  #allBut(side: readonly number[]): number[] {
    return [...this.#all].filter((id) => !side.includes(id));
  }

  /** Not soon after a move, either: those whom the one that moved has not told would not find it. */
  #mayCut(): boolean {
    if (this.#killedForGood || this.#now < this.#movedAt + KNOWN_MS) return false;
    this.#cut = true;
    this.#everCut = true;
    return true;
  }

  /** A cut that is mended by itself after so long. */
  #mayPart(ms: number): boolean {
    if (this.#killedForGood || this.#now < this.#movedAt + KNOWN_MS) return false;
    this.#everCut = true;
    this.#partedUntil = Math.max(this.#partedUntil, this.#now + ms);
    return true;
  }

  #mayLeave(): boolean {
    return this.#up.size > 3 && !this.#cut && this.#now >= this.#partedUntil;
  }

  /**
   * No two at a time, nor one while another is down, sleeps or is cut off: if both had moved before they
   * met again, neither would know where to find the other.
   */
  #mayMove(): boolean {
    if (!this.#areTogether() || this.#now < this.#movedAt + KNOWN_MS) return false;
    this.#movedAt = this.#now;
    return true;
  }

  /** True if all run, and have reached each other for a while. */
  #areTogether(): boolean {
    if (this.#down.size > 0 || this.#frozen.size > 0 || this.#cut) return false;
    return this.#now >= Math.max(this.#partedUntil, this.#mendedAt) + KNOWN_MS;
  }

  /** Is killed, perhaps while it leaves: a restart later brings it back. */
  #goes(id: number): void {
    this.#up.delete(id);
    this.#frozen.delete(id);
    this.#down.add(id);
  }

  #kill(ids: readonly number[]): string[] | null {
    const victims = ids.slice(0, Math.max(0, this.#up.size - 1));
    if (victims.length === 0) return null;
    for (const id of victims) this.#goes(id);
    return [`kill ${victims.join(" ")}`];
  }

  #restart(): string[] | null {
    if (this.#down.size === 0) return null;
    const ids = this.generator.sample([...this.#down], this.generator.between(1, this.#down.size));
    for (const id of ids) {
      this.#down.delete(id);
      this.#up.add(id);
    }
    return [`restart ${ids.join(" ")}`];
  }

  #freeze(ids: readonly number[]): string[] | null {
    if (ids.length === 0) return null;
    for (const id of ids) this.#frozen.add(id);
    return [`freeze ${ids.join(" ")}`];
  }

  #thaw(): string[] | null {
    const ids = [...this.#frozen];
    this.#frozen.clear();
    return ids.length === 0 ? null : [`thaw ${ids.join(" ")}`];
  }

  #join(ids: readonly number[], up: readonly number[]): string[] {
    const pairs = ids.map((id) => `${id} via ${this.generator.pick(up)}`);
    for (const id of ids) this.#comes(id);
    return [`join ${pairs.join(" and ")}`];
  }

  #comes(id: number): void {
    this.#up.add(id);
    this.#all.add(id);
  }

  #freeId(): number {
    if (this.bits > NUMBERED_BITS) return drawKey(this.generator);
    const taken = new Set([...this.#up, ...this.#down]);
    let id = this.generator.below(255);
    while (taken.has(id) || taken.has(id + 1)) id = (id + 2) % 255;
    return id;
  }

  #neighbours(up: readonly number[], count: number): number[] {
    const start = this.generator.below(up.length);
    return Array.from(
      { length: Math.min(count, up.length) },
      (_, i) => up[(start + i) % up.length] ?? 0,
    );
  }

  #next(up: readonly number[], id: number): number {
    return up[(up.indexOf(id) + 1) % up.length] ?? id;
  }
}

/** The same machines without power, instead of the same processes killed. */
export function asPowerCut(kill: readonly string[] | null): string[] | null {
  return kill?.map((words) => words.replace(/^kill/, "power-cut")) ?? null;
}
