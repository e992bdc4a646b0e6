/** The writes that a peer holds, by name and by place on the circle, with the digests of ranges. */
import { RANGE_BITS } from "./config.ts";
import { addHash, removeHash } from "./digest.ts";
import {
  conflictName,
  type FileRecord,
  isSameOperation,
  isSameWrite,
  parseConflictName,
  type Range,
  type WriteId,
} from "./files.ts";
import { JournaledMap } from "./journaled.ts";
import { type Author, hashOf, isBy, isWithin } from "./range-digest.ts";
import { merge, type Siblings, winnerOf } from "./siblings.ts";

/** The writes of a name, and the hash of each at the same place. */
type Name = { readonly siblings: Siblings; readonly hashes: readonly number[] };
/** One of the equal parts of the circle. */
type Bucket = {
  readonly digest: number;
  readonly count: number;
  readonly names: readonly Name[];
};

/** What became of an index when a write was taken in. */
export type Taken = {
  /** Something is known that was not. */
  readonly changed: boolean;
  /** Writes that are new here, or that others must hear of anew: under another version, or no conflict any more. */
  readonly fresh: readonly FileRecord[];
  /** The writes of its name, as they were and as they are. */
  readonly before: Siblings;
  readonly now: Siblings;
};

const NO_SIBLINGS: Siblings = Object.freeze([]);
const EMPTY: Bucket = Object.freeze({ digest: 0, count: 0, names: [] });

/** Takes writes in, merges those of one name, and finds them by name, by write and by range. */
export class FileIndex {
  #buckets = new JournaledMap<number, Bucket>();
  #names = new JournaledMap<string, Name>();
  readonly #circle: number;
  readonly #width: number;
  /** All names in order, until something changes. */
  #sorted: readonly string[] | null = null;
  /** Writes held, removals too. */
  size = 0;
  /** Files held, conflicts too, and their bytes; removals are none. */
  count = 0;
  bytes = 0;

  /** @param bits of the circle's positions */
  constructor(bits: number, records: readonly FileRecord[]) {
    this.#circle = 2 ** bits;
    this.#width = 2 ** Math.max(0, bits - RANGE_BITS);
    for (const record of records) this.take(record);
  }

  /** What is found under a name: the write that has it, or the conflict of that name. */
  get(name: string): FileRecord | undefined {
    const siblings = this.#names.get(name)?.siblings;
    if (siblings !== undefined) return winnerOf(siblings);
    const conflict = parseConflictName(name);
    if (conflict === null) return undefined;
    const { base, operation, key } = conflict;
    if (key === null) {
      return this.siblings(base).find((v) => isSameOperation(v.operation, operation));
    }
    for (const entry of this.#buckets.get(Math.floor(key / this.#width))?.names ?? []) {
      const found = entry.siblings.find((v) => isSameOperation(v.operation, operation));
      if (found !== undefined && conflictName(found) === name) return found;
    }
    return undefined;
  }

  /**
   * The name whose writes a name is about: of a conflict the one it was stored under. Where that had to
   * be cut, only who holds the conflict can tell: then the name of the conflict itself, if it is not held.
   */
  baseOf(name: string): string {
    const conflict = parseConflictName(name);
    if (conflict === null) return name;
    return conflict.key === null ? conflict.base : (this.get(name)?.name ?? name);
  }

  /** All writes held of a name, not of that of a conflict. */
  siblings(name: string): Siblings {
    return this.#names.get(name)?.siblings ?? NO_SIBLINGS;
  }

  /** The write as it is held here, under whatever version. */
  find(id: WriteId): FileRecord | undefined {
    for (const sibling of this.siblings(id.name)) if (isSameWrite(sibling, id)) return sibling;
    return undefined;
  }

  /** True of the write that has its name. */
  isWinner(record: FileRecord): boolean {
    return winnerOf(this.siblings(record.name)) === record;
  }

  /** The name under which a write is found here. */
  shownAs(record: FileRecord): string {
    return this.isWinner(record) ? record.name : conflictName(record);
  }

  /** Merges a write with what is held of its name. */
  take(record: FileRecord): Taken {
    const old = this.#names.get(record.name);
    const held = old?.siblings ?? NO_SIBLINGS;
    const merged = merge(held, record);
    const both = { before: held, now: merged };
    if (merged === held) return { changed: false, fresh: NO_SIBLINGS, ...both };
    this.#set(record.name, record.key, old, merged);
    if (held.length === 0) return { changed: true, fresh: merged, ...both };
    const winner = winnerOf(held);
    const fresh = merged.filter((v) => {
      const old = held.find((h) => isSameWrite(h, v));
      const isNew = old === undefined || old.version !== v.version || old.apart !== v.apart;
      return isNew || (v === winnerOf(merged) && old !== winner);
    });
    return { changed: true, fresh, ...both };
  }

  /** Holds a write no more. @returns whether it was held */
  delete(id: WriteId): boolean {
    const held = this.#names.get(id.name);
    const record = held?.siblings.find((v) => isSameWrite(v, id));
    if (held === undefined || record === undefined) return false;
    const others = held.siblings.filter((v) => v !== record);
    this.#set(record.name, record.key, held, others);
    return true;
  }

  /** A write never has its name from here on; nothing happens if it is not held. */
  setApart(write: WriteId): void {
    const record = this.find(write);
    if (record === undefined) return;
    const { name, key } = record;
    const apart = Object.freeze({ ...record, apart: true });
    const held = this.#names.get(name);
    const siblings = this.siblings(name).map((v) => (v === record ? apart : v));
    this.#set(name, key, held, siblings);
  }

  /** One that changes apart from this; the records are shared. */
  copy(): FileIndex {
    const made = new FileIndex(Math.log2(this.#circle), []);
    made.#buckets = this.#buckets.copy();
    made.#names = this.#names.copy();
    made.#sorted = this.#sorted;
    const { size, count, bytes } = this;
    return Object.assign(made, { size, count, bytes });
  }

  /** @see JournaledMap.giveUp */
  giveUp(): void {
    this.#buckets.giveUp();
    this.#names.giveUp();
  }

  /** Every write, removals too. */
  *values(): Generator<FileRecord> {
    for (const { siblings } of this.#names.values()) yield* siblings;
  }

  /** The writes of up to `count` names that come after `name`, in order; from the first on if it is null. */
  page(name: string | null, count: number): Siblings[] {
    this.#sorted ??= [...this.#names.keys()].sort();
    const names = this.#sorted;
    let low = 0;
    let high = name === null ? 0 : names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] ?? "") <= (name ?? "")) low = middle + 1;
      else high = middle;
    }
    return names.slice(low, low + count).map((n) => this.siblings(n));
  }

  /** What lies above `from` and up to `to`, clockwise; all if they are equal. @param but left out */
  range(from: number, to: number, but: Author | null): Range {
    let count = 0;
    let digest = 0;
    this.#walk(from, to, (bucket, whole) => {
      if (whole && but === null) {
        count += bucket.count;
        digest = addHash(digest, bucket.digest);
        return;
      }
      for (const { siblings, hashes } of bucket.names) {
        siblings.forEach((record, i) => {
          if (!(whole || isWithin(record.key, from, to)) || isBy(record, but)) return;
          count += 1;
          digest = addHash(digest, hashes[i] ?? 0);
        });
      }
    });
    return { from, to, count, digest };
  }

  /** The writes in a range. */
  within({ from, to }: Pick<Range, "from" | "to">, but: Author | null): FileRecord[] {
    const found: FileRecord[] = [];
    this.#walk(from, to, (bucket, whole) => {
      for (const { siblings } of bucket.names) {
        for (const record of siblings) {
          if ((whole || isWithin(record.key, from, to)) && !isBy(record, but)) found.push(record);
        }
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

  /** @param held what is there of the name */
  #set(name: string, key: number, held: Name | undefined, siblings: Siblings): void {
    const number = Math.floor(key / this.#width);
    const now = siblings.length === 0 ? undefined : { siblings, hashes: siblings.map(hashOf) };
    const bucket = changed(this.#buckets.get(number) ?? EMPTY, held, now);
    if (bucket.names.length === 0) this.#buckets.delete(number);
    else this.#buckets.set(number, bucket);
    if (now === undefined) this.#names.delete(name);
    else this.#names.set(name, now);
    for (const sibling of held?.siblings ?? NO_SIBLINGS) this.#count(sibling, -1);
    for (const sibling of siblings) this.#count(sibling, 1);
    if (held === undefined || now === undefined) this.#sorted = null;
  }

  #count({ removed, size }: FileRecord, by: number): void {
    this.size += by;
    if (removed) return;
    this.count += by;
    this.bytes += by * size;
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

/** A bucket with one of its names otherwise: new in it, or not there any more, where one of the two is undefined. */
function changed(bucket: Bucket, held: Name | undefined, now: Name | undefined): Bucket {
  let { digest, count } = bucket;
  for (const hash of held?.hashes ?? []) digest = removeHash(digest, hash);
  for (const hash of now?.hashes ?? []) digest = addHash(digest, hash);
  count += (now?.hashes.length ?? 0) - (held?.hashes.length ?? 0);
  const names = [...bucket.names];
  const found = held === undefined ? -1 : names.indexOf(held);
  if (now !== undefined) names[found < 0 ? names.length : found] = now;
  else if (found >= 0) names.splice(found, 1);
  return { digest, count, names };
}
