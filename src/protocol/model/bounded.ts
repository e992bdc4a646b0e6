/** Tables that keep no more than so many entries: the oldest go. */

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
