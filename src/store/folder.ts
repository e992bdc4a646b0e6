/** A peer's data folder: everything that a peer keeps, and that nobody else may use meanwhile. */

import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import type { Member } from "../protocol/model/member.ts";
import { show } from "../protocol/model/names.ts";
import { LatestFile } from "./coalescing.ts";
import { isDamage } from "./disk.ts";
import { errorCode, loadJson, removeQuietly } from "./durable.ts";
import { FileStore } from "./files.ts";
import { takeDamageNoted } from "./index-file.ts";
import {
  DYING_LOOK_MS,
  DYING_MS,
  KILLED_MS,
  SMALL_FILE_BYTES,
  VIEW_BYTES,
  VIEW_SPACING_MS,
} from "./limits.ts";
import { takeLock } from "./lock.ts";
import { EventLog } from "./log.ts";
import { NewerFormat } from "./older.ts";
import { checkFolderPath, takeOwnFolder } from "./own-folder.ts";
import { type PeerProcess, PROCESS_FILE, readLivingProcess } from "./process-file.ts";
import { openSalvaged } from "./salvage.ts";
import {
  type Alive,
  formatAlive,
  formatIdentity,
  formatView,
  type Identity,
  parseAlive,
  parseIdentity,
  parseView,
} from "./saved-state.ts";
import { ShownProcess, showProcessFile } from "./shown-process.ts";

export const IDENTITY_FILE = "identity.json";
export const VIEW_FILE = "view.json";
const ALIVE_FILE = "alive.json";

/**
 * What is open stays reachable: collected as garbage, the lock would be let go unseen, and a file handle
 * would end the process.
 */
const opened = new Set<Folder>();

export type Folder = {
  /** The folder's absolute path. */
  readonly dir: string;
  /** From an earlier run; null in a new folder. */
  readonly identity: Identity | null;
  /** The members known at the end of the last run, gone ones too. */
  readonly restored: readonly Member[];
  /** The last run left its ring in good order. */
  readonly left: boolean;
  /** Since its peer last was in its ring and knew all, in milliseconds; null in a new folder, or if unknown. */
  readonly awayMs: number | null;
  /** The age of the youngest removal that the ring may have forgotten; null for none. */
  readonly forgottenMs: number | null;
  /** Sentences about what was found damaged and set aside. */
  readonly notes: readonly string[];
  readonly files: FileStore;
  readonly log: EventLog;
  /** For uploads and other things on their way; emptied at each start. */
  readonly spoolDir: string;
  /** Lets others find this peer, as soon as the disk has room for that. @throws other errors of the system */
  announce(processFile: PeerProcess): void;
  /** Resolves when it, or a newer one, is durable. @throws the system's error */
  saveIdentity(identity: Identity): Promise<void>;
  /** Keeps the members for the next start, soon; only the latest matters. Never throws. */
  saveView(members: readonly Member[], left: boolean): void;
  /** Keeps for the next start what `awayMs` and `forgottenMs` are now, soon. Never throws. */
  saveAlive(awayMs: number, forgottenMs: number | null): void;
  /** Writes what is unwritten, and gives the folder back. Never rejects. */
  close(): Promise<void>;
};

/**
 * Opens a data folder, creating it if needed, for this process alone.
 * @param zeroAt when the protocol's clock was zero, in epoch milliseconds: see `FileStore.open`
 * @param spacingMs how often the view is saved at most
 * @throws Failure if a living process uses it, naming that; or if it cannot be used
 */
export async function openFolder(
  path: string,
  zeroAt: number = Date.now() - performance.now(),
  spacingMs: number = VIEW_SPACING_MS,
): Promise<Folder> {
  const dir = resolve(path);
  checkFolderPath(dir);
  const unlock = await lockFolder(dir);
  try {
    removeQuietly(join(dir, PROCESS_FILE));
    // Of contents on their way some may be large: their end makes room on a full disk.
    await emptyFolder(join(dir, "spool"));
    const shown = showProcessFile(dir, null);
    const full = `The disk of ${dir} takes nothing new: make room, or commands cannot find this peer.`;
    return await openLocked(dir, zeroAt, spacingMs, unlock, shown ? null : full);
  } catch (error) {
    removeQuietly(join(dir, PROCESS_FILE));
    unlock();
    if (error instanceof NewerFormat) {
      throw new Failure(
        `The data folder ${dir} was written by a newer p2p: start that one, or choose another folder with --data.`,
      );
    }
    throw new Failure(
      `The data folder ${dir} cannot be used (${reason(error)}): choose another one with --data.`,
    );
  }
}

/** A living process, as a rule a peer that was started before, has the folder. */
export class FolderInUse extends Failure {}

/**
 * Takes the lock of a folder that is this user's alone.
 * @returns gives it back
 * @throws FolderInUse; Failure if it cannot be used
 */
export async function lockFolder(dir: string): Promise<() => void> {
  let unlock: (() => void) | null;
  try {
    takeOwnFolder(dir);
    unlock = takeLock(dir);
    // A process that was killed just now lets go a moment later: nobody lives who has the folder.
    for (let waited = 0; unlock === null && waited < DYING_MS; waited += DYING_LOOK_MS) {
      // On a busy machine it still counts as living for a while.
      if (waited >= KILLED_MS && readLivingProcess(dir) !== null) break;
      await new Promise((resolve) => setTimeout(resolve, DYING_LOOK_MS));
      unlock = takeLock(dir);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `The data folder ${dir} cannot be used (${reason(error)}): choose another one with --data.`,
    );
  }
  if (unlock !== null) return unlock;
  const user = readLivingProcess(dir);
  const who = user === null ? "another process" : `process ${user.pid}`;
  throw new FolderInUse(
    `The data folder ${dir} is in use by ${who}: stop that, or choose another with --data.`,
  );
}

async function openLocked(
  dir: string,
  zeroAt: number,
  spacingMs: number,
  unlock: () => void,
  trouble: string | null,
): Promise<Folder> {
  await mkdir(join(dir, "files"), { recursive: true, mode: 0o700 });
  // Before anything is changed: the folder may be a newer program's.
  const identity = await loadJson(join(dir, IDENTITY_FILE), SMALL_FILE_BYTES, parseIdentity);
  const [view, alive, store] = await Promise.all([
    loadJson(join(dir, VIEW_FILE), VIEW_BYTES, parseView),
    loadJson(join(dir, ALIVE_FILE), SMALL_FILE_BYTES, parseAlive),
    openFiles(dir, zeroAt),
  ]);
  const { files } = store;
  const log = new EventLog(dir);
  const identityFile = new LatestFile(join(dir, IDENTITY_FILE), true, 0, formatIdentity);
  const viewFile = new LatestFile(join(dir, VIEW_FILE), false, spacingMs, formatView);
  const aliveFile = new LatestFile(join(dir, ALIVE_FILE), false, spacingMs, formatAlive);
  const { awayMs, forgottenMs } = durations(alive.value, Date.now());
  const shown = new ShownProcess(dir);
  const folder: Folder = {
    dir,
    identity: identity.value,
    restored: view.value?.members ?? [],
    left: view.value?.left ?? false,
    awayMs,
    forgottenMs,
    notes: [
      trouble,
      ...[identity, view, alive, store].map(({ note }) => note),
      olderNote(dir, files.olderCopy),
      unfitNote(dir, files.unfit),
      damagedNote(dir, files.damagedRows),
    ].filter((n) => n !== null),
    files,
    log,
    spoolDir: join(dir, "spool"),
    announce: (processFile) => shown.show(processFile),
    saveIdentity: (value) => identityFile.save(value),
    // A view that cannot be saved is a slower next start, no more.
    saveView: (members, left) => void viewFile.save({ members, left }).catch(() => {}),
    saveAlive: (away, forgotten) => {
      const now = Date.now();
      const at = Math.max(0, Math.floor(now - away));
      const value = { at, forgotten: forgotten === null ? null : Math.floor(now - forgotten) };
      void aliveFile.save(value).catch(() => {});
    },
    close: async () => {
      shown.close();
      await aliveFile.flush();
      await Promise.all([viewFile.flush(), identityFile.flush(), log.close(), files.close()]);
      removeQuietly(join(dir, PROCESS_FILE));
      unlock();
      opened.delete(folder);
    },
  };
  opened.add(folder);
  return folder;
}

/** An index that makes no sense is set aside, and what of it can be read goes into a new one. */
async function openFiles(
  dir: string,
  zeroAt: number,
): Promise<{ files: FileStore; note: string | null }> {
  if (takeDamageNoted(dir)) return await openSalvaged(dir, zeroAt);
  try {
    return { files: await FileStore.open(dir, { zeroAt }), note: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return await openSalvaged(dir, zeroAt);
  }
}

/** A wall clock that has gone back since tells nothing. */
function durations(alive: Alive | null, now: number) {
  const { at = null, forgotten = null } = alive ?? {};
  const awayMs = at === null || at > now ? null : now - at;
  return { awayMs, forgottenMs: forgotten === null ? null : Math.max(0, now - forgotten) };
}

function olderNote(dir: string, copy: string | null): string | null {
  if (copy === null) return null;
  return `${dir} was written by an older p2p, and has been brought over; ${copy} is its index as it was.`;
}

function unfitNote(dir: string, names: readonly string[]): string | null {
  const [first] = names;
  if (first === undefined) return null;
  if (names.length === 1) {
    return `${dir} holds a file that no peer could take, ${show(first)}: it stays there, set aside, and is not offered.`;
  }
  return `${dir} holds ${names.length} files that no peer could take, ${show(first)} and ${names.length - 1} more: they stay there, set aside, and are not offered.`;
}

function damagedNote(dir: string, names: readonly string[]): string | null {
  const [first] = names;
  if (first === undefined) return null;
  const which = names.length === 1 ? show(first) : `${show(first)} and ${names.length - 1} more`;
  return `${join(dir, "index.db")} has rows that the disk has not kept as they were, ${which}: they stay there, set aside, and come back only if other peers hold them.`;
}

/** The folder itself stays: a full disk might not give its room back. */
async function emptyFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(dir)) {
    await rm(join(dir, name), { recursive: true, force: true });
  }
}

function reason(error: unknown): string {
  switch (errorCode(error)) {
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EROFS":
      return "its file system is read-only";
    case "ENOSPC":
    case "EDQUOT":
    case "SQLITE_FULL":
      return "the disk is full";
    case "ENOTDIR":
    case "EEXIST":
      return "a part of that path is no folder";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
