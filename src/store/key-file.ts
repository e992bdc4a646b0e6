/**
 * Files with a secret in them. Only their user can read them, and they are made so from the first byte on; one that
 * others can read is not used, since whoever has read it is in the ring.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode, MAKE, temporaryFor } from "./durable.ts";
import { SMALL_FILE_BYTES } from "./limits.ts";

/**
 * Reads a small file with a secret.
 * @returns null where there is none
 * @throws Failure where it cannot be read, or others than its user can
 */
export function readSecret(path: string): string | null {
  try {
    return readIfMine(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`The key file ${path} cannot be read (${errorCode(error) || error}).`);
  }
}

/** The same, but of a file that cannot be opened. @throws Failure; the system's error for that */
export function readIfMine(path: string): string | null {
  let fd: number;
  try {
    // A link is followed: secrets are mounted as such. A pipe is not waited for.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > SMALL_FILE_BYTES)
      throw new Failure(`${path} is no file with a key in it.`);
    const uid = process.geteuid?.();
    if (uid !== undefined && (stat.mode & 0o077) !== 0)
      throw new Failure(
        `Others can read the key file ${path} (mode ${(stat.mode & 0o777).toString(8)}): chmod 600 it, and change the key if somebody may have it.`,
      );
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes a file with a secret, durable, unless there is one.
 * @returns what stands there now: the secret given, or that of whoever was first
 * @throws the system's error
 */
export function makeSecret(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = temporaryFor(path);
  const fd = openSync(temporary, MAKE, 0o600);
  try {
    fchmodSync(fd, 0o600);
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    // Unlike a rename, this fails where another has been quicker.
    linkSync(temporary, path);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return readSecret(path) ?? text;
  } finally {
    unlinkSync(temporary);
  }
  return text;
}

/** The file of this user's own key: in the folder for configuration, or where that cannot be, in one until the next start of the machine. */
export function userKeyFiles(): string[] {
  const config = process.env["XDG_CONFIG_HOME"] ?? "";
  // One that is not absolute is to be passed over, by the rule that names it.
  const base = isAbsolute(config) ? config : join(homedir(), ".config");
  const uid = userInfo().uid;
  return [join(base, "p2p", "key"), join(tmpdir(), `p2p-${uid}`, "key")];
}
