/**
 * What a fault does, in the words of stories: to processes and to links. A drafter remembers what it
 * has planned, so that most of its faults hit something.
 */
import type { Chance } from "./chance.ts";
import { FILE_KINDS, FileDrafter, isFileKind } from "./file-faults.ts";

/** The kinds of fault; each seed takes to some of them. */
export const KINDS = [
  "kill",
  "kill-neighbours",
  "kill-many",
  "kill-for-good",
  "restart",
  "freeze",
  "thaw",
  "freeze-half",
  "quit",
  "join",
  "join-gap",
  "power-cut",
  "cut",
  "twins",
  "cut-one-way",
  "mend",
  "slow",
  "hang",
  "refuse",
  ...FILE_KINDS,
] as const;
export type Kind = (typeof KINDS)[number];

export class Drafter {
  readonly #up: Set<number>;
  readonly #down = new Set<number>();
  readonly #frozen = new Set<number>();
  readonly #files: FileDrafter;
  #buried = false;
  /** Links are cut, or were: who leaves for good now may be the only one that both sides know. */
  #cut = false;
  #everCut = false;

  constructor(
    private readonly chance: Chance,
    ids: readonly number[],
  ) {
    this.#up = new Set(ids);
    const rest = {
      kill: (victims: readonly number[]) => this.#kill(victims),
      gone: (id: number) => this.#goes(id),
      leaves: (id: number) => {
        this.#up.delete(id);
      },
      mayCut: () => this.#mayCut(),
      mayLeave: () => this.#up.size > 3 && !this.#cut,
    };
    this.#files = new FileDrafter(chance, rest, ids);
  }

  /**
   * The actions of one fault, or null where there is nothing left for it to hit. `after 20 kill 4` is
   * done so many milliseconds after the one before.
   * @param at when it begins, in virtual milliseconds
   */
  draft(kind: Kind, at: number): string[] | null {
    const up = [...this.#up].sort((a, b) => a - b);
    if (isFileKind(kind)) return this.#files.draft(kind, up, at);
    const one = this.chance.pick(up);
    const other = this.chance.pick(up);
    switch (kind) {
      case "kill":
        return this.#kill([one]);
      case "kill-neighbours":
        return this.#kill(this.#neighbours(up, 2));
      case "kill-many":
        return this.#kill(this.#neighbours(up, this.chance.between(3, 9)));
      case "kill-for-good": {
        // Once in a plan: two at once leave a copy of whatever had three.
        if (this.#buried || this.#everCut || up.length <= 5) return null;
        this.#buried = true;
        const ids = this.#neighbours(up, this.chance.between(1, 2));
        for (const id of ids) this.#up.delete(id);
        const words = `kill ${ids.join(" ")} for good`;
        return [this.#files.destroying(words, at)];
      }
      case "restart":
        return this.#restart();
      case "freeze":
        return this.#freeze([one]);
      case "freeze-half":
        return this.#freeze(this.chance.sample(up, up.length >> 1));
      case "thaw":
        return this.#thaw();
      case "quit":
        if (up.length <= 3 || this.#cut) return null;
        this.#up.delete(one);
        return [`quit ${one}`];
      case "join":
        return this.#join([this.#freeId()], up);
      case "join-gap": {
        const first = this.#freeId();
        return this.#join(
          [first, first + 1].filter((id) => id < 256),
          up,
        );
      }
      case "power-cut": {
        const many = this.chance.pick([1, 1, 2, 3, up.length]);
        return asPowerCut(this.#kill(this.#neighbours(up, many)));
      }
      case "cut": {
        if (!this.#mayCut()) return null;
        const side = this.chance.sample(up, this.chance.between(1, Math.max(1, up.length - 1)));
        const rest = up.filter((id) => !side.includes(id));
        return rest.length === 0 ? null : [`cut ${side.join(" ")} from ${rest.join(" ")}`];
      }
      case "twins": {
        if (!this.#mayCut()) return null;
        const side = this.chance.sample(up, up.length >> 1);
        const rest = up.filter((id) => !side.includes(id));
        if (side.length === 0 || rest.length === 0) return null;
        const id = this.#freeId();
        const [here, there] = [this.chance.pick(side), this.chance.pick(rest)];
        this.#up.add(id);
        return [
          `cut ${[...side, id].join(" ")} from ${rest.join(" ")}`,
          `join ${id} via ${here}`,
          `twin ${id} via ${there}`,
        ];
      }
      case "cut-one-way":
        return one === other || !this.#mayCut() ? null : [`cut ${one} towards ${other}`];
      case "slow":
        return one === other
          ? null
          : [`slow ${one} towards ${other} by ${this.chance.between(50, 900)}`];
      case "hang":
        return one === other ? null : [`hang ${one} towards ${other}`];
      case "refuse":
        return one === other ? null : [`refuse ${one} towards ${this.#next(up, one)}`];
      case "mend":
        this.#cut = false;
        return ["mend"];
    }
  }

  #mayCut(): boolean {
    if (this.#buried) return false;
    this.#cut = true;
    this.#everCut = true;
    return true;
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
    const ids = this.chance.sample([...this.#down], this.chance.between(1, this.#down.size));
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
    const pairs = ids.map((id) => `${id} via ${this.chance.pick(up)}`);
    for (const id of ids) this.#up.add(id);
    return [`join ${pairs.join(" and ")}`];
  }

  #freeId(): number {
    const taken = new Set([...this.#up, ...this.#down]);
    let id = this.chance.below(255);
    while (taken.has(id) || taken.has(id + 1)) id = (id + 2) % 255;
    return id;
  }

  #neighbours(up: readonly number[], count: number): number[] {
    const start = this.chance.below(up.length);
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
