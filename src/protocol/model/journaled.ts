/**
 * A table that costs nothing to copy. It notes what each change has changed, in a list that only its copies hold on
 * to; a copy is worked out from the table as it is by then, with all that was noted since taken back, when it is
 * looked at for the first time. (As a database makes an old version of a page from its undo log: Mohan et al.,
 * "ARIES", 1992.) Few copies are ever looked at, and what no copy needs is forgotten.
 */

/** What was before a change; the changes after it hang on to it. `before` is undefined where there was nothing. */
type Change<K, V> = {
  readonly key: K | null;
  readonly before: V | undefined;
  next: Change<K, V> | null;
};

type Source<K, V> = { readonly entries: Map<K, V>; readonly since: Change<K, V> };

/**
 * A map of values that never change: all is as in a Map, but that a copy of it has those of its keys at the end that
 * were deleted since.
 */
export class JournaledMap<K, V extends object | string | number | boolean> {
  #entries = new Map<K, V>();
  /** Null where the entries are this table's own. */
  #source: Source<K, V> | null = null;
  #last: Change<K, V> = { key: null, before: undefined, next: null };

  get size(): number {
    return this.#own().size;
  }

  get(key: K): V | undefined {
    return this.#own().get(key);
  }

  has(key: K): boolean {
    return this.#own().has(key);
  }

  set(key: K, value: V): void {
    const entries = this.#own();
    this.#note(key, entries.get(key));
    entries.set(key, value);
  }

  delete(key: K): boolean {
    const entries = this.#own();
    const before = entries.get(key);
    if (before === undefined) return false;
    this.#note(key, before);
    return entries.delete(key);
  }

  clear(): void {
    for (const key of [...this.#own().keys()]) this.delete(key);
  }

  keys(): MapIterator<K> {
    return this.#own().keys();
  }

  values(): MapIterator<V> {
    return this.#own().values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#own().entries();
  }

  /** One that changes apart from this. */
  copy(): JournaledMap<K, V> {
    const made = new JournaledMap<K, V>();
    made.#source = { entries: this.#own(), since: this.#last };
    return made;
  }

  #note(key: K, before: V | undefined): void {
    const change: Change<K, V> = { key, before, next: null };
    this.#last.next = change;
    this.#last = change;
  }

  #own(): Map<K, V> {
    if (this.#source === null) return this.#entries;
    const { entries, since } = this.#source;
    this.#source = null;
    this.#entries = new Map(entries);
    const back = new Set<K>();
    for (let change = since.next; change !== null; change = change.next) {
      const { key, before } = change;
      // Of several changes of one entry the first tells how it was.
      if (key === null || back.has(key)) continue;
      back.add(key);
      if (before === undefined) this.#entries.delete(key);
      else this.#entries.set(key, before);
    }
    return this.#entries;
  }
}
