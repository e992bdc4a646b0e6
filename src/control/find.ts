/** Finds the living peers whose data folders are below a folder, and the one that is meant. */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { errorCode } from "../store/durable.ts";
import {
  type FoundProcess,
  type PeerProcess,
  PROCESS_FILE,
  readLivingProcess,
} from "../store/process-file.ts";
import { displayList } from "../terminal/display.ts";
import { checkFound, checkProcess, foreignness, PEERS_FOLDER } from "./own.ts";

/** A living peer: its folder, its process, and what its process file says. */
export type FoundPeer = PeerProcess & { readonly dir: string; readonly pid: number };

/** Which peer a command is for: `--peer ID`, `--data DIR`. */
export type PeerChoice = { readonly peer: number | null; readonly data: string | null };

/** Folders looked into: far more than peers fit on one machine. */
const MAX_FOLDERS = 20_000;

/**
 * Living peers with folders `.p2p/ID` and `.p2p/ring-BASEPORT/ID` below a folder, by id: this user's.
 * @param below normally the working directory
 * @throws Failure if others have a hand in the folder that holds them
 */
export function findPeers(below: string): FoundPeer[] {
  const root = join(below, PEERS_FOLDER);
  checkFound(root);
  const folders = subfolders(root);
  const rings = folders.filter((name) => name.startsWith("ring-"));
  return living([
    ...folders.map((name) => join(root, name)),
    ...rings.flatMap((ring) => subfolders(join(root, ring)).map((name) => join(root, ring, name))),
  ]).filter(({ dir }) => foreignness(dir) === null);
}

/** The living peer of a data folder; or those of the folders in it, as in a ring's folder. */
export function findPeersIn(data: string): FoundPeer[] {
  const dir = resolve(data);
  const itself = living([dir]);
  return itself.length > 0 ? itself : living(subfolders(dir).map((name) => join(dir, name)));
}

/** All living peers among which a command chooses. */
export function candidates(choice: PeerChoice, cwd: string = process.cwd()): FoundPeer[] {
  return choice.data === null ? findPeers(cwd) : findPeersIn(resolve(cwd, choice.data));
}

/**
 * The peer that a command is for.
 * @throws Failure if there is none (1), or several and none was chosen (2)
 */
export function choosePeer(choice: PeerChoice, cwd: string = process.cwd()): FoundPeer {
  const all = candidates(choice, cwd);
  const chosen = choice.peer === null ? all : all.filter((peer) => peer.id === choice.peer);
  const [peer, ...others] = chosen;
  if (peer === undefined) throw none(choice, all, cwd);
  if (others.length > 0) throw several(chosen);
  checkProcess(peer.dir, peer.pid);
  return peer;
}

/** @throws Failure that says how to start a peer, or which ones there are */
export function none(choice: PeerChoice, all: readonly FoundPeer[], cwd: string): Failure {
  const others = all.length > 0 ? null : othersFolder(choice.data ?? join(cwd, PEERS_FOLDER), cwd);
  if (others !== null) return others;
  const where = choice.data === null ? `below ${cwd}` : `in ${choice.data}`;
  if (choice.peer !== null && all.length > 0) {
    const ids = displayList(all.slice(0, 40).map((peer) => peer.id));
    return new Failure(`No peer ${choice.peer} is running ${where}: choose among ${ids}.`);
  }
  const what = choice.peer === null ? "No peer" : `No peer ${choice.peer}`;
  return new Failure(
    `${what} is running ${where}: start one with p2p init, or name its folder with --data DIR.`,
  );
}

/**
 * The sentence about a folder that another user keeps to himself, with what there may be in it.
 * @returns null where there is none, or one that can be looked into
 */
export function othersFolder(path: string, cwd: string): Failure | null {
  const dir = resolve(cwd, path);
  const dirs = [dir, ...subfolders(dir).map((name) => join(dir, name))];
  // A folder may be open while the peer in it is not.
  const processFiles = dirs
    .map((each) => join(each, PROCESS_FILE))
    .filter((each) => existsSync(each));
  const closed = [...processFiles, ...dirs].map(closedAt);
  const found = closed.find((each) => each !== null) ?? null;
  if (found === null) return null;
  const whose =
    found.uid === process.getuid?.()
      ? "does not let you look into it: change its permissions"
      : `belongs to another user (uid ${found.uid}), who alone can talk to the peers in it: ask as that user`;
  return new Failure(`${found.dir} ${whose}.`);
}

/** The folder itself, or one above it, if it cannot be looked into. */
function closedAt(dir: string): { readonly dir: string; readonly uid: number } | null {
  try {
    const { uid } = statSync(dir);
    return isOpen(dir) ? null : { dir, uid };
  } catch (error) {
    const above = dirname(dir);
    return errorCode(error) === "EACCES" && above !== dir ? closedAt(above) : null;
  }
}

function isOpen(dir: string): boolean {
  try {
    const isFolder = statSync(dir).isDirectory();
    accessSync(dir, isFolder ? constants.R_OK | constants.X_OK : constants.R_OK);
    return true;
  } catch (error) {
    return errorCode(error) !== "EACCES";
  }
}

function several(peers: readonly FoundPeer[]): Failure {
  const ids = new Set(peers.map((peer) => peer.id));
  if (ids.size === peers.length) {
    const list = displayList(peers.slice(0, 40).map((peer) => peer.id));
    return new Failure(
      `${peers.length} peers are running here, ${list}: choose one with --peer ID.`,
      2,
    );
  }
  const list = displayList(peers.slice(0, 40).map((peer) => `${peer.id} in ${peer.dir}`));
  return new Failure(
    `Several peers are running here, ${list}: choose one with --data DIR.`,
    EXIT_USAGE,
  );
}

function living(dirs: readonly string[]): FoundPeer[] {
  return dirs
    .slice(0, MAX_FOLDERS)
    .map(readLivingProcess)
    .flatMap((found) => (found === null ? [] : foundPeer(found)))
    .sort((a, b) => a.id - b.id);
}

/** One that is still starting has no process file to show, and nobody can talk to it yet. */
function foundPeer({ processFile, dir, pid }: FoundProcess): FoundPeer[] {
  return processFile === null ? [] : [{ ...processFile, dir, pid }];
}

/** The names of the folders in one; none where there is none, or none that can be read. */
export function subfolders(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
