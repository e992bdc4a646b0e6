/**
 * A simulated disk. What is written outlives a killed process at once, since the system keeps it, but
 * a loss of power only once it has been synced. A disk may be full, and a copy on it may rot unseen.
 */
import {
  type FileRecord,
  isSameWrite,
  type WriteId,
  withAges,
  writeKey,
} from "../protocol/model/files.ts";
import type { Member } from "../protocol/model/member.ts";
import { merge, type Siblings } from "../protocol/model/siblings.ts";

/** A row written, or taken out where `record` is null, and not synced yet. */
type Write = { readonly key: string; readonly record: FileRecord | null };

export class SimDisk {
  incarnation = 0;
  members: readonly Member[] = [];
  departed: readonly Member[] = [];
  /** The last run left in good order. */
  left = false;
  /** When its peer last was in its ring and knew all, in virtual milliseconds; null if never. */
  aliveAt: number | null = null;
  /** When the youngest removal that may be forgotten was given its version; null if none is. */
  forgottenAt: number | null = null;
  /** Takes no file any more; what it has can be read. */
  full = false;
  /** Syncs take up to so many milliseconds and end in any order; null for a disk that is well. */
  slowestSyncMs: number | null = null;
  /** When the latest write is synced, in virtual milliseconds. */
  syncAt = 0;
  readonly #names = new Map<string, Siblings>();
  /** What a loss of power leaves. */
  readonly #synced = new Map<string, FileRecord>();
  readonly #unsynced: Write[] = [];
  readonly #rotten = new WeakSet<FileRecord>();
  /** Writes that have left `#unsynced`, by a sync. */
  #past = 0;

  /** The index as a process reads it: the writes of each name, removals too. */
  get files(): FileRecord[] {
    return [...this.#names.values()].flat();
  }

  /** The writes whose content is what it was; what has rotted is not among them. */
  intact(): FileRecord[] {
    return this.files.filter((record) => !this.#rotten.has(record));
  }

  /** Merges a write with those of its name. */
  write(written: FileRecord): void {
    const held = this.#names.get(written.name) ?? [];
    // An object of its own: one that is shared with other disks would rot on all of them.
    const merged = merge(held, { ...written });
    if (merged === held) return;
    this.#names.set(written.name, merged);
    for (const old of held) {
      const now = merged.find((v) => isSameWrite(v, old));
      if (now === undefined) this.#unsynced.push({ key: writeKey(old), record: null });
      else if (now !== old && this.#rotten.has(old)) this.#rotten.add(now);
    }
    for (const record of merged) {
      if (!held.includes(record)) this.#unsynced.push({ key: writeKey(record), record });
    }
  }

  /** A write never has its name from here on; nothing happens if it is not held. */
  setApart(write: WriteId): void {
    const record = this.record(write);
    if (record !== null) this.#change(record, { ...record, apart: true });
  }

  /** What is on the disk has grown older by so much: no clock is waited for. */
  grow(ms: number): void {
    for (const record of this.files) this.#change(record, withAges(record, ms));
    if (this.forgottenAt !== null) this.forgottenAt -= ms;
  }

  /** Forgets a write; nothing happens if it is not held. */
  drop(write: WriteId): void {
    const held = this.#names.get(write.name) ?? [];
    const rest = held.filter((v) => !isSameWrite(v, write));
    if (rest.length === held.length) return;
    if (rest.length === 0) this.#names.delete(write.name);
    else this.#names.set(write.name, rest);
    this.#unsynced.push({ key: writeKey(write), record: null });
  }

  /** The removals of a name have the age `ageMs` on this disk, as records carry it. */
  age(name: string, ageMs: number): void {
    const aged = (this.#names.get(name) ?? []).map((record) => {
      if (!record.removed) return record;
      const old = { ...record, ageMs };
      this.#unsynced.push({ key: writeKey(old), record: old });
      return old;
    });
    if (aged.length > 0) this.#names.set(name, aged);
  }

  #change(old: FileRecord, record: FileRecord): void {
    const held = this.#names.get(old.name) ?? [];
    this.#names.set(
      old.name,
      held.map((v) => (v === old ? record : v)),
    );
    if (this.#rotten.has(old)) this.#rotten.add(record);
    this.#unsynced.push({ key: writeKey(record), record });
  }

  /** The write, under whatever version; null if it is not held. */
  record(id: WriteId): FileRecord | null {
    return this.#names.get(id.name)?.find((v) => isSameWrite(v, id)) ?? null;
  }

  /** How many writes there have been: what a sync that begins now will have synced. */
  get written(): number {
    return this.#past + this.#unsynced.length;
  }

  /** All writes up to that one outlast a loss of power now. @returns the records that do so since */
  synced(upTo: number): FileRecord[] {
    const writes = this.#unsynced.splice(0, Math.max(0, upTo - this.#past));
    this.#past += writes.length;
    for (const { key, record } of writes) {
      if (record === null) this.#synced.delete(key);
      else this.#synced.set(key, record);
    }
    return writes.flatMap(({ record }) => record ?? []);
  }

  /** True if a loss of power now would lose a write. */
  get hasUnsynced(): boolean {
    return this.#unsynced.some((w) => w.record !== null && this.files.includes(w.record));
  }

  /** Loses what was not synced. @returns the records that are gone thereby */
  losePower(): FileRecord[] {
    const before = this.files;
    this.#past += this.#unsynced.length;
    this.#unsynced.length = 0;
    this.#names.clear();
    for (const record of this.#synced.values()) {
      this.#names.set(record.name, merge(this.#names.get(record.name) ?? [], record));
    }
    return before.filter((record) => this.record(record) === null);
  }

  /** Writes that have a content which has not rotted yet, in the order of their names. */
  sound(): FileRecord[] {
    const sound = this.intact().filter((record) => record.size > 0);
    return sound.sort((a, b) => (writeKey(a) < writeKey(b) ? -1 : 1));
  }

  /** Flips bits in the content of a write, which nothing notices before it is read. */
  rot(record: FileRecord): void {
    if (this.files.includes(record)) this.#rotten.add(record);
  }

  rotten(): FileRecord[] {
    return this.files.filter((record) => this.#rotten.has(record));
  }

  isRotten(record: FileRecord): boolean {
    return this.#rotten.has(record);
  }
}
