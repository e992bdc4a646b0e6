/**
 * Which folders a peer or a ring may have: those that are this user's alone. Where others can make an entry, it may
 * be a link to anything, or a process that stands in for a peer: so nothing is read from such a folder, or written
 * to it.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve, sep } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { isTemporary, removeQuietly } from "./durable.ts";
import { MAX_FOLDER_PATH_BYTES } from "./limits.ts";

/** The working folder's own, in which peers and rings have their folders. */
export const PEERS_FOLDER = ".p2p";

/** What a peer or a ring keeps in its folder; whatever else a person has put there is that person's. */
const FOLDERS = /^(files|spool|damaged(-\d+)?)$/;
const FILES =
  /^((identity|view|alive|peer|ring)\.json(\.damaged)?|index\.db(-wal|-shm|-journal|\.damaged)?|events(\.1)?\.jsonl|ring\.key|invites\.json|lock)$/;

/** Windows keeps the rights of a folder otherwise, and those of a user's folders are the user's. */
const uid: number | null = process.geteuid?.() ?? null;

/** @throws Failure if the path is too long to work below it */
export function checkFolderPath(dir: string): void {
  const bytes = Buffer.byteLength(dir);
  if (bytes <= MAX_FOLDER_PATH_BYTES) return;
  const short = `${dir.slice(0, 30)}...${dir.slice(-30)}`;
  throw new Failure(
    `The path of the data folder, ${short}, has ${bytes} bytes, and ${MAX_FOLDER_PATH_BYTES} are the most: choose a shorter one with --data (--dir for a ring), or work in another folder.`,
  );
}

/**
 * Why a folder is not this user's alone to write to, as the end of a sentence that begins with it.
 * @returns null where it is, or where none can be seen
 */
export function foreignness(dir: string): string | null {
  try {
    return foreignnessOf(lstatSync(dir));
  } catch {
    return null;
  }
}

function foreignnessOf(stat: Stats): string | null {
  if (uid === null) return null;
  if (stat.isSymbolicLink()) return "is a link, which may lead anywhere";
  if (stat.uid !== uid) return `belongs to another user (uid ${stat.uid})`;
  if (stat.isDirectory() && (stat.mode & 0o022) !== 0) {
    return `can be written to by other users (mode ${(stat.mode & 0o7777).toString(8)})`;
  }
  return null;
}

/**
 * The working folder's folders of peers that lie around a data folder, and that itself, the outermost first:
 * all of them are p2p's own, as a rule.
 */
export function ownFoldersAround(dir: string): string[] {
  const parts = resolve(dir).split(sep);
  const first = parts.lastIndexOf(PEERS_FOLDER);
  const least = first < 0 ? parts.length : first + 1;
  return parts.slice(least - 1).map((_, at) => parts.slice(0, least + at).join(sep));
}

/**
 * Makes a folder for this user alone, or takes one as such: its mode, and that of what a peer keeps in it, is
 * narrowed to its user, and what was left there half written goes.
 * @throws Failure if it, or p2p's own folder around it, is another user's, can be written to by others, or is a
 *   link; or if something in it is none of this user's files; the system's error if it cannot be had
 */
export function takeOwnFolder(dir: string): void {
  for (const each of ownFoldersAround(dir)) {
    mkdirSync(each, { recursive: true, mode: 0o700 });
    if (uid !== null) narrow(each);
  }
  for (const name of readdirSync(dir)) {
    if (isTemporary(name)) removeQuietly(join(dir, name));
    else if (uid !== null && (FOLDERS.test(name) || FILES.test(name))) narrowEntry(join(dir, name));
  }
}

function narrow(dir: string): void {
  const found = lstatSync(dir);
  const why = isClosedWhileEmpty(dir, found) ? null : foreignnessOf(found);
  if (why !== null) {
    const mend =
      found.uid === uid && found.isDirectory() ? `chmod 700 it if you trust it, or ` : "";
    throw new Failure(
      `The folder ${dir} ${why}, so nothing is kept there: ${mend}choose another with --data (--dir for a ring).`,
    );
  }
  const folder = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { dev, ino, mode } = fstatSync(folder);
    if (dev !== found.dev || ino !== found.ino) throw new Failure(`${dir} was exchanged just now.`);
    // Some file systems know no modes; others have shown that nobody else writes there.
    if ((mode & 0o077) !== 0 && !hasMore(dir)) fchmodQuietly(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Closes an empty folder of this user's to all others, as one that was made with a wide umask, or a file system
 * that was just mounted: nobody has put anything there yet.
 * @returns false where that is not so, or somebody was faster
 */
function isClosedWhileEmpty(dir: string, { uid: owner, mode, ino }: Stats): boolean {
  if (owner !== uid || (mode & 0o022) === 0 || hasMore(dir)) return false;
  if (lstatSync(dir).isSymbolicLink() || readdirSync(dir).length > 0) return false;
  const folder = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (fstatSync(folder).ino !== ino) return false;
    fchmodQuietly(folder);
  } finally {
    closeSync(folder);
  }
  return readdirSync(dir).length === 0;
}

function fchmodQuietly(folder: number): void {
  try {
    fchmodSync(folder, 0o700);
  } catch {}
}

/** True of a folder in which other things have their place: the user's home, or around where one works. */
function hasMore(dir: string): boolean {
  const within = dir.endsWith(sep) ? dir : `${dir}${sep}`;
  return [homedir(), tmpdir(), process.cwd()].some((place) =>
    `${resolve(place)}${sep}`.startsWith(within),
  );
}

/** Not by opening it: to close the lock's file would let go of a lock that this process has. */
function narrowEntry(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const wanted = FOLDERS.test(basename(path)) ? stat.isDirectory() : stat.isFile();
  const why =
    stat.isSymbolicLink() || stat.uid !== uid ? foreignnessOf(stat) : oddness(stat, wanted);
  if (why !== null) {
    throw new Failure(`${path} ${why}: remove it, or choose another folder with --data.`);
  }
  if ((stat.mode & 0o077) !== 0) chmodSync(path, stat.mode & 0o700);
}

function oddness(stat: Stats, wanted: boolean): string | null {
  if (!wanted) return "is nothing that a peer keeps in its folder";
  if (stat.isFile() && stat.nlink > 1) return "has another name elsewhere (a hard link)";
  return null;
}
