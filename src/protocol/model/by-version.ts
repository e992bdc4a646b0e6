/**
 * A table whose keys are versions. What tells one version from another is long, and making one text of it
 * for each look would cost more than all else that a request takes: names are looked up as they are, and
 * most have one version, which needs no list.
 */
import { isSameVersion, type VersionId } from "./files.ts";

type Entry<T> = { readonly version: VersionId; readonly value: T };

/** A map from versions to values: `get`, `set`, `delete` and `clear` as in a Map. Its user limits its size. */
export class ByVersion<T> {
  readonly #names = new Map<string, Entry<T> | readonly Entry<T>[]>();

  get(version: VersionId): T | undefined {
    const held = this.#names.get(version.name);
    return held === undefined ? undefined : entryOf(held, version)?.value;
  }

  set(version: VersionId, value: T): void {
    const held = this.#names.get(version.name);
    const added = { version, value };
    if (held === undefined || "value" in held) {
      const alone = held === undefined || isSameVersion(held.version, version);
      this.#names.set(version.name, alone ? added : [held, added]);
      return;
    }
    const place = held.findIndex((entry) => isSameVersion(entry.version, version));
    this.#names.set(version.name, place < 0 ? [...held, added] : held.with(place, added));
  }

  delete(version: VersionId): void {
    const held = this.#names.get(version.name);
    const entry = held === undefined ? undefined : entryOf(held, version);
    if (held === undefined || entry === undefined) return;
    const others = listOf(held).filter((e) => e !== entry);
    if (others.length === 0) this.#names.delete(version.name);
    else this.#names.set(version.name, others);
  }

  clear(): void {
    this.#names.clear();
  }

  /** One that changes apart from this; the values are shared. */
  copy(): ByVersion<T> {
    const made = new ByVersion<T>();
    for (const [name, held] of this.#names) made.#names.set(name, held);
    return made;
  }

  /** All versions with their values. */
  *entries(): Generator<readonly [version: VersionId, value: T]> {
    for (const held of this.#names.values()) {
      for (const { version, value } of listOf(held)) yield [version, value];
    }
  }
}

function entryOf<T>(
  held: Entry<T> | readonly Entry<T>[],
  version: VersionId,
): Entry<T> | undefined {
  if ("value" in held) return isSameVersion(held.version, version) ? held : undefined;
  for (const entry of held) if (isSameVersion(entry.version, version)) return entry;
  return undefined;
}

function listOf<T>(held: Entry<T> | readonly Entry<T>[]): readonly Entry<T>[] {
  return "value" in held ? [held] : held;
}
