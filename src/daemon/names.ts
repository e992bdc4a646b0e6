/** The key of a file's name, where a ring has names of any kind. */
import { createHash } from "node:crypto";
import { MAX_NAME_BYTES, NUMBERED_BITS } from "../protocol/config.ts";
import { baseName, isFourDigits, keyOfDigits, parseConflictName } from "../protocol/files.ts";

/**
 * The name's position on a circle of 2^bits: `number mod 256` for four digits in a numbered ring, else the
 * first bits of its SHA-256. A conflict is where the name is that it was stored under.
 */
export function keyOf(name: string, bits: number): number {
  const conflict = parseConflictName(name);
  if (conflict?.key != null) return conflict.key;
  const base = conflict?.base ?? name;
  if (bits === NUMBERED_BITS && isFourDigits(base)) return keyOfDigits(base);
  const hash = createHash("sha256").update(base).digest();
  // 48 bits at most are read, so the number is exact; the rest is cut off.
  return Math.floor(hash.readUIntBE(0, 6) / 2 ** (48 - bits));
}

/** Why there can be no file of that name in such a ring, as a sentence; null if there can. */
export function refuseName(name: string, bits: number): string | null {
  if (bits === NUMBERED_BITS) {
    if (isFourDigits(baseName(name))) return null;
    return `A file in a numbered ring is called by exactly four digits, such as 2067, not ${quoted(name)}.`;
  }
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > MAX_NAME_BYTES) {
    return `A file's name has 1 to ${MAX_NAME_BYTES} bytes, not ${bytes}.`;
  }
  if (!name.isWellFormed()) return `The name ${quoted(name)} is no text in UTF-8.`;
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 32 || code === 127) return `The name ${quoted(name)} has control characters.`;
  }
  return null;
}

/** A name as a person may be shown it: short, and with nothing that a terminal would obey. */
export function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return JSON.stringify(short);
}
