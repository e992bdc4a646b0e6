/**
 * A simulated disk. What is written outlives a killed process at once, since the system keeps it, but
 * a loss of power only once it has been synced. A disk may be full, and a copy on it may rot unseen.
 */
import {
  asConflict,
  compareStamps,
  type FileRecord,
  filedAs,
  isReplacedBy,
  type Stamp,
} from "../protocol/files.ts";
import type { Member } from "../protocol/member.ts";

/** A row written, or taken out where `record` is null, and not synced yet. */
type Write = { readonly name: string; readonly record: FileRecord | null };

export class SimDisk {
  incarnation = 0;
  members: readonly Member[] = [];
  gone: readonly Member[] = [];
  /** Takes no file any more; what it has can be read. */
  full = false;
  /** Syncs take up to so many milliseconds and end in any order; null for a disk that is well. */
  slowestSyncMs: number | null = null;
  /** When the latest write is synced, in virtual milliseconds. */
  syncAt = 0;
  readonly #files = new Map<string, FileRecord>();
  /** What a loss of power leaves. */
  readonly #synced = new Map<string, FileRecord>();
  readonly #unsynced: Write[] = [];
  readonly #rotten = new WeakSet<FileRecord>();
  /** Writes that have left `#unsynced`, by a sync. */
  #past = 0;

  /** The index as a process reads it: the newest version of each name, removals too. */
  get files(): ReadonlyMap<string, FileRecord> {
    return this.#files;
  }

  /** The versions whose content is what it was; what has rotted is not among them. */
  intact(): FileRecord[] {
    return [...this.#files.values()].filter((record) => !this.#rotten.has(record));
  }

  /**
   * Writes a version in place of the one of its name. Of two that knew nothing of each other the older
   * is kept as a conflict; an older one that was replaced changes nothing.
   */
  write(written: FileRecord): void {
    const record = filedAs(written, this.#files.get(written.name));
    const old = this.#files.get(record.name);
    if (old !== undefined && compareStamps(old.stamp, record.stamp) >= 0) return;
    if (old !== undefined && !isReplacedBy(old, record)) this.#keepConflict(old);
    this.#put(record);
  }

  /** Forgets a version; nothing happens if another is held. */
  drop(name: string, stamp: Stamp): void {
    const record = this.version(name, stamp);
    if (record === null) return;
    this.#files.delete(name);
    this.#unsynced.push({ name, record: null });
  }

  /**
   * A removal has grown so many milliseconds old, on this disk. Here is the place of the age that a
   * record carries; as long as records carry none nothing comes of it.
   */
  age(name: string, ageMs: number): void {
    const record = this.#files.get(name);
    if (record?.removed !== true || !("ageMs" in record)) return;
    this.#put({ ...record, ...{ ageMs } });
  }

  /** The very version, or null if another one or none is held. */
  version(name: string, stamp: Stamp): FileRecord | null {
    const record = this.#files.get(name);
    return record !== undefined && compareStamps(record.stamp, stamp) === 0 ? record : null;
  }

  /** How many writes there have been: what a sync that begins now will have synced. */
  get written(): number {
    return this.#past + this.#unsynced.length;
  }

  /** All writes up to that one outlast a loss of power now. @returns the versions that do so since */
  synced(upTo: number): FileRecord[] {
    const writes = this.#unsynced.splice(0, Math.max(0, upTo - this.#past));
    this.#past += writes.length;
    for (const { name, record } of writes) {
      if (record === null) this.#synced.delete(name);
      else this.#synced.set(name, record);
    }
    return writes.flatMap(({ record }) => record ?? []);
  }

  /** True if a loss of power now would lose a version. */
  get hasUnsynced(): boolean {
    return this.#unsynced.some((w) => w.record !== null && this.#files.get(w.name) === w.record);
  }

  /** Loses what was not synced. @returns the versions that are gone thereby */
  losePower(): FileRecord[] {
    const before = [...this.#files.values()];
    this.#past += this.#unsynced.length;
    this.#unsynced.length = 0;
    this.#files.clear();
    for (const [name, record] of this.#synced) this.#files.set(name, record);
    return before.filter((record) => this.#synced.get(record.name) !== record);
  }

  /** Versions that have a content which has not rotted yet, in the order of their names. */
  sound(): FileRecord[] {
    const sound = this.intact().filter((record) => record.size > 0);
    return sound.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Flips bits in the content of a version, which nothing notices before it is read. */
  rot(record: FileRecord): void {
    if (this.#files.get(record.name) === record) this.#rotten.add(record);
  }

  rotten(): FileRecord[] {
    return [...this.#files.values()].filter((record) => this.#rotten.has(record));
  }

  isRotten(record: FileRecord): boolean {
    return this.#rotten.has(record);
  }

  #keepConflict(old: FileRecord): void {
    const conflict = asConflict(old);
    if (this.#files.has(conflict.name)) return;
    const kept = this.#put(conflict);
    if (this.#rotten.has(old)) this.#rotten.add(kept);
  }

  #put(record: FileRecord): FileRecord {
    // An object of its own: one that is shared with other disks would rot on all of them.
    const own = { ...record };
    this.#files.set(own.name, own);
    this.#unsynced.push({ name: own.name, record: own });
    return own;
  }
}
