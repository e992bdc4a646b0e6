/**
 * Histories of one name, made by simulated owners that keep the protocol's rules: an owner gives versions above all that it knows, follows the write that has the name and its own that are under way, and leaves
 * the others beside. An operation may be executed by two owners while its origin waits, but an owner
 * that knows what became of it does not.
 */
import {
  EMPTY_SHA256,
  type FileRecord,
  type Operation,
  type Version,
} from "../../src/protocol/model/files.ts";
import { makeRandom, type Random, randomBelow } from "../../src/protocol/model/random.ts";
import {
  chained,
  lineage,
  merge,
  type Siblings,
  standingOf,
  versionsOf,
  winnerOf,
} from "../../src/protocol/model/siblings.ts";
import { sha256 } from "../store/temporary.ts";

export type Owner = { id: number; instance: number; known: Siblings };

type Origin = {
  readonly name: string;
  number: number;
  last: number;
  /** The operation that it waits for. */
  asked: {
    readonly operation: Operation;
    readonly what: What;
    readonly after: number;
    readonly until: number;
  } | null;
};

type What =
  | { readonly content: (typeof CONTENTS)[number] }
  | { readonly removes: FileRecord | null };

export type HistoryOptions = {
  readonly steps: number;
  readonly owners: number;
  /** Between two steps, at most. */
  readonly pauseMs: number;
  /** One in so many restarts an owner under a new instance. */
  readonly restarts: number;
  /** One in so many asks a second owner for an operation that another has executed. */
  readonly doubles: number;
  readonly name?: string;
};

/** An origin gives an operation up, and no owner gives it a version any more. */
const WAITS_MS = 12_000;

export const SOME: HistoryOptions = {
  steps: 14,
  owners: 3,
  pauseMs: 500,
  restarts: 30,
  doubles: 3,
};

/** What is stored: two that fit an index, and one that does not. */
const TEXTS = ["A", "B", "C".repeat(70_000)] as const;
export const CONTENTS = TEXTS.map((text) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes, sha256: sha256(bytes) };
});
const NOTHING = { bytes: new Uint8Array(0), sha256: EMPTY_SHA256 };

/** A history that grows step by step. */
export class History {
  /** Each execution as its owner made it, in order. */
  readonly executed: FileRecord[] = [];
  readonly owners: Owner[];
  /** Of each write those that an execution of it followed. */
  readonly followed = new Map<string, Set<string>>();
  now = 1_000;
  readonly #random: Random;
  readonly #origins: Origin[];
  #instances = 0;

  constructor(
    seed: number,
    readonly options: HistoryOptions = SOME,
  ) {
    this.#random = makeRandom(seed);
    this.owners = Array.from({ length: options.owners }, (_, i) => ({
      id: i + 1,
      instance: ++this.#instances,
      known: [],
    }));
    this.#origins = ["a", "b", "c"].map((letter) => ({
      name: letter.repeat(16),
      number: 0,
      last: 0,
      asked: null,
    }));
    for (let i = 0; i < options.steps; i++) this.step();
  }

  /** The writes that nobody has followed: those that are alive for whoever knows all. */
  unfollowed(): string[] {
    const followed = new Set([...this.followed.values()].flatMap((before) => [...before]));
    return [...this.followed.keys()].filter((id) => !followed.has(id)).sort();
  }

  /** True if two writes followed each other, which takes two that were both executed twice. */
  hasCircle(): boolean {
    const rest = new Map(this.followed);
    for (let size = -1; size !== rest.size; ) {
      size = rest.size;
      for (const [id, before] of rest) if (![...before].some((b) => rest.has(b))) rest.delete(id);
    }
    return rest.size > 0;
  }

  step(): void {
    const random = this.#random;
    this.now += 1 + randomBelow(random, this.options.pauseMs);
    const owner = this.#pick(this.owners);
    if (owner === undefined) return;
    if (randomBelow(random, this.options.restarts) === 0) {
      owner.instance = ++this.#instances;
      if (randomBelow(random, 2) === 0) owner.known = [];
      return;
    }
    if (randomBelow(random, 3) === 0) {
      this.#hear(owner);
      return;
    }
    const origin = this.#pick(this.#origins);
    if (origin === undefined) return;
    const asked = origin.asked;
    if (
      asked !== null &&
      this.now < asked.until &&
      randomBelow(random, this.options.doubles) === 0
    ) {
      this.#execute(owner, asked);
    } else {
      origin.number += 1 + randomBelow(random, 3);
      const operation = { origin: origin.name, number: origin.number };
      origin.asked = {
        operation,
        what: this.#what(owner),
        after: origin.last,
        until: this.now + WAITS_MS,
      };
      origin.last = origin.number;
      this.#execute(owner, origin.asked);
    }
  }

  /** An owner learns what another knows, or of one write as it was made. */
  #hear(owner: Owner): void {
    const other = this.#pick(this.owners);
    const heard = randomBelow(this.#random, 2) === 0 ? other?.known : this.executed;
    const record = this.#pick(heard ?? []);
    if (record !== undefined) owner.known = merge(owner.known, record);
  }

  #what(owner: Owner): What {
    const kind = randomBelow(this.#random, 10);
    const winner = winnerOf(owner.known);
    const conflicts = owner.known.filter((v) => v !== winner && !v.apart && !v.removed);
    if (kind < 2 && conflicts.length > 0) return { removes: this.#pick(conflicts) ?? null };
    if (kind < 4) return { removes: null };
    return { content: this.#pick(CONTENTS) ?? NOTHING };
  }

  #execute(owner: Owner, { operation, what, after }: NonNullable<Origin["asked"]>): void {
    const content = "content" in what ? what.content : NOTHING;
    if (standingOf(owner.known, operation, content.sha256).kind !== "new") return;
    const conflict = "removes" in what ? what.removes : null;
    const aimed = owner.known.find((v) => v.operation === conflict?.operation);
    if (conflict !== null && aimed === undefined) return;
    const winner = winnerOf(owner.known);
    const mine = owner.known.filter(
      (v) => v.version.owner === owner.id && v.version.instance === owner.instance && !v.apart,
    );
    const young = mine.filter(() => randomBelow(this.#random, 4) === 0);
    const follows =
      conflict !== null
        ? owner.known.filter((v) => v === aimed)
        : owner.known.filter((v) => v === winner || young.includes(v));
    const beside = owner.known.filter((v) => !follows.includes(v));
    const made = lineage(follows, beside, this.now);
    const version = this.#nextVersion(owner);
    const record: FileRecord = {
      name: this.options.name ?? "plan.txt",
      key: 7,
      operation,
      version,
      also: [],
      size: content.bytes.length,
      sha256: content.sha256,
      removed: !("content" in what),
      apart: conflict !== null,
      ageMs: -this.now,
      ...made,
      history: chained(made.history, { operation, version, ageMs: -this.now }, after),
    };
    this.executed.push(record);
    const before = this.followed.get(idOf(record)) ?? new Set();
    this.followed.set(idOf(record), before);
    for (const old of follows) before.add(idOf(old));
    owner.known = merge(owner.known, record);
  }

  #nextVersion({ id, instance, known }: Owner): Version {
    const heard = known.flatMap((v) => [...versionsOf(v), ...v.versionVector]);
    const highest = heard.reduce((most, s) => Math.max(most, s.counter), 0);
    return { counter: highest + 1 + randomBelow(this.#random, 2), owner: id, instance };
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[randomBelow(this.#random, list.length)];
  }
}

export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1);
    const [a, b] = [all[i], all[j]];
    if (a === undefined || b === undefined) continue;
    all[i] = b;
    all[j] = a;
  }
  return all;
}

/** Two sets as one. */
export function mergeAll(a: Siblings, b: Siblings): Siblings {
  return b.reduce(merge, a);
}

/** Merged two by two in a random tree, from both sides. */
export function mergedAtRandom(random: Random, siblings: Siblings): Siblings {
  const sets: Siblings[] = shuffled(random, siblings).map((v) => [v]);
  while (sets.length > 1) {
    const [one] = sets.splice(randomBelow(random, sets.length), 1);
    const [two] = sets.splice(randomBelow(random, sets.length), 1);
    sets.push(mergeAll(one ?? [], two ?? []));
  }
  return sets[0] ?? [];
}

/** What all who hold the same must agree on: which writes live, under which versions, and who has the name. */
export function living(siblings: Siblings): string[] {
  const winner = winnerOf(siblings);
  return siblings.map((v) => textOf(v) + (v === winner ? " wins" : "")).sort();
}

export function textOf(v: FileRecord): string {
  const { counter, owner, instance } = v.version;
  const kind = v.apart ? " apart" : v.removed ? " removed" : "";
  return `${idOf(v)} ${owner}.${instance}:${counter}${kind}`;
}

/** What no other write of its name is. */
export function idOf(v: Pick<FileRecord, "operation" | "sha256">): string {
  return `${v.operation.origin.slice(0, 1)}${v.operation.number}:${v.sha256.slice(0, 2)}`;
}
