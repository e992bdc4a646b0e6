/** The versions that a peer holds, by name and by place on the circle, with the digests of ranges. */
import { RANGE_BITS } from "./config.ts";
import { addHash, removeHash } from "./digest.ts";
import {
  conflictName,
  type FileRecord,
  isSameOperation,
  isSameVersion,
  parseConflictName,
  type Range,
  type VersionId,
} from "./files.ts";
import { type Author, hashOf, isBy, isWithin } from "./range-digest.ts";
import { merge, type Versions, winnerOf } from "./versions.ts";

/** The versions of a name, and the hash of each at the same place. */
type Name = { versions: Versions; hashes: readonly number[] };
/** One of the equal parts of the circle. */
type Bucket = { digest: number; count: number; readonly names: Set<Name> };

/** What became of an index when a version was taken in. */
export type Taken = {
  /** Something is known that was not. */
  readonly changed: boolean;
  /** Versions that are new here, or that others must hear of anew: under another stamp, or no conflict any more. */
  readonly fresh: readonly FileRecord[];
  /** The versions of its name, as they were and as they are. */
  readonly before: Versions;
  readonly now: Versions;
};

const NO_VERSIONS: Versions = Object.freeze([]);

/** Takes versions in, merges those of one name, and finds them by name, by version and by range. */
export class FileIndex {
  readonly #buckets = new Map<number, Bucket>();
  readonly #names = new Map<string, Name>();
  readonly #circle: number;
  readonly #width: number;
  /** All names in order, until something changes. */
  #sorted: readonly string[] | null = null;
  /** Versions held, removals too. */
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

  /** What is found under a name: the version that has it, or the conflict of that name. */
  get(name: string): FileRecord | undefined {
    const versions = this.#names.get(name)?.versions;
    if (versions !== undefined) return winnerOf(versions);
    const conflict = parseConflictName(name);
    if (conflict === null) return undefined;
    const { base, operation, key } = conflict;
    if (key === null) {
      return this.versions(base).find((v) => isSameOperation(v.operation, operation));
    }
    for (const entry of this.#buckets.get(Math.floor(key / this.#width))?.names ?? []) {
      const found = entry.versions.find((v) => isSameOperation(v.operation, operation));
      if (found !== undefined && conflictName(found) === name) return found;
    }
    return undefined;
  }

  /**
   * The name whose versions a name is about: of a conflict the one it was stored under. Where that had to
   * be cut, only who holds the conflict can tell: then the name of the conflict itself, if it is not held.
   */
  baseOf(name: string): string {
    const conflict = parseConflictName(name);
    if (conflict === null) return name;
    return conflict.key === null ? conflict.base : (this.get(name)?.name ?? name);
  }

  /** All versions held of a name, not of that of a conflict. */
  versions(name: string): Versions {
    return this.#names.get(name)?.versions ?? NO_VERSIONS;
  }

  /** The version as it is held here, under whatever stamp. */
  find(id: VersionId): FileRecord | undefined {
    for (const version of this.versions(id.name)) if (isSameVersion(version, id)) return version;
    return undefined;
  }

  /** True of the version that has its name. */
  isWinner(record: FileRecord): boolean {
    return winnerOf(this.versions(record.name)) === record;
  }

  /** The name under which a version is found here. */
  shownAs(record: FileRecord): string {
    return this.isWinner(record) ? record.name : conflictName(record);
  }

  /** Merges a version with what is held of its name. */
  take(record: FileRecord): Taken {
    const old = this.#names.get(record.name);
    const held = old?.versions ?? NO_VERSIONS;
    const merged = merge(held, record);
    const both = { before: held, now: merged };
    if (merged === held) return { changed: false, fresh: NO_VERSIONS, ...both };
    this.#set(record.name, record.key, old, merged);
    if (held.length === 0) return { changed: true, fresh: merged, ...both };
    const winner = winnerOf(held);
    const fresh = merged.filter((v) => {
      const old = held.find((h) => isSameVersion(h, v));
      const isNew = old === undefined || old.stamp !== v.stamp || old.apart !== v.apart;
      return isNew || (v === winnerOf(merged) && old !== winner);
    });
    return { changed: true, fresh, ...both };
  }

  /** Holds a version no more. @returns whether it was held */
  delete(id: VersionId): boolean {
    const held = this.#names.get(id.name);
    const record = held?.versions.find((v) => isSameVersion(v, id));
    if (held === undefined || record === undefined) return false;
    const others = held.versions.filter((v) => v !== record);
    this.#set(record.name, record.key, held, others);
    return true;
  }

  /** A version never has its name from here on; nothing happens if it is not held. */
  setApart(version: VersionId): void {
    const record = this.find(version);
    if (record === undefined) return;
    const { name, key } = record;
    const apart = Object.freeze({ ...record, apart: true });
    const held = this.#names.get(name);
    const versions = this.versions(name).map((v) => (v === record ? apart : v));
    this.#set(name, key, held, versions);
  }

  /** One that changes apart from this; the records are shared. */
  copy(): FileIndex {
    const made = new FileIndex(Math.log2(this.#circle), []);
    const copies = new Map<Name, Name>();
    for (const [name, entry] of this.#names) {
      const copied = { ...entry };
      copies.set(entry, copied);
      made.#names.set(name, copied);
    }
    for (const [number, { digest, count, names }] of this.#buckets) {
      const copied = new Set<Name>();
      for (const entry of names) copied.add(copies.get(entry) ?? entry);
      made.#buckets.set(number, { digest, count, names: copied });
    }
    made.#sorted = this.#sorted;
    const { size, count, bytes } = this;
    return Object.assign(made, { size, count, bytes });
  }

  /** Every version, removals too. */
  *values(): Generator<FileRecord> {
    for (const { versions } of this.#names.values()) yield* versions;
  }

  /** The versions of up to `count` names that come after `name`, in order; from the first on if it is null. */
  page(name: string | null, count: number): Versions[] {
    this.#sorted ??= [...this.#names.keys()].sort();
    const names = this.#sorted;
    let low = 0;
    let high = name === null ? 0 : names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] ?? "") <= (name ?? "")) low = middle + 1;
      else high = middle;
    }
    return names.slice(low, low + count).map((n) => this.versions(n));
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
      for (const { versions, hashes } of bucket.names) {
        versions.forEach((record, i) => {
          if (!(whole || isWithin(record.key, from, to)) || isBy(record, but)) return;
          count += 1;
          digest = addHash(digest, hashes[i] ?? 0);
        });
      }
    });
    return { from, to, count, digest };
  }

  /** The versions in a range. */
  within({ from, to }: Pick<Range, "from" | "to">, but: Author | null): FileRecord[] {
    const found: FileRecord[] = [];
    this.#walk(from, to, (bucket, whole) => {
      for (const { versions } of bucket.names) {
        for (const record of versions) {
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

  /** @param held what is there of the name; it is changed */
  #set(name: string, key: number, held: Name | undefined, versions: Versions): void {
    const number = Math.floor(key / this.#width);
    const bucket = this.#buckets.get(number) ?? this.#newBucket(number);
    if (held !== undefined) this.#countAll(bucket, held, -1);
    if (versions.length === 0) {
      this.#names.delete(name);
      this.#sorted = null;
      if (held !== undefined) bucket.names.delete(held);
      if (bucket.names.size === 0) this.#buckets.delete(number);
      return;
    }
    const now = held ?? { versions, hashes: [] };
    now.versions = versions;
    now.hashes = versions.map(hashOf);
    this.#countAll(bucket, now, 1);
    if (held !== undefined) return;
    bucket.names.add(now);
    this.#names.set(name, now);
    this.#sorted = null;
  }

  #newBucket(number: number): Bucket {
    const bucket: Bucket = { digest: 0, count: 0, names: new Set() };
    this.#buckets.set(number, bucket);
    return bucket;
  }

  #countAll(bucket: Bucket, { versions, hashes }: Name, by: 1 | -1): void {
    const change = by > 0 ? addHash : removeHash;
    for (const hash of hashes) bucket.digest = change(bucket.digest, hash);
    bucket.count += by * versions.length;
    for (const version of versions) this.#count(version, by);
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
