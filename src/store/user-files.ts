/** Files outside the data folder: those a person stores from, and those that a person gets. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, lstatSync, statSync } from "node:fs";
import { chmod, link, lstat, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { isFourDigits } from "../protocol/model/files.ts";
import { type Content, openContent, openKept } from "./content.ts";
import { errorCode, removeQuietly } from "./durable.ts";
import { ContentWriter } from "./writer.ts";

/**
 * Looks for `NAME.pdf` in a folder, of which nobody has said that it is to be given to others: in a folder that several
 * users write to, a link of another's could lead to any file of this one's.
 * @param name four digits; any other name has no such file
 * @returns its size in bytes; null unless it is a regular file that can be read, or a link of this very user's to one
 */
export function lookLocal(dir: string, name: string): number | null {
  if (!isFourDigits(name)) return null;
  const path = join(dir, `${name}.pdf`);
  try {
    if (linkAt(path) === "another's") return null;
    const stat = statSync(path);
    if (!stat.isFile()) return null;
    accessSync(path, constants.R_OK);
    return stat.size;
  } catch {
    return null;
  }
}

function linkAt(path: string): "none" | "own" | "another's" {
  const stat = lstatSync(path);
  if (!stat.isSymbolicLink()) return "none";
  return stat.uid === (process.geteuid?.() ?? stat.uid) ? "own" : "another's";
}

/** Opens `NAME.pdf` in a folder. @returns null unless it is a regular file that can be read */
export function openLocal(dir: string, name: string): Content | null {
  // Looked at first: opening a pipe would wait for its writer.
  if (lookLocal(dir, name) === null) return null;
  const path = join(dir, `${name}.pdf`);
  try {
    // It may be another one by now, but for an own link, which nobody else can exchange.
    return linkAt(path) === "own" ? openContent(path) : openKept(path);
  } catch {
    return null;
  }
}

/** Whether a delivery may take the place of a file that is already there. */
export type Overwrite = "replace" | "refuse";

/** A content on its way to where a person wants it. Exactly one of `finish` and `abort` ends it. */
export type Delivery = {
  /** Bytes taken so far, from however many senders. */
  readonly size: number;
  /** Takes a piece, whose bytes are the delivery's from here on; wait for the promise, if there is one. */
  write(piece: Uint8Array): Promise<void> | undefined;
  /** The hash of all that was taken. No piece can be taken after. Not for one begun with `hash: false`. */
  sha256(): string;
  /**
   * Lets the content appear under its path, whole. After a rejection nothing of it is left.
   * @throws Failure if something is there that may not be replaced, or the disk would not
   */
  finish(): Promise<void>;
  /** Leaves nothing. Never rejects. */
  abort(): Promise<void>;
};

/** A destination, and the hidden temporary file beside it in which a content waits until it is whole. */
export type Landing = {
  /** The destination, as it was named. */
  readonly path: string;
  /** An absolute path. Nothing is there until somebody writes it. */
  readonly temporary: string;
  /** Lets what is in the temporary appear at the destination. @throws Failure; the temporary then still is */
  place(): Promise<void>;
  /** Removes the temporary, if there is one. Never throws. */
  remove(): void;
};

/**
 * Chooses the temporary file for a destination.
 * @param overwrite "refuse": what is at the destination when the content is placed stays, and that is a Failure
 */
export function landingFor(path: string, overwrite: Overwrite): Landing {
  const mark = randomBytes(6).toString("hex");
  // Cut, so that the temporary's name is no longer than a name may be.
  const stem = Buffer.from(basename(path)).subarray(0, 200).toString().replaceAll("\ufffd", "");
  const temporary = resolve(dirname(path), `.${stem}.${mark}.part`);
  return {
    path,
    temporary,
    place: async () => {
      try {
        await (overwrite === "replace" ? replace(temporary, path) : place(temporary, path));
      } catch (error) {
        throw notWritten(error, path);
      }
    },
    remove: () => removeQuietly(temporary),
  };
}

/**
 * Places what another process has left in a landing's temporary, for its user alone: it gets the
 * permissions that a new file of this process has.
 * @param size what the temporary should have
 * @throws Failure; the temporary is then to be removed
 */
export async function placeWritten(landing: Landing, size: number): Promise<void> {
  const { path, temporary } = landing;
  const found = await stat(temporary).catch(() => null);
  if (found?.size !== size) throw notWhole(path);
  await chmod(temporary, NEW_FILE & ~process.umask()).catch((error) => {
    throw notWritten(error, path);
  });
  await landing.place();
}

/** The permissions of a new file, before the process's mask. */
const NEW_FILE = 0o666;

/**
 * Begins a delivery: a hidden temporary file beside the destination, created with its first piece.
 * @param path the destination
 * @param overwrite "refuse": what is there when the delivery finishes stays, and that is a Failure
 * @param options `hash: false`: whoever writes knows the hash already
 */
export function deliver(
  path: string,
  overwrite: Overwrite,
  options: { readonly hash?: boolean } = {},
): Delivery {
  return deliverInto(landingFor(path, overwrite), options);
}

/** The same, where the temporary file has been chosen already. */
export function deliverInto(landing: Landing, options: { readonly hash?: boolean } = {}): Delivery {
  const { path } = landing;
  const writer = new ContentWriter(landing.temporary, { ...options, mode: NEW_FILE });
  return {
    get size() {
      return writer.size;
    },
    write: (piece) => {
      try {
        return writer.write(piece)?.catch((error) => {
          throw notWritten(error, path);
        });
      } catch (error) {
        throw notWritten(error, path);
      }
    },
    sha256: () => writer.sha256(),
    abort: () => writer.discard(),
    finish: async () => {
      try {
        await writer.finish(false);
        await landing.place();
      } catch (error) {
        await writer.discard();
        throw error instanceof Failure ? error : notWritten(error, path);
      }
    },
  };
}

/** Tells early, before anything is fetched, whether a delivery would be refused. */
export async function checkDestination(path: string, overwrite: Overwrite): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory()) throw new Failure(`${path} is a folder: name a file in it.`);
  if (found !== null && overwrite === "refuse") throw notWritten({ code: "EEXIST" }, path);
  const parent = await lstat(dirname(path)).catch(() => null);
  if (parent === null) throw new Failure(`${dirname(path)} does not exist: create it first.`);
}

/** A device or a pipe is not replaced: whoever has it would go on without it. */
async function replace(temporary: string, path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found !== null && !found.isFile() && !found.isSymbolicLink() && !found.isDirectory()) {
    throw Object.assign(new Error("it is no regular file"), { code: NO_FILE });
  }
  await rename(temporary, path);
}

/** The code of an error of ours, among the system's. */
const NO_FILE = "ENOFILE";

/** A link fails where a file is, without a moment in which another could slip in. */
async function place(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST" || (await lstat(path).catch(() => null)) !== null) {
      throw Object.assign(new Error("it exists"), { code: "EEXIST" });
    }
    // Some file systems know no links.
    return replace(temporary, path);
  }
  await unlink(temporary).catch(() => {});
}

/** A content did not come, or not all of it. */
export function notWhole(path: string): Failure {
  return new Failure(`${path} did not arrive whole, and was not kept: ask for it again.`);
}

/** Puts an error of writing a destination as a sentence. */
export function notWritten(error: unknown, path: string): Failure {
  switch (errorCode(error)) {
    case "EEXIST":
      return new Failure(
        `${path} exists already: use --force to replace it, or -o for another name.`,
      );
    case NO_FILE:
      return new Failure(`${path} is no regular file, and was left alone: choose another with -o.`);
    case "EPIPE":
      return new Failure(
        `${path} did not take all of it: its reader has gone, so start that again.`,
      );
    case "ENXIO":
      return new Failure(`${path} has nobody behind it: choose another with -o.`);
    case "ENOSPC":
    case "EDQUOT":
      return new Failure(`The disk is full, ${path} was not written: make room and ask again.`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Failure(`${path} cannot be written: choose another folder with -o.`);
    case "ENOENT":
      return new Failure(
        `${path} could not be written, since its folder takes no files: choose another with -o.`,
      );
    case "EISDIR":
    case "ENOTDIR":
      return new Failure(`${path} is a folder, or is in none: name a file with -o.`);
    default:
      return new Failure(
        `${path} could not be written (${String(error)}): choose another with -o.`,
      );
  }
}

/**
 * A mark of what stands at a path, and of this process's user. Two processes that get the same one mean
 * the same file or folder, as the same user: others may see another disk there, or make what is not ours.
 * @returns null if nothing can be seen there
 */
export function markOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}-${ino}-${process.getuid?.() ?? ""}`;
  } catch {
    return null;
  }
}
