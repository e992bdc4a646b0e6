/** Where a door's socket is: both sides derive it from the data folder alone. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Failure } from "../protocol/failure.ts";
import { MAX_SOCKET_PATH_BYTES } from "./limits.ts";

/** The socket's name in the data folder. */
const SOCKET_FILE = "door.sock";

/**
 * The path at which a peer opens its door. Where the data folder's own path is too long for a
 * socket, a folder of this user alone is made for it.
 * @param dir an existing data folder
 * @throws Failure if no safe place for the socket is to be had
 */
export function doorPathToOpen(dir: string): string {
  const [path, ...others] = doorPaths(dir);
  if (path === undefined)
    throw new Failure(
      `No place for the socket of ${dir} could be found: choose a shorter path with --data.`,
    );
  if (others.length > 0) ownFolder(join(path, ".."));
  return path;
}

/** The path at which a peer's door is to be found, whether or not anyone is there. */
export function doorPathToKnock(dir: string): string {
  const paths = doorPaths(dir);
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? join(dir, SOCKET_FILE);
}

/** The possible paths, the preferred first: callers may have other runtime folders than the peer. */
function doorPaths(dir: string): readonly string[] {
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

/** In a folder that others may write to, someone else could stand in for the peer. */
function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (stat.isDirectory() && stat.uid === userInfo().uid && (stat.mode & 0o077) === 0) return;
  throw new Failure(
    `${folder} must be a folder of yours alone (mode 0700): remove it and try again.`,
  );
}
