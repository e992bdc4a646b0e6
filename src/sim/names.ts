/** Names and contents in scenarios: written so that any name is one word, and placed as the real peers do. */
import { createHash } from "node:crypto";
import { MAX_NAME_BYTES, NUMBERED_BITS } from "../protocol/model/config.ts";
import {
  EMPTY_SHA256,
  isFourDigits,
  keyOfDigits,
  parseConflictName,
} from "../protocol/model/files.ts";
import { storedName, wrongName, wrongToStore } from "../protocol/model/names.ts";
import type { SimContent } from "./bodies.ts";

/** A name as a word of a scenario: what would end the word is escaped, as in the path of a URL. */
export function wordOf(name: string): string {
  return encodeURIComponent(name);
}

/** The name that a word of a scenario stands for, in the form in which control sockets give it on. */
export function nameOf(word: string): string {
  try {
    return storedName(decodeURIComponent(word));
  } catch {
    // No escape at all, but a sign that looks like one.
    return word;
  }
}

/** True if a word stands for one of some names, in whatever form these are written. */
export function isTaken(word: string, names: readonly string[]): boolean {
  return names.some((name) => nameOf(wordOf(name)) === nameOf(word));
}

/** Where a name is on the circle: of numbered rings by its digits, else by its hash. */
export function keyOf(name: string, bits: number): number {
  const conflict = parseConflictName(name);
  if (conflict?.key != null) return conflict.key;
  const base = conflict?.base ?? name;
  if (bits === NUMBERED_BITS) return isFourDigits(base) ? keyOfDigits(base) : 0;
  const hash = createHash("sha256").update(base).digest();
  return Math.floor(hash.readUIntBE(0, 6) / 2 ** (48 - bits));
}

/** The peers that should hold a name, its owner first. @param up those that run, by ascending id */
export function replicaSetAmong(up: readonly number[], name: string, bits: number): number[] {
  const key = keyOf(name, bits);
  const start = Math.max(
    0,
    up.findIndex((id) => id >= key),
  );
  return [...up.slice(start), ...up.slice(0, start)].slice(0, 3);
}

/** True of a name that a control socket gives on to its peer. @param stores under it, not only asks for it */
export function passesControl(name: string, bits: number, stores: boolean): boolean {
  return (stores ? wrongToStore(name, bits) : wrongName(name, bits)) === null;
}

/** A content that depends on its name and size alone. */
export function contentOf(name: string, size: number): SimContent {
  if (size === 0) return { size, sha256: EMPTY_SHA256 };
  const sum = `${name}${size}`.replace(/\D/g, "");
  return { size, sha256: sum.padStart(64, "0").slice(0, 64) };
}

/** Names that have broken something somewhere, each of another kind. */
export const HOSTILE_NAMES: readonly string[] = [
  // As long as a name may be, in bytes of one, two and three.
  "n".repeat(MAX_NAME_BYTES),
  `${"ü".repeat(127)}x`,
  "語".repeat(85),
  // A conflict of it cannot keep all of the name.
  `${"long-".repeat(49)}name.txt`,
  // Everyday mojibake, and other controls of the second kind.
  "caf\u00c3\u0083\u00c2\u00a9.txt",
  "next\u0085line",
  "\u009b31mred",
  // One name in two forms.
  "caf\u00e9.txt",
  "cafe\u0301.txt",
  "\uac00.txt",
  "\u1100\u1161.txt",
  // What peers call conflicts.
  "x.conflict-1-2-3",
  "x",
  "x.conflict-1-2-3.conflict-4-5-6",
  ".conflict-1-2-3",
  // Dots, spaces, and what a shell or a terminal takes for something else.
  ".",
  "..",
  ".gitignore",
  "a..b",
  " two  spaces ",
  "-rf *",
  "a/b\\c:d",
  "50% off",
  "%2e%2e",
  "\u202egnp.exe",
  "\u200fשלום",
  "👩‍👩‍👧‍👦.jpg",
  "\ufeffbom",
  "a\u2028b",
  "0007",
  "__proto__",
  "constructor",
];
