/**
 * What hostile messages are made of: those that peers have sent, with some of their values exchanged for
 * others that stood in fields of the same name, or for the ends of ranges. So they are near to what the
 * ring itself says, and no layout has to be described a second time: the wire refuses what it cannot hold.
 */
import { HIGHEST_COUNTER, HIGHEST_INCARNATION } from "../protocol/model/bounds.ts";
import { PREFIX_BYTES } from "../wire/age.ts";
import { encodeFrame, type Sender } from "../wire/message.ts";
import type { WireMessage } from "../wire/table.ts";
import { HOSTILE_NAMES } from "./names.ts";
import type { RandomGenerator } from "./random-generator.ts";

type Value = null | boolean | number | string | readonly Value[] | Fields;
export type Fields = { readonly [key: string]: Value };

/** Values kept of one field, and messages of one kind: the latest. */
const KEPT = 64;
/** Values of a message that are looked at; one with more is as long as its list. */
const MOST_VALUES = 512;
const MOST_CHANGES = 4;
/** What lists grow to, in items. */
const LENGTHS = [2, 8, 64, 256, 1_024] as const;

/** Where ranges end, in whatever field: of bytes, and of what is believed. */
const ENDS: readonly number[] = [
  ...[8, 16, 31, 32, 48, 52, 53].flatMap((bits) => [2 ** bits - 1, 2 ** bits - 2]),
  ...[0, 1, 2, 255, 256, 2 ** 31, 2 ** 32, 2 ** 47],
  ...[HIGHEST_INCARNATION, HIGHEST_INCARNATION + 1, HIGHEST_COUNTER, HIGHEST_COUNTER + 1],
];
const STEPS = [-2, -1, 1, 2, 255, 2 ** 16, 2 ** 20, 2 ** 36] as const;

export class Overheard {
  readonly #messages = new Map<string, WireMessage[]>();
  readonly #values = new Map<string, Value[]>();
  #heard = 0;

  /** Keeps a message and its sender in mind, in the place of one of the oldest of its kind. */
  hear(message: WireMessage, sender: Omit<Sender, "ring" | "port">): void {
    this.#heard += 1;
    this.#keep(this.#messages, message.tag, message);
    const fields: Fields = message;
    this.#learn(fields);
    const { id, incarnation, instance, state } = sender;
    this.#learn({ id, incarnation, instance, state });
  }

  get tags(): string[] {
    return [...this.#messages.keys()];
  }

  /** One that was heard, of any kind. @throws RangeError before anything was heard */
  pick(generator: RandomGenerator): WireMessage {
    return generator.pick(this.#messages.get(generator.pick(this.tags)) ?? []);
  }

  /** The latest of one kind, so many at most. */
  latest(tag: string, count: number): readonly WireMessage[] {
    return this.#messages.get(tag)?.slice(-count) ?? [];
  }

  /** A value that stood in a field of this name, if there was one of this type. */
  valueOf<T extends Value>(generator: RandomGenerator, key: string, like: T): T {
    const kept = this.#values.get(key) ?? [];
    if (kept.length === 0) return like;
    const value = generator.pick(kept);
    return kindOf(value) === kindOf(like) ? (value as T) : like;
  }

  /**
   * The bytes of a frame's message that is somewhat other than one that was heard.
   * @param atLast what is done to it in the end
   * @returns null where the wire cannot hold what was drawn
   */
  twisted(
    generator: RandomGenerator,
    sender: Sender,
    atLast: (message: Fields) => Fields = (message) => message,
    body: Uint8Array | null = null,
  ): Uint8Array | null {
    let fields: Fields = this.pick(generator);
    for (let left = generator.below(MOST_CHANGES + 1); left > 0; left--) {
      fields = this.#changed(generator, fields);
    }
    try {
      // Whether it is one, the encoder says.
      return encodeFrame(atLast(fields) as WireMessage, sender, body).subarray(PREFIX_BYTES);
    } catch {
      return null;
    }
  }

  #changed(generator: RandomGenerator, fields: Fields): Fields {
    const { tag = null, ...rest } = fields;
    const at = { left: 1 + generator.below(Math.min(MOST_VALUES, countOf(rest) - 1)) };
    const changed = replaced(rest, "", at, (value, key) => this.#other(generator, value, key));
    return isFields(changed) ? { tag, ...changed } : fields;
  }

  #other(generator: RandomGenerator, value: Value, key: string): Value {
    if (generator.below(2) === 0) {
      const kept = this.#values.get(key) ?? [];
      const other = kept.length === 0 ? value : generator.pick(kept);
      if (value === null || other === null || kindOf(value) === kindOf(other)) return other;
    }
    if (typeof value === "boolean") return !value;
    if (typeof value === "number") return otherNumber(generator, value);
    if (typeof value === "string") return otherText(generator, value);
    if (isList(value)) return otherList(generator, value);
    return value === null ? null : this.#changedPart(generator, value);
  }

  #changedPart(generator: RandomGenerator, value: Fields): Fields {
    const keys = Object.keys(value);
    if (keys.length === 0) return value;
    const key = generator.pick(keys);
    return { ...value, [key]: this.#other(generator, value[key] ?? null, key) };
  }

  #learn(fields: Fields): void {
    for (const [key, value] of Object.entries(fields)) {
      if (key === "tag") continue;
      this.#keep(this.#values, key, value);
      for (const part of isList(value) ? value.slice(0, KEPT) : [value]) {
        if (isFields(part)) this.#learn(part);
      }
    }
  }

  #keep<T>(table: Map<string, T[]>, key: string, value: T): void {
    const kept = table.get(key) ?? [];
    table.set(key, kept);
    if (kept.length < KEPT) kept.push(value);
    else kept[this.#heard % KEPT] = value;
  }
}

function otherNumber(generator: RandomGenerator, value: number): number {
  const how = generator.below(4);
  if (how === 0) return generator.pick(ENDS);
  if (how === 1) return generator.below(256);
  const step = value + generator.pick(STEPS);
  return how === 2 ? Math.max(0, step) : generator.bits();
}

function otherText(generator: RandomGenerator, value: string): string {
  const digits = /^[0-9a-f]+$/.test(value) && value.length >= 16;
  if (!digits) return generator.pick([...HOSTILE_NAMES, "0007", "127.0.0.1:9", "[::1]:9", ""]);
  const other = generator.bits().toString(16).padStart(8, "0");
  return generator.pick([
    "0".repeat(value.length),
    "f".repeat(value.length),
    other + value.slice(8),
    value.slice(8) + other,
  ]);
}

function otherList(generator: RandomGenerator, list: readonly Value[]): readonly Value[] {
  const how = generator.below(5);
  if (list.length === 0 || how === 0) return [];
  if (how === 1) return list.toSpliced(generator.below(list.length), 1);
  if (how === 2) return [...list].reverse();
  if (how === 3) return [...list, generator.pick(list)];
  const length = generator.pick(LENGTHS);
  return Array.from({ length }, (_, i) => list[i % list.length] ?? null);
}

/** The value with all objects in it, itself included, as others make them. */
export function rewritten(fields: Fields, other: (fields: Fields) => Fields): Fields {
  const part = (value: Value): Value => {
    if (isList(value)) return value.map(part);
    return isFields(value) ? rewritten(value, other) : value;
  };
  const entries = Object.entries(fields).map(([key, value]) => [key, part(value)] as const);
  return other(Object.fromEntries(entries));
}

/** How many values there are in one, itself included. */
function countOf(value: Value): number {
  if (isList(value)) return value.reduce((sum: number, part) => sum + countOf(part), 1);
  if (!isFields(value)) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + countOf(part), 1);
}

/** The value with its part at a place, counted from itself on, exchanged for another. */
function replaced(
  value: Value,
  key: string,
  at: { left: number },
  other: (value: Value, key: string) => Value,
): Value {
  if (at.left < 0) return value;
  if (at.left-- === 0) return other(value, key);
  if (isList(value)) return value.map((part) => replaced(part, key, at, other));
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(
    ([name, part]) => [name, replaced(part, name, at, other)] as const,
  );
  return Object.fromEntries(entries);
}

function kindOf(value: Value): string {
  return isList(value) ? "list" : value === null ? "null" : typeof value;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isFields(value: Value): value is Fields {
  return typeof value === "object" && value !== null && !isList(value);
}
