/** The folder of a ring: who it is, and whether it lives. A dead ring's folder is used again. */
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { subfolders } from "../control/find.ts";
import {
  checkFound,
  checkSocket,
  foreignness,
  isLiving,
  PEERS_FOLDER,
  readSmall,
  replaceSmall,
  takeOwnFolder,
} from "../control/own.ts";
import { controlPathToCall, controlPathToOpen } from "../control/path.ts";
import { Failure } from "../protocol/model/failure.ts";
import { RING_ALIVE_MS } from "./limits.ts";

const RING_FILE = "ring.json";

/**
 * What `ring.json` says. `startedAt` is the ring process's start, in epoch milliseconds; `start` the same as the
 * system tells it (`store/process.ts`), which no other process of that number has.
 */
export type RingProcess = {
  readonly v: 1;
  readonly pid: number;
  readonly startedAt: number;
  readonly start: string;
  readonly ids: readonly number[];
  /** Seconds from ping to ping. */
  readonly interval: number;
  readonly basePort: number;
  readonly seed?: number;
};

/** A ring that was found, with its folder's absolute path. */
export type FoundRing = { readonly dir: string; readonly processFile: RingProcess };

/**
 * A new folder among the temporary files, for what is gone when this process is.
 * @param prefix how its name begins
 * @returns its path, without links in it
 * @throws Failure if there can be none
 */
export function temporaryFolder(prefix: string): string {
  try {
    return realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `The folder for temporary files, ${tmpdir()}, cannot be used (${why}): set TMPDIR to one that can.`,
    );
  }
}

/** The folder of a ring in a working folder, as an absolute path. */
export function ringDir(cwd: string, basePort: number): string {
  return resolve(cwd, PEERS_FOLDER, `ring-${basePort}`);
}

/**
 * Makes a ring's folder, or takes that of a dead one.
 * @throws Failure that names the ring that lives there, or what is in the way
 */
export async function takeRingDir(dir: string): Promise<void> {
  try {
    takeOwnFolder(dir);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`The ring's folder ${dir} cannot be made (${why}): choose another --dir.`);
  }
  if (!(await lives(dir))) return;
  const former = readProcessFile(dir);
  const which = former === null ? "" : `, as process ${former.pid}`;
  throw new Failure(
    `A ring runs in ${dir}${which}: stop that, or use another --base-port or --dir.`,
  );
}

/** Writes the process file in place of an older one, as a whole. */
export function writeRingProcess(dir: string, processFile: RingProcess): void {
  replaceSmall(join(dir, RING_FILE), `${JSON.stringify(processFile)}\n`);
}

/** The living rings in a working folder, by base port. @throws Failure if others have a hand in their folder */
export async function livingRings(cwd: string): Promise<FoundRing[]> {
  const root = resolve(cwd, PEERS_FOLDER);
  checkFound(root);
  const names = subfolders(root).filter((name) => name.startsWith("ring-"));
  const dirs = names.map((name) => join(root, name)).filter((dir) => foreignness(dir) === null);
  const found = await Promise.all(
    dirs.map(async (dir): Promise<FoundRing[]> => {
      const processFile = readProcessFile(dir);
      if (processFile === null || !isLiving(processFile.pid, processFile.start)) return [];
      return (await lives(dir)) ? [{ dir, processFile }] : [];
    }),
  );
  return found.flat().sort((a, b) => a.processFile.basePort - b.processFile.basePort);
}

/** The path at which a ring opens its own control socket. @throws Failure if there is no place for it */
export function ringPathToOpen(dir: string): string {
  return ringPath(controlPathToOpen(dir));
}

/**
 * The path at which a ring's control socket is to be found, whether or not anyone is there.
 * @throws Failure if somebody else is
 */
export function ringPathToCall(dir: string): string {
  const path = ringPath(controlPathToCall(dir));
  checkSocket(dir, path);
  return path;
}

/** Where a peer's control socket would be in this folder; a path by hash is the ring's alone as it stands. */
function ringPath(controlPath: string): string {
  return basename(controlPath) === "door.sock"
    ? join(dirname(controlPath), "ring.sock")
    : controlPath;
}

/** A socket takes connections only while its process lives, frozen or not. */
async function lives(dir: string): Promise<boolean> {
  const connected = Bun.connect({ unix: ringPathToCall(dir), socket: { data() {} } })
    .then((socket) => {
      socket.end();
      return true;
    })
    .catch(() => false);
  return await Promise.race([connected, Bun.sleep(RING_ALIVE_MS).then(() => true)]);
}

function readProcessFile(dir: string): RingProcess | null {
  try {
    const value: unknown = JSON.parse(readSmall(join(dir, RING_FILE)));
    return isProcessFile(value) ? value : null;
  } catch {
    return null;
  }
}

function isProcessFile(value: unknown): value is RingProcess {
  if (typeof value !== "object" || value === null) return false;
  const { v, pid, start, ids, interval, basePort } = value as Partial<RingProcess>;
  return (
    v === 1 &&
    typeof pid === "number" &&
    typeof start === "string" &&
    typeof interval === "number" &&
    typeof basePort === "number" &&
    Array.isArray(ids) &&
    ids.every((id) => typeof id === "number")
  );
}
