/** Tables that keep no more than so many entries, or no more bytes: the oldest go. */

/**
 * Keeps at least the newest `limit` entries of a set or a map, and at most an eighth more: to take one
 * away for each that comes would walk over those taken away before, each time.
 */
export function forgetOldest<K>(table: Bounded<K>, limit: number): void {
  if (table.size > limit + limit / 8) boundTable(table, limit);
}

/** Drops the oldest entries of a set or a map above `limit`. */
export function boundTable<K>(table: Bounded<K>, limit: number): void {
  if (table.size <= limit) return;
  for (const key of table.keys()) {
    if (table.size <= limit) return;
    table.delete(key);
  }
}

type Bounded<K> = { readonly size: number; keys(): Iterable<K>; delete(key: K): boolean };

/**
 * A table that lets its oldest entries go when it has too many, or they are too large together: an
 * eighth at once, since to take one away for each that comes would walk over those taken away before.
 */
export class BoundedBytes<K, V> {
  readonly #entries = new Map<K, V>();
  #bytes = 0;

  constructor(
    private readonly mostBytes: number,
    private readonly most: number,
    private readonly sizeOf: (value: V) => number,
  ) {}

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#delete(key);
    this.#entries.set(key, value);
    this.#bytes += this.sizeOf(value);
    if (this.#fits(1)) return;
    for (const oldest of this.#entries.keys()) {
      if (oldest === key || this.#fits(7 / 8)) return;
      this.#delete(oldest);
    }
  }

  /** Lets the oldest go, up to the first that is not old. */
  forgetWhile(isOld: (value: V, key: K) => boolean): void {
    for (const [key, value] of this.#entries) {
      if (!isOld(value, key)) return;
      this.#delete(key);
    }
  }

  #fits(part: number): boolean {
    return this.#bytes <= part * this.mostBytes && this.#entries.size <= part * this.most;
  }

  #delete(key: K): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= this.sizeOf(value);
  }
}
