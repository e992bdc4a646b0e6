/**
 * The process file of a living peer, `peer.json` in its folder: by it commands find the peer, and know it for
 * dead when its process is another one or none.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errorCode, MAKE, READ, temporaryFor, WRITE_OVER } from "./durable.ts";
import { SMALL_FILE_BYTES } from "./limits.ts";
import { isLiving } from "./process.ts";
import { isWhole, MAX_ID } from "./saved-state.ts";

/** The name of the process file. */
export const PROCESS_FILE = "peer.json";

/** What a peer says of itself to those who look into its folder. */
export type PeerProcess = {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  /** The number that names the ring: its base port if numbered. */
  readonly ring: number;
  readonly bits: number;
};

/** A process file as it was found; `processFile` is null while the peer is still starting. */
export type FoundProcess = {
  readonly dir: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly processFile: PeerProcess | null;
};

/**
 * Writes the process file in place of an older one, as a whole: a reader never finds half of it.
 * @throws the system's error; of a full disk only where there is no older one to be written over
 */
export function writeProcessFile(
  dir: string,
  pid: number,
  startedAt: string,
  processFile: PeerProcess | null,
): void {
  const content = `${JSON.stringify({ v: 1, pid, startedAt, ...processFile })}\n`;
  const path = join(dir, PROCESS_FILE);
  try {
    replaceSmall(path, content);
  } catch (error) {
    if (!/^(ENOSPC|EDQUOT)$/.test(errorCode(error)) || !existsSync(path)) throw error;
    writeOver(path, content);
  }
}

/** Puts a file in place of an older one, as a whole. @throws the system's error; nothing is left then */
export function replaceSmall(path: string, content: string): void {
  const temporary = temporaryFor(path);
  try {
    const fd = openSync(temporary, MAKE, 0o600);
    try {
      writeFileSync(fd, content);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A small file's text, of no link and no pipe. @throws the system's error, or one for a file that is too large */
export function readSmall(path: string): string {
  const fd = openSync(path, READ);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > SMALL_FILE_BYTES) throw new Error(`${path} is no small file`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/** Two hundred bytes are written in one go, into room that the older process file has already. */
function writeOver(path: string, content: string): void {
  const fd = openSync(path, WRITE_OVER);
  try {
    const bytes = Buffer.from(content.padEnd(fstatSync(fd).size));
    writeSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads the process file in a folder.
 * @returns null if there is none, or none that makes sense
 */
export function readProcessFile(dir: string): FoundProcess | null {
  let value: unknown;
  try {
    value = JSON.parse(readSmall(join(dir, PROCESS_FILE)));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { pid, startedAt } = value as Partial<FoundProcess>;
  if (typeof pid !== "number" || typeof startedAt !== "string") return null;
  return { dir, pid, startedAt, processFile: parseProcessFile(value) };
}

/**
 * Reads the process file in a folder, if the process that wrote it lives.
 * @returns null if no peer lives there
 */
export function readLivingProcess(dir: string): FoundProcess | null {
  const found = readProcessFile(dir);
  return found !== null && isLiving(found.pid, found.startedAt) ? found : null;
}

/** @returns null for anything but what a peer writes of itself */
function parseProcessFile(value: Partial<PeerProcess>): PeerProcess | null {
  const { id, host, port, ring, bits } = value;
  if (!isWhole(id, MAX_ID) || !isWhole(port, 65_535) || !isWhole(ring) || !isWhole(bits, 48)) {
    return null;
  }
  if (typeof host !== "string" || !/^[^\s\p{C}]{1,300}$/u.test(host)) return null;
  return { id, host, port, ring, bits };
}
