/**
 * A table whose keys are writes. What tells one write from another is long, and making one text of it
 * for each look would cost more than all else that a request takes: names are looked up as they are, and
 * most have one write, which needs no list.
 */
import { isSameWrite, type WriteId } from "./files.ts";
import { JournaledMap } from "./journaled.ts";

type Entry<T> = { readonly write: WriteId; readonly value: T };

/** A map from writes to values: `get`, `set`, `delete` and `clear` as in a Map. Its user limits its size. */
export class ByWrite<T> {
  #names = new JournaledMap<string, Entry<T> | readonly Entry<T>[]>();
  #size = 0;

  /** How many writes there are. */
  get size(): number {
    return this.#size;
  }

  get(write: WriteId): T | undefined {
    const held = this.#names.get(write.name);
    return held === undefined ? undefined : entryOf(held, write)?.value;
  }

  set(write: WriteId, value: T): void {
    const held = this.#names.get(write.name);
    const added = { write, value };
    if (held === undefined || "value" in held) {
      const alone = held === undefined || isSameWrite(held.write, write);
      if (held === undefined || !alone) this.#size += 1;
      this.#names.set(write.name, alone ? added : [held, added]);
      return;
    }
    const place = held.findIndex((entry) => isSameWrite(entry.write, write));
    if (place < 0) this.#size += 1;
    this.#names.set(write.name, place < 0 ? [...held, added] : held.with(place, added));
  }

  delete(write: WriteId): void {
    const held = this.#names.get(write.name);
    const entry = held === undefined ? undefined : entryOf(held, write);
    if (held === undefined || entry === undefined) return;
    this.#size -= 1;
    const others = listOf(held).filter((e) => e !== entry);
    if (others.length === 0) this.#names.delete(write.name);
    else this.#names.set(write.name, others);
  }

  clear(): void {
    this.#names.clear();
    this.#size = 0;
  }

  /** One that changes apart from this; the values are shared. */
  copy(): ByWrite<T> {
    const made = new ByWrite<T>();
    made.#names = this.#names.copy();
    made.#size = this.#size;
    return made;
  }

  /** @see JournaledMap.giveUp */
  giveUp(): void {
    this.#names.giveUp();
  }

  /** All writes with their values. */
  *entries(): Generator<readonly [write: WriteId, value: T]> {
    for (const held of this.#names.values()) {
      for (const { write, value } of listOf(held)) yield [write, value];
    }
  }
}

function entryOf<T>(held: Entry<T> | readonly Entry<T>[], write: WriteId): Entry<T> | undefined {
  if ("value" in held) return isSameWrite(held.write, write) ? held : undefined;
  for (const entry of held) if (isSameWrite(entry.write, write)) return entry;
  return undefined;
}

function listOf<T>(held: Entry<T> | readonly Entry<T>[]): readonly Entry<T>[] {
  return "value" in held ? [held] : held;
}
