/** Which names files may have, and how a name travels in a URL. */

import { NUMBERED_BITS } from "../protocol/config.ts";
import { isFourDigits } from "../protocol/files.ts";
import { MAX_NAME_BYTES } from "./limits.ts";

/**
 * Says what is wrong with a file's name.
 * @param bits the circle's size: in numbered rings a name is exactly four digits; null if unknown
 * @returns one sentence; null for a good name
 */
export function wrongName(name: string, bits: number | null): string | null {
  if (bits === NUMBERED_BITS && !isFourDigits(name)) {
    return `${show(name)} is no name in a numbered ring: there, names are exactly four digits, such as 2067.`;
  }
  if (name === "" || name === "." || name === "..")
    return `${show(name)} is no name for a file: choose another.`;
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `The name ${show(name)} is longer than ${MAX_NAME_BYTES} bytes: choose a shorter one.`;
  }
  if (name.includes("\0") || !name.isWellFormed())
    return `${show(name)} is no text in UTF-8: choose another name.`;
  return null;
}

/** The path of a name's content at the door. */
export function pathOfName(name: string): string {
  return `/files/${encodeURIComponent(name)}`;
}

/** @returns null unless the path is that of a good name's content */
export function nameOfPath(path: string): string | null {
  if (!path.startsWith("/files/")) return null;
  try {
    const name = decodeURIComponent(path.slice("/files/".length));
    return wrongName(name, null) === null ? name : null;
  } catch {
    return null;
  }
}

/** A name as a sentence shows it: quoted, and cut where it is long. */
export function show(name: string): string {
  return JSON.stringify(name.length <= 60 ? name : `${name.slice(0, 57)}...`);
}
