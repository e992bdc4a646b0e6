/**
 * What a ring knows of a file. Its content never passes through the protocol.
 *
 * A name has a set of writes: those that nobody has replaced (siblings.ts merges such sets). The one
 * with the greatest version has the name, the others are its conflicts.
 */
import { MAX_NAME_BYTES } from "./config.ts";

/** Orders the writes of one name: the greater wins. Given by the owner, never twice (the dot of a dotted version
 * vector: Preguiça et al., 2010). */
export type Version = {
  readonly counter: number;
  readonly owner: number;
  /** Which process the owner was: two may have had one id, on two sides of a cut. See `shortInstance`. */
  readonly instance: number;
};

/**
 * One store or removal, however often it is sent and wherever it arrives (RIFL: Lee et al., 2015; the
 * client sessions of Raft). Given by its origin before the first try.
 */
export type Operation = {
  /** The instance id of the peer it was given to: 16 hexadecimal digits. */
  readonly origin: string;
  /** From 1 on; the operations of one origin only grow. */
  readonly number: number;
};

/** Operations of one origin on one name, one after the other, with none of its own between them. */
export type Span = {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  /** Of the last of them, as in a record: its origin may ask for it once more. */
  readonly ageMs: number;
  readonly version: Version;
};

/** A write of a name: which content, made by which operation, in place of which others. */
export type FileRecord = {
  /** UTF-8, 1 to 255 bytes; exactly four digits in a numbered ring. A conflict has it too: see `shownAs`. */
  readonly name: string;
  /** The name's position on the circle. */
  readonly key: number;
  /** What made this write: it is told from others of its name by that. */
  readonly operation: Operation;
  readonly version: Version;
  /** Lesser versions of the same operation, which was executed twice: by two owners that knew not of each other. */
  readonly also: readonly Version[];
  /** Bytes, in [0, 2^53). */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** True of a removal: it has a size of 0 and the hash of nothing, and is kept as any write is. */
  readonly removed: boolean;
  /** It never has the name: the removal of a conflict, or what came back after too long a time. */
  readonly apart: boolean;
  /**
   * Milliseconds since it was given its version: in a message as of its sending; within a peer as of its clock's
   * zero, so that it need not be kept up (`withAges`).
   */
  readonly ageMs: number;
  /**
   * What the write took the place of: for each owner and instance the version with the highest counter (a version vector: Parker et al., "Detection of Mutual Inconsistency", 1983), the newest
   * VECTOR_KEPT of them. It lasts as long as the write does.
   */
  readonly versionVector: readonly Version[];
  /** The operations that it took the place of within OPERATION_MS: what finds a second execution. */
  readonly history: readonly Span[];
  /** Versions of writes that it knew of and left as they were: its vector does not cover these. */
  readonly spared: readonly Version[];
};

/** What tells one write of a name from another, and from another content under the same operation. */
export type WriteId = Pick<FileRecord, "name" | "operation" | "sha256">;

/** A part of the circle, from above `from` up to `to` (the whole circle if they are equal), and what lies in it. */
export type Range = {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** A set hash over names, operations and versions, in [0, 2^53). */
  readonly digest: number;
};
/** The hash of an empty content. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What stands for a process in its versions: the first 32 bits of its instance id. An incarnation may be another's too. */
export function shortInstance({ instance }: { readonly instance: string }): number {
  return Number.parseInt(instance.slice(0, 8), 16);
}

/** True of what this owner, in this process, has given its version. */
export function isVersionedBy(
  { version }: { readonly version: Version },
  owner: { readonly id: number; readonly instance: string },
): boolean {
  return version.owner === owner.id && version.instance === shortInstance(owner);
}

/** @returns positive if `a` is the newer write, negative if `b` is, 0 if they are the same */
export function compareVersions(a: Version, b: Version): number {
  return a.counter - b.counter || a.owner - b.owner || a.instance - b.instance;
}

/** True of one operation of one origin, however often it was tried or executed. */
export function isSameOperation(a: Operation, b: Operation): boolean {
  return a.number === b.number && a.origin === b.origin;
}

/** True of one write, under whatever versions. */
export function isSameWrite(a: WriteId, b: WriteId): boolean {
  if (a === b) return true;
  return isSameOperation(a.operation, b.operation) && a.sha256 === b.sha256 && a.name === b.name;
}

/** What tells a write, alone. */
export function writeId({ name, operation, sha256 }: WriteId): WriteId {
  return { name, operation, sha256 };
}

/** A write under one of its versions. */
export type HeldVersion = WriteId & { readonly version: Version };

/** What tells a write under one of its versions, alone. */
export function heldVersion({ name, operation, version, sha256 }: HeldVersion): HeldVersion {
  return { name, operation, version, sha256 };
}

/** A text that no other write of any name has, for tables. */
export function writeKey({ name, operation, sha256 }: WriteId): string {
  return `${operation.origin}-${operation.number}-${sha256} ${name}`;
}

/**
 * A record with its ages changed by so much: by the clock on the way out, by as much less on the way in.
 */
export function withAges(record: FileRecord, byMs: number): FileRecord {
  const { history } = record;
  return {
    ...record,
    ageMs: record.ageMs + byMs,
    history:
      history.length === 0
        ? history
        : history.map((span) => ({ ...span, ageMs: span.ageMs + byMs })),
  };
}

const CONFLICT_MARK = ".conflict-";
/** A character before that, then an origin, a dash and a digit. */
const SHORTEST_CONFLICT = 1 + CONFLICT_MARK.length + 18;
/** `NAME.conflict-ORIGIN-NUMBER`, and the key where NAME had to be cut. */
const CONFLICT = /^(.*)\.conflict-([0-9a-f]{16})-([1-9][0-9]{0,15})(?:-k([0-9a-f]{1,12}))?$/s;

/** What the name of a conflict says; null of any other name. */
export type ConflictName = {
  /** The name it was stored under, or the beginning of it. */
  readonly base: string;
  readonly operation: Operation;
  /** Where the name lies on the circle; null if that follows from `base`, which then is whole. */
  readonly key: number | null;
};

/**
 * The name under which a write is found that does not have its name. All peers make the same of it,
 * and it tells where on the circle it lies, however long the name is.
 */
export function conflictName({ name, key, operation }: FileRecord): string {
  const suffix = `.conflict-${operation.origin}-${operation.number}`;
  if (utf8Length(name) + suffix.length <= MAX_NAME_BYTES) return name + suffix;
  const placed = `${suffix}-k${key.toString(16)}`;
  return cutTo(name, MAX_NAME_BYTES - placed.length) + placed;
}

/** @returns null of a name that is none of a conflict */
export function parseConflictName(name: string): ConflictName | null {
  // Nearly every name is none: it need not be matched, and a short one not even be looked at.
  if (name.length < SHORTEST_CONFLICT || !name.includes(CONFLICT_MARK)) return null;
  const [, base = "", origin = "", number = "", key] = CONFLICT.exec(name) ?? [];
  if (base === "" || origin === "") return null;
  const operation = { origin, number: Number(number) };
  return { base, operation, key: key === undefined ? null : Number.parseInt(key, 16) };
}

/** The name by which a file is placed: that of a conflict is the name it was stored under. */
export function baseName(name: string): string {
  return parseConflictName(name)?.base ?? name;
}

/** True of the name of a conflict, or of one as earlier versions had them. */
export function isConflictName(name: string): boolean {
  return parseConflictName(name) !== null || /\.conflict-\d+-\d+-\d+$/.test(name);
}

/** The longest beginning of a text that takes at most so many bytes of UTF-8. */
function cutTo(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** True of the names of a numbered ring: exactly four digits. */
export function isFourDigits(name: string): boolean {
  return /^[0-9]{4}$/.test(name);
}

/** The key of a four-digit name in a numbered ring. */
export function keyOfDigits(name: string): number {
  return Number(name) % 256;
}
