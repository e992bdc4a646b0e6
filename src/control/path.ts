/** Where the control socket is: both sides derive it from the data folder alone. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode } from "../store/durable.ts";
import { MAX_SOCKET_PATH_BYTES } from "./limits.ts";
import { checkSocket } from "./own.ts";

/** The socket's name in the data folder. */
const SOCKET_FILE = "door.sock";

/**
 * The path at which a peer opens its control socket. Where the data folder's own path is too long for a
 * socket, a folder of this user alone is made for it.
 * @param dir an existing data folder
 * @throws Failure if no safe place for the socket is to be had
 */
export function controlPathToOpen(dir: string): string {
  const [path, ...others] = controlPaths(dir);
  if (path !== undefined && others.length === 0 && path.endsWith(`/${SOCKET_FILE}`)) return path;
  const paths = path === undefined ? [] : [path, ...others];
  const why: string[] = [];
  for (const each of paths) {
    const trouble = ownFolder(join(each, ".."));
    if (trouble === null) return each;
    why.push(trouble);
  }
  throw new Failure(
    `No place for the socket of ${dir} could be found (${[...new Set(why)].join("; ")}): choose a shorter path with --data.`,
  );
}

/**
 * The path at which a peer's control socket is to be found, whether or not anyone is there.
 * @throws Failure if somebody else is
 */
export function controlPathToCall(dir: string): string {
  const path = pathToCall(dir);
  checkSocket(dir, path);
  return path;
}

function pathToCall(dir: string): string {
  const paths = controlPaths(dir);
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? join(dir, SOCKET_FILE);
}

/** The possible paths, the preferred first: callers may have other runtime folders than the peer. */
function controlPaths(dir: string): readonly string[] {
  let real = dir;
  try {
    real = realpathSync(dir);
  } catch {}
  const path = join(real, SOCKET_FILE);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return [path];
  const name = `${createHash("sha256").update(real).digest("hex").slice(0, 24)}.sock`;
  return runtimeFolders().map((folder) => join(folder, name));
}

function runtimeFolders(): string[] {
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? "";
  const folders = [join(tmpdir(), `p2p-${userInfo().uid}`), join("/tmp", `p2p-${userInfo().uid}`)];
  if (runtime !== "" && existsSync(runtime)) folders.unshift(join(runtime, "p2p"));
  return folders.filter((folder) => Buffer.byteLength(folder) + 30 <= MAX_SOCKET_PATH_BYTES);
}

/**
 * Makes a folder for sockets: in one that others may write to, someone else could stand in for the peer.
 * @returns why it cannot be used; null if it can
 */
function ownFolder(folder: string): string | null {
  try {
    // Not with those above it: where TMPDIR leads nowhere, nothing is to be made there.
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") return `${folder} cannot be made`;
  }
  const stat = lstatSync(folder);
  if (stat.isDirectory() && stat.uid === userInfo().uid && (stat.mode & 0o077) === 0) return null;
  return `${folder} must be a folder of yours alone, of mode 0700`;
}
