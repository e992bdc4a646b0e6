/** The records that a peer holds, by name and by place on the circle, with the digests of ranges. */
import { SHELF_BITS } from "./config.ts";
import { addHash, hashText, removeHash } from "./digest.ts";
import type { FileRecord, Range, Stamp } from "./files.ts";

type Entry = { readonly record: FileRecord; readonly hash: number };
/** One of the equal parts of the circle. */
type Bucket = { digest: number; readonly entries: Map<string, Entry> };

/** Whose stamps of which run are left out of a digest: those with a counter above this one's. */
export type Author = Stamp;

export class Shelf {
  readonly #buckets = new Map<number, Bucket>();
  readonly #entries = new Map<string, Entry>();
  readonly #circle: number;
  readonly #width: number;
  /** All names in order, until something changes. */
  #sorted: readonly string[] | null = null;
  /** Files held, and their bytes; removals are none. */
  count = 0;
  bytes = 0;

  /** @param bits of the circle's positions */
  constructor(bits: number, records: readonly FileRecord[]) {
    this.#circle = 2 ** bits;
    this.#width = 2 ** Math.max(0, bits - SHELF_BITS);
    for (const record of records) this.set(record);
  }

  /** Records held, removals too. */
  get size(): number {
    return this.#entries.size;
  }

  get(name: string): FileRecord | undefined {
    return this.#entries.get(name)?.record;
  }

  /** Puts a record in place of any other of its name. */
  set(record: FileRecord): void {
    this.delete(record.name);
    const { name, stamp } = record;
    const text = `${name}/${stamp.counter}/${stamp.owner}/${stamp.run}`;
    const entry = { record, hash: hashText(text) };
    const number = Math.floor(record.key / this.#width);
    let bucket = this.#buckets.get(number);
    if (bucket === undefined) {
      bucket = { digest: 0, entries: new Map() };
      this.#buckets.set(number, bucket);
    }
    bucket.digest = addHash(bucket.digest, entry.hash);
    bucket.entries.set(name, entry);
    this.#entries.set(name, entry);
    this.#sorted = null;
    if (record.removed) return;
    this.count += 1;
    this.bytes += record.size;
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const { record, hash } = entry;
    this.#entries.delete(name);
    this.#sorted = null;
    const number = Math.floor(record.key / this.#width);
    const bucket = this.#buckets.get(number);
    if (bucket !== undefined) {
      bucket.entries.delete(name);
      bucket.digest = removeHash(bucket.digest, hash);
      if (bucket.entries.size === 0) this.#buckets.delete(number);
    }
    if (record.removed) return;
    this.count -= 1;
    this.bytes -= record.size;
  }

  /** Every record, removals too. */
  *values(): Generator<FileRecord> {
    for (const { record } of this.#entries.values()) yield record;
  }

  /** Up to `count` records whose names come after `name`, in order; from the first on if it is null. */
  page(name: string | null, count: number): FileRecord[] {
    this.#sorted ??= [...this.#entries.keys()].sort();
    const names = this.#sorted;
    let low = 0;
    let high = name === null ? 0 : names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] ?? "") <= (name ?? "")) low = middle + 1;
      else high = middle;
    }
    return names.slice(low, low + count).flatMap((n) => this.get(n) ?? []);
  }

  /** What lies above `from` and up to `to`, clockwise; all if they are equal. @param but left out */
  range(from: number, to: number, but: Author | null): Range {
    let count = 0;
    let digest = 0;
    this.#walk(from, to, (bucket, whole) => {
      if (whole && but === null) {
        count += bucket.entries.size;
        digest = addHash(digest, bucket.digest);
        return;
      }
      for (const { record, hash } of bucket.entries.values()) {
        if (!(whole || isWithin(record.key, from, to)) || isBy(record, but)) continue;
        count += 1;
        digest = addHash(digest, hash);
      }
    });
    return { from, to, count, digest };
  }

  /** The records in a range. */
  within({ from, to }: Pick<Range, "from" | "to">, but: Author | null): FileRecord[] {
    const found: FileRecord[] = [];
    this.#walk(from, to, (bucket, whole) => {
      for (const { record } of bucket.entries.values()) {
        if ((whole || isWithin(record.key, from, to)) && !isBy(record, but)) found.push(record);
      }
    });
    return found;
  }

  /** A range in up to `count` equal parts; one that cannot be cut comes back alone. */
  parts({ from, to }: Pick<Range, "from" | "to">, count: number, but: Author | null): Range[] {
    const width = (to - from + this.#circle) % this.#circle || this.#circle;
    const parts = Math.min(count, width);
    const bounds = Array.from({ length: parts + 1 }, (_, i) =>
      i === parts ? to : (from + Math.floor((width * i) / parts)) % this.#circle,
    );
    // A single part of the whole circle begins where it ends.
    return bounds.slice(1).map((end, i) => this.range(bounds[i] ?? from, end, but));
  }

  /** Visits the buckets that a range touches, and says of each whether all of it lies within. */
  #walk(from: number, to: number, visit: (bucket: Bucket, whole: boolean) => void): void {
    const last = this.#circle - 1;
    const spans =
      from < to ? [[from + 1, to] as const] : [[from + 1, last] as const, [0, to] as const];
    const all = from === to;
    for (const [number, bucket] of this.#buckets) {
      const low = number * this.#width;
      const high = low + this.#width - 1;
      if (all || spans.some(([a, b]) => a <= low && high <= b)) visit(bucket, true);
      else if (spans.some(([a, b]) => a <= high && low <= b)) visit(bucket, false);
    }
  }
}

/** True of a key above `from` and up to `to`, clockwise; of every key if they are equal. */
function isWithin(key: number, from: number, to: number): boolean {
  if (from < to) return key > from && key <= to;
  return from === to || key > from || key <= to;
}

function isBy({ stamp }: FileRecord, author: Author | null): boolean {
  if (author === null || stamp.owner !== author.owner) return false;
  return stamp.run === author.run && stamp.counter > author.counter;
}
