/**
 * One process at a time uses a folder. The lock is the operating system's own, held through an empty
 * SQLite database: it goes with its process, however that ends, so it is never stale.
 */
import { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { APPEND, errorCode, MAKE } from "./durable.ts";

/** The lock's file must never be opened otherwise: closing it anywhere in this process unlocks it. */
const LOCK_FILE = "lock";

/**
 * Takes the lock of a folder.
 * @returns a function that gives it back; null if a living process, or this one, has it
 * @throws the system's error if the folder cannot be written
 */
export function takeLock(dir: string): (() => void) | null {
  const path = join(dir, LOCK_FILE);
  const database = openDatabase(path);
  try {
    database.run("PRAGMA busy_timeout = 0");
    // Nothing is ever written to it, so it needs no journal beside it.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

function openDatabase(path: string): Database {
  makePrivate(path);
  try {
    return new Database(path, { create: true, readwrite: true });
  } catch (error) {
    // SQLite only says "unable to open"; the system says why. Nobody holds a lock that we opened not.
    closeSync(openSync(path, APPEND, 0o600));
    throw error;
  }
}

/** Others could keep it from its user by locking it. Where it is there already, it may be locked, and is left alone. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, MAKE, 0o600));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}
