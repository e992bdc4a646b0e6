/**
 * Small files that are replaced whole: written beside, renamed over. A reader finds the old content or
 * the new one, never a part.
 */
import { randomBytes } from "node:crypto";
import { constants, unlinkSync } from "node:fs";
import { open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

// In a folder of a peer nothing is a link, and none is followed; Windows has no such flag.
const { O_RDONLY, O_RDWR, O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK = 0 } = constants;
const NO_LINK = constants.O_NOFOLLOW ?? 0;
/** To read what is there. A pipe in its place is not waited for. */
export const READ = O_RDONLY | NO_LINK | O_NONBLOCK;
/** To write over what is there. */
export const WRITE_OVER = O_RDWR | NO_LINK;
/** To make what is not there yet. */
export const MAKE = O_WRONLY | O_CREAT | O_EXCL | NO_LINK;
/** To write behind what may be there. */
export const APPEND = O_RDWR | O_APPEND | O_CREAT | NO_LINK;

/** Where a file's new content waits beside it until it is whole; nobody can have put something there. */
export function temporaryFor(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}.tmp`;
}

/** True of what a process that was killed has left half written; earlier versions had no digits in it. */
export function isTemporary(name: string): boolean {
  return /^[a-z]+\.json(\.[0-9a-f]{16})?\.tmp$/.test(name);
}

/** Makes the entries of a folder durable: what was created, renamed or removed in it. */
export async function syncFolder(dir: string): Promise<void> {
  // Windows cannot open a folder, and does not need to.
  if (process.platform === "win32") return;
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A disk writes so much whole or not at all. */
const SECTOR_BYTES = 512;

/**
 * Replaces a file's content. Where a full disk has no room for the new one beside the old, a content
 * of a few hundred bytes is written over it.
 * @param durable true: it survives a loss of power once the promise resolves
 * @throws the system's error; the old content then still stands
 */
export async function replaceFile(path: string, content: string, durable: boolean): Promise<void> {
  try {
    await writeBeside(path, content, durable);
  } catch (error) {
    if (!/^(ENOSPC|EDQUOT)$/.test(errorCode(error)) || content.length > SECTOR_BYTES) throw error;
    await writeOver(path, content, durable).catch(() => {
      throw error;
    });
  }
}

async function writeOver(path: string, content: string, durable: boolean): Promise<void> {
  const handle = await open(path, WRITE_OVER);
  try {
    const { size } = await handle.stat();
    if (size > SECTOR_BYTES) throw new Error("too large to be written as one");
    // Blanks where the old content was longer: to cut it first would give its room away.
    const bytes = Buffer.from(content.padEnd(size));
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length, 0);
    if (bytesWritten < bytes.length) throw new Error("the disk is full");
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeBeside(path: string, content: string, durable: boolean): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    const handle = await open(temporary, MAKE, 0o600);
    try {
      await handle.writeFile(content);
      if (durable) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  if (durable) await syncFolder(dirname(path));
}

/** How reading a file and understanding it came out. */
export type Loaded<T> =
  | { readonly value: T; readonly note: null }
  /** There is none; or it was damaged, as the note says, and set aside. */
  | { readonly value: null; readonly note: string | null };

/**
 * Reads a JSON file; one that `parse` does not accept is renamed to `PATH.damaged`, never an error.
 * @param parse returns null for what it does not accept
 * @param maxBytes a larger file counts as damaged
 */
export async function loadJson<T>(
  path: string,
  maxBytes: number,
  parse: (value: unknown) => T | null,
): Promise<Loaded<T>> {
  const why = await (async () => {
    let json: unknown;
    try {
      const text = await readText(path, maxBytes);
      if (text === null) return "it is far too large";
      json = JSON.parse(text);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      return error instanceof SyntaxError ? "it is not JSON" : String(error);
    }
    const value = parse(json);
    return value === null ? "its content is not what a peer writes" : { value };
  })();
  if (why === null) return { value: null, note: null };
  if (typeof why === "object") return { value: why.value, note: null };
  const aside = `${path}.damaged`;
  const moved = await rename(path, aside).then(
    () => `it was set aside as ${aside}`,
    () => "it is ignored",
  );
  return { value: null, note: `${path} is damaged (${why}): ${moved}.` };
}

/** @returns null of a file that has more bytes than that. @throws the system's error; ELOOP for a link */
async function readText(path: string, maxBytes: number): Promise<string | null> {
  const handle = await open(path, READ);
  try {
    return (await handle.stat()).size > maxBytes ? null : await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Removes a file, if it is there. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

/** The system's code of an error, such as ENOENT; an empty text if it has none. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code);
}
