/** What a ring knows of a file. Its content never passes through the protocol. */
import { MAX_NAME_BYTES, REPLACED_KEPT } from "./config.ts";

/** Orders the versions of one name: the greater wins. Given by the owner, never twice. */
export type Stamp = {
  readonly counter: number;
  readonly owner: number;
  /** Which process the owner was: two may have had one id, on two sides of a cut. See `runOf`. */
  readonly run: number;
};

export type FileRecord = {
  /** UTF-8, 1 to 255 bytes; exactly four digits in a numbered ring. */
  readonly name: string;
  /** The name's position on the circle. */
  readonly key: number;
  readonly stamp: Stamp;
  /** Bytes, in [0, 2^53). */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** True of a removal: it has a size of 0 and the hash of nothing, and is kept as any version is. */
  readonly removed: boolean;
  /**
   * What the version took the place of: for each owner and run the stamp with the highest
   * counter (a version vector: Parker et al., "Detection of Mutual Inconsistency", 1983), the newest
   * REPLACED_KEPT of them. A version outside it was stored by one who knew nothing of this one.
   */
  readonly replaced: readonly Stamp[];
};

/** A part of the circle, from above `from` up to `to` (the whole circle if they are equal), and what lies in it. */
export type Range = {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** A set hash over names and stamps, in [0, 2^53). */
  readonly digest: number;
};
/** Stands for the hash of a content that only the origin of its store has seen. */
export const UNKNOWN_SHA256 = "0".repeat(64);
/** The hash of an empty content. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The run of a process in its stamps: the first 32 bits of its birth. An incarnation may be another's too. */
export function runOf({ birth }: { readonly birth: string }): number {
  return Number.parseInt(birth.slice(0, 8), 16);
}

/** @returns positive if `a` is the newer version, negative if `b` is, 0 if they are the same. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.counter - b.counter || a.owner - b.owner || a.run - b.run;
}

/** True if the version had been seen by whoever stored `newer`, or says nothing that is not in it. */
export function isReplacedBy(old: FileRecord, newer: FileRecord): boolean {
  if (old.removed || (old.sha256 === newer.sha256 && !newer.removed)) return true;
  const { owner, run, counter } = old.stamp;
  return [newer.stamp, ...newer.replaced].some(
    (s) => s.owner === owner && s.run === run && s.counter >= counter,
  );
}

/** What a version that follows `best` takes the place of. @param best null for the first of its name */
export function replacing(best: FileRecord | null): readonly Stamp[] {
  if (best === null) return [];
  const { stamp } = best;
  const rest = best.replaced.filter((s) => s.owner !== stamp.owner || s.run !== stamp.run);
  return [...rest, stamp].sort(compareStamps).slice(-REPLACED_KEPT);
}

/**
 * The name under which a version is kept that another, which knew nothing of it, took the name of. It
 * is placed by the name's own key.
 */
export function asConflict(record: FileRecord): FileRecord {
  const { counter, owner, run } = record.stamp;
  const suffix = `.conflict-${counter}-${owner}-${run}`;
  return { ...record, name: cutTo(baseName(record.name), MAX_NAME_BYTES - suffix.length) + suffix };
}

/**
 * The record as one who holds `held` takes it in: under its own name, or as a conflict where the
 * version held is newer and did not replace it.
 */
export function filedAs(record: FileRecord, held: FileRecord | undefined): FileRecord {
  if (held === undefined || compareStamps(held.stamp, record.stamp) <= 0) return record;
  return isReplacedBy(record, held) ? record : asConflict(record);
}

/** The name by which a file is placed: that of a conflict is the name it was stored under. */
export function baseName(name: string): string {
  return name.replace(/\.conflict-\d+-\d+-\d+$/, "") || name;
}

/** True of a name that ends as the ring's own names of conflicts do, and those of earlier versions did. */
export function isConflictName(name: string): boolean {
  return /\.conflict-(?:[0-9a-f]{16}-\d+(?:-k[0-9a-f]+)?|\d+-\d+-\d+)$/.test(name);
}

/** The longest beginning of a text that takes at most so many bytes of UTF-8. */
function cutTo(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** True of the names of a numbered ring: exactly four digits. */
export function isFourDigits(name: string): boolean {
  return /^[0-9]{4}$/.test(name);
}

/** The key of a four-digit name in a numbered ring. */
export function keyOfDigits(name: string): number {
  return Number(name) % 256;
}
