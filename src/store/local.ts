/** Files outside the data folder: those a person stores from, and those that a person gets. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, statSync } from "node:fs";
import { link, lstat, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../protocol/failure.ts";
import { isFourDigits } from "../protocol/files.ts";
import { type Content, openContent } from "./content.ts";
import { errorCode } from "./durable.ts";
import { ContentWriter } from "./writer.ts";

/**
 * Looks for `NAME.pdf` in a folder.
 * @param name four digits; any other name has no such file
 * @returns its size in bytes; null unless it is a regular file that can be read
 */
export function lookLocal(dir: string, name: string): number | null {
  if (!isFourDigits(name)) return null;
  const path = join(dir, `${name}.pdf`);
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return null;
    accessSync(path, constants.R_OK);
    return stat.size;
  } catch {
    return null;
  }
}

/** Opens `NAME.pdf` in a folder. @returns null unless it is a regular file that can be read */
export function openLocal(dir: string, name: string): Content | null {
  // Looked at first: opening a pipe would wait for its writer.
  if (lookLocal(dir, name) === null) return null;
  try {
    return openContent(join(dir, `${name}.pdf`));
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
  const mark = randomBytes(6).toString("hex");
  // Cut, so that the temporary's name is no longer than a name may be.
  const stem = Buffer.from(basename(path)).subarray(0, 200).toString().replaceAll("\ufffd", "");
  const temporary = join(dirname(path), `.${stem}.${mark}.part`);
  const writer = new ContentWriter(temporary, { ...options, mode: 0o666 });
  return {
    get size() {
      return writer.size;
    },
    write: (piece) => {
      try {
        return writer.write(piece)?.catch((error) => {
          throw explain(error, path);
        });
      } catch (error) {
        throw explain(error, path);
      }
    },
    sha256: () => writer.sha256(),
    abort: () => writer.discard(),
    finish: async () => {
      try {
        await writer.finish(false);
        await (overwrite === "replace" ? replace(writer.path, path) : place(writer.path, path));
      } catch (error) {
        await writer.discard();
        throw explain(error, path);
      }
    },
  };
}

/** Tells early, before anything is fetched, whether a delivery would be refused. */
export async function checkDestination(path: string, overwrite: Overwrite): Promise<void> {
  const stat = await lstat(path).catch(() => null);
  if (stat?.isDirectory()) throw new Failure(`${path} is a folder: name a file in it.`);
  if (stat !== null && overwrite === "refuse") throw explain({ code: "EEXIST" }, path);
  const parent = await lstat(dirname(path)).catch(() => null);
  if (parent === null) throw new Failure(`${dirname(path)} does not exist: create it first.`);
}

async function replace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
}

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

function explain(error: unknown, path: string): Failure {
  switch (errorCode(error)) {
    case "EEXIST":
      return new Failure(
        `${path} exists already: use --force to replace it, or -o for another name.`,
      );
    case "ENOSPC":
    case "EDQUOT":
      return new Failure(`The disk is full, ${path} was not written: make room and ask again.`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Failure(`${path} cannot be written: choose another folder with -o.`);
    case "EISDIR":
    case "ENOTDIR":
      return new Failure(`${path} is a folder, or is in none: name a file with -o.`);
    default:
      return new Failure(
        `${path} could not be written (${String(error)}): choose another with -o.`,
      );
  }
}
