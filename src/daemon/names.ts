/** The key of a file's name, where a ring has names of any kind. */
import { createHash } from "node:crypto";
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import { isFourDigits, keyOfDigits, parseConflictName } from "../protocol/model/files.ts";

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
