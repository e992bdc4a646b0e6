/** Folders that another version of this program has written: a newer one is left alone, an older one is copied first. */
import type { Database } from "bun:sqlite";
import { closeSync, fsyncSync, openSync, renameSync } from "node:fs";
import { MAKE, READ, removeQuietly } from "./durable.ts";

/** Raised with every change of identity.json, or of what a folder is made of, that an older program could not read. */
export const FOLDER_VERSION = 1;

/** What was found is of a later version than this program knows: nothing of it may be changed. */
export class NewerFormat extends Error {}

/** Versions are counted one by one: a number further above is damage. */
const MOST_AHEAD = 100;

/** @param found what a file says its version is. @throws NewerFormat */
export function refuseNewer(found: unknown, known: number): void {
  if (isNewer(found, known)) {
    throw new NewerFormat(`it is of version ${found}, and ${known} is the latest known`);
  }
}

/** True of what can be the version of a program that came after this one. */
export function isNewer(found: unknown, known: number): boolean {
  return (
    typeof found === "number" &&
    Number.isInteger(found) &&
    found > known &&
    found <= known + MOST_AHEAD
  );
}

/**
 * Copies an index as it is, durably, beside itself. It takes as much room as that once more.
 * @param path of the index
 * @param version of its tables
 * @returns the copy's path, `index.db.v2` for one of version 2; an earlier copy of that version is replaced
 * @throws SQLite's or the system's error; then there is no new copy
 */
export function keepCopy(database: Database, path: string, version: number): string {
  const copy = `${path}.v${version}`;
  const part = `${copy}.part`;
  removeQuietly(part);
  // SQLite takes a file that is there if it is empty: this one is nobody else's to read.
  closeSync(openSync(part, MAKE, 0o600));
  try {
    database.run("VACUUM INTO ?", [part]);
    const handle = openSync(part, READ);
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(part, copy);
    return copy;
  } finally {
    removeQuietly(part);
  }
}
