/**
 * Whose peer it is that a command is about to speak to. The folder in which it was found, its control socket and
 * its process are to be of one user: that is this one, unless a person names another's folder.
 */
import { lstatSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { foreignness } from "../store/own-folder.ts";

/** Where programs keep what they remember of a user: XDG_STATE_HOME, or ~/.local/state; there a folder of p2p's own. */
export function stateFolder(): string {
  const state = process.env["XDG_STATE_HOME"];
  const base = state !== undefined && state !== "" ? state : join(homedir(), ".local", "state");
  return join(base, "p2p");
}

export { removeQuietly } from "../store/durable.ts";
export { checkFolderPath, foreignness, PEERS_FOLDER, takeOwnFolder } from "../store/own-folder.ts";
export { isLiving, processStart } from "../store/process.ts";
export { readSmall, replaceSmall } from "../store/process-file.ts";

/** @throws Failure about a folder in which commands find peers without being told of it, if others have a hand in it */
export function checkFound(dir: string): void {
  const why = foreignness(dir);
  if (why === null) return;
  throw new Failure(
    `${dir} ${why}, so nothing is said to the peers in it: ask as their user, or name the folder with --data.`,
  );
}

/**
 * Looks at a control socket before anything is said to it. Where there is none, nothing is wrong with it.
 * @param dir the data folder that it belongs to
 * @throws Failure if it is no socket, or another user's than that folder; or in a folder that others can write to
 */
export function checkSocket(dir: string, socket: string): void {
  const stat = look(socket);
  const owner = ownerOf(dir);
  if (stat === null || owner === null) return;
  if (!stat.isSocket()) throw notTrusted(dir, socket, "is no socket");
  if (stat.uid !== owner)
    throw notTrusted(dir, socket, `belongs to another user (uid ${stat.uid})`);
  const around = dirname(socket);
  // Of a data folder that a person has named, its owner has been looked at; another place has to be this user's.
  const why = isSame(around, dir) ? null : foreignness(around);
  if (why !== null) throw notTrusted(dir, socket, `lies in a folder that ${why}`);
}

/**
 * Looks at the process that a process file names, where the system tells whose it is.
 * @throws Failure if it is another user's than the folder
 */
export function checkProcess(dir: string, pid: number): void {
  if (process.platform !== "linux") return;
  const owner = ownerOf(dir);
  const uid = ownerOf(`/proc/${pid}`);
  // The system shows what must not be looked into as root's, who needs no such trick.
  if (owner === null || uid === null || uid === owner || uid === 0) return;
  throw new Failure(
    `The process ${pid}, which ${dir} names as its peer, belongs to another user (uid ${uid}): nothing was said to it; start the peer again.`,
  );
}

function notTrusted(dir: string, socket: string, why: string): Failure {
  return new Failure(
    `The control socket ${socket} of ${dir} ${why}, so nothing was said to it: remove it, and start the peer again.`,
  );
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

function ownerOf(path: string): number | null {
  if (process.geteuid === undefined) return null;
  try {
    return statSync(path).uid;
  } catch {
    return null;
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { bigint: true }));
  return a?.dev === b?.dev && a?.ino === b?.ino;
}
