/** What a ring knows of a file. Its content never passes through the protocol. */

/** Orders the versions of one name: the greater wins. Given by the owner, never twice. */
export type Stamp = {
  readonly counter: number;
  readonly owner: number;
  readonly incarnation: number;
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
};

/** @returns positive if `a` is the newer version, negative if `b` is, 0 if they are the same. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.counter - b.counter || a.owner - b.owner || a.incarnation - b.incarnation;
}

/** True of the names of a numbered ring: exactly four digits. */
export function isFourDigits(name: string): boolean {
  return /^[0-9]{4}$/.test(name);
}

/** The key of a four-digit name in a numbered ring. */
export function keyOfDigits(name: string): number {
  return Number(name) % 256;
}
