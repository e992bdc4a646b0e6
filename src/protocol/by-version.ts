/**
 * A table whose keys are versions. What tells one version from another is long, and making one text of it
 * for each look would cost more than all else that a request takes: names are looked up as they are, and
 * most have one version.
 */
import { isSameVersion, type VersionId } from "./files.ts";

type Entry<T> = { readonly version: VersionId; readonly value: T };

export class ByVersion<T> {
  readonly #names = new Map<string, readonly Entry<T>[]>();

  get(version: VersionId): T | undefined {
    const entries = this.#names.get(version.name);
    if (entries === undefined) return undefined;
    for (const entry of entries) if (isSameVersion(entry.version, version)) return entry.value;
    return undefined;
  }

  set(version: VersionId, value: T): void {
    const entry = { version, value };
    const others = this.#others(version);
    this.#names.set(version.name, others === undefined ? [entry] : [...others, entry]);
  }

  delete(version: VersionId): void {
    const others = this.#others(version);
    if (others === undefined) return;
    if (others.length === 0) this.#names.delete(version.name);
    else this.#names.set(version.name, others);
  }

  clear(): void {
    this.#names.clear();
  }

  #others(version: VersionId): readonly Entry<T>[] | undefined {
    return this.#names.get(version.name)?.filter((e) => !isSameVersion(e.version, version));
  }
}
