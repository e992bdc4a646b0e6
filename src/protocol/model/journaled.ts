/**
 * A table that costs nothing to copy. As long as nobody looks at the copy, the table notes in it what each of its own
 * changes has changed; when somebody does, the copy is worked out from the table as it is by then, with all that was
 * noted taken back. (As a database makes an old version of a page from its undo log: Mohan et al., "ARIES", 1992.)
 * Few copies are ever looked at: whoever needs one no more gives it up.
 */

/**
 * A map of values that never change: all is as in a Map, but that a copy of it has those of its keys at the end that
 * were deleted since. One copy at a time waits to be looked at: where another is made, the one before it is worked out.
 */
export class JournaledMap<K, V extends object | string | number | boolean> {
  #entries = new Map<K, V>();
  /** The copy of this that has not been looked at. */
  #copy: JournaledMap<K, V> | null = null;
  /** Of such a copy: what it is of, and what was there before it was changed; undefined where nothing was. */
  #source: JournaledMap<K, V> | null = null;
  #before: Map<K, V | undefined> | null = null;

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
    this.#note(key, entries);
    entries.set(key, value);
  }

  delete(key: K): boolean {
    const entries = this.#own();
    this.#note(key, entries);
    return entries.delete(key);
  }

  clear(): void {
    const entries = this.#own();
    for (const key of entries.keys()) this.#note(key, entries);
    entries.clear();
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
    this.#own();
    const former = this.#copy;
    if (former !== null) former.#own();
    const made = new JournaledMap<K, V>();
    made.#source = this;
    made.#before = new Map();
    this.#copy = made;
    return made;
  }

  /** Nobody will look at this any more: a copy need not be kept up. */
  giveUp(): void {
    if (this.#source !== null) this.#source.#copy = null;
    this.#source = null;
    this.#before = null;
  }

  #note(key: K, entries: ReadonlyMap<K, V>): void {
    const copy = this.#copy;
    if (copy === null || copy.#before === null) return;
    // Of several changes of one entry the first tells how it was.
    if (!copy.#before.has(key)) copy.#before.set(key, entries.get(key));
  }

  #own(): Map<K, V> {
    const source = this.#source;
    const before = this.#before;
    if (source === null || before === null) return this.#entries;
    this.giveUp();
    this.#entries = new Map(source.#entries);
    for (const [key, value] of before) {
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
    return this.#entries;
  }
}
