/** Which names files may have, and how a name travels in a URL. */

import { MAX_NAME_BYTES, NUMBERED_BITS } from "../protocol/config.ts";
import { Failure } from "../protocol/failure.ts";
import { baseName, isFourDigits } from "../protocol/files.ts";

/**
 * Says what is wrong with a file's name.
 * @param bits the circle's size: in numbered rings a name is four digits, or a conflict of such; null if unknown
 * @returns one sentence; null for a good name
 */
export function wrongName(name: string, bits: number | null): string | null {
  if (bits === NUMBERED_BITS && !isFourDigits(baseName(name))) {
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

/** What the door says of a name: its content, the peers that hold it, how far it is on its way. */
export type Room = "files" | "where" | "progress";

/** The path at the door of what it says of a name. */
export function pathOfName(name: string, room: Room = "files"): string {
  return `/${room}/${encodeURIComponent(name)}`;
}

/** @returns null unless the path is that of a good name */
export function nameOfPath(path: string, room: Room): string | null {
  const beginning = `/${room}/`;
  if (!path.startsWith(beginning)) return null;
  try {
    const name = decodeURIComponent(path.slice(beginning.length));
    return wrongName(name, null) === null ? name : null;
  } catch {
    return null;
  }
}

/** @throws Failure if no file can have that name in a ring of so many bits */
export function refuseName(name: string, bits: number): void {
  const why = wrongName(name, bits);
  if (why !== null) throw new Failure(why);
}

/** A name as a terminal may show it. */
export function printable(name: string): string {
  return /\p{Cc}/u.test(name) ? show(name) : name;
}

/** A name as a sentence shows it: quoted, and cut where it is long. */
export function show(name: string): string {
  return JSON.stringify(name.length <= 60 ? name : `${name.slice(0, 57)}...`);
}
