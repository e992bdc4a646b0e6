/** What can be wrong with a disk, as opposed to a mistake or a bad content; and how much room it has. */
import { statfs } from "node:fs/promises";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode } from "./durable.ts";

/** A file larger than the file system, or a limit, allows counts as no room too. */
const FULL = /^(ENOSPC|EDQUOT|EFBIG|SQLITE_FULL)$/;
const READ_ONLY = /^(EROFS|SQLITE_READONLY)/;
/** An index that no longer makes sense is set aside at the next start; until then nothing can be kept. */
const FAILING = /^(EIO|SQLITE_IOERR|SQLITE_CORRUPT|SQLITE_NOTADB)/;
const PASSING = /^(EMFILE|ENFILE|ENOMEM|EAGAIN|EINTR|EACCES|EPERM|SQLITE_NOMEM)$/;

/** SQLite's errors of this moment or of the disk; of a database that is whole it has no others to open it. */
const NO_DAMAGE = /^SQLITE_(FULL|IOERR|NOMEM|BUSY|LOCKED|CANTOPEN|READONLY|PERM|AUTH|INTERRUPT)/;

/** The disk of this peer would not take, or not give back, what it should. */
export class DiskTrouble extends Failure {}

/** True of an error that comes of the disk's state: full, failing or read-only. Another peer may do better. */
export function isDiskTrouble(error: unknown): boolean {
  if (error instanceof DiskTrouble) return true;
  const code = errorCode(error);
  return FULL.test(code) || READ_ONLY.test(code) || FAILING.test(code);
}

/** True of what is thrown at an index that makes no sense. */
export function isDamage(error: unknown): boolean {
  const code = errorCode(error);
  return code.startsWith("SQLITE_") && !NO_DAMAGE.test(code);
}

/** True of troubles of this process or of the moment, which say nothing about a content that is read. */
export function isPassing(error: unknown): boolean {
  return PASSING.test(errorCode(error));
}

/** Puts a trouble of the disk as a sentence for people; any other error stays what it is. */
export function explainDisk(error: unknown): unknown {
  if (error instanceof DiskTrouble || !isDiskTrouble(error)) return error;
  const code = errorCode(error);
  if (FULL.test(code)) {
    return new DiskTrouble("The disk of this peer is full: make room, or store through another.");
  }
  if (isDamage(error)) {
    return new DiskTrouble(
      "The index of this peer is damaged: start it again, which makes a new one of what can be read, or store through another.",
    );
  }
  const what = READ_ONLY.test(code) ? "is read-only" : `fails (${code})`;
  return new DiskTrouble(`The disk of this peer ${what}: mend it, or store through another.`);
}

/** @returns the bytes that this user may still write where the folder lies; null if it cannot be told */
export async function freeBytes(dir: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  } catch {
    return null;
  }
}
