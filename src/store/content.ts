/** Reading one content, in pieces, with little memory and no long stall. */
import { type BigIntStats, closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { READ } from "./durable.ts";
import { READ_IN_PLACE_BYTES } from "./limits.ts";

/** An open content. A write stays readable while it is open, even when it is replaced or dropped. */
export type Content = {
  /** Bytes. */
  readonly size: number;
  /**
   * Fills `into` from the byte `at`. Small contents come at once, larger ones as a promise.
   * @returns the bytes read: fewer than asked for near the end, 0 at the end
   */
  read(into: Uint8Array, at: number): number | Promise<number>;
  /** To be called once, with no read under way. */
  close(): void;
};

/** An open file, which its owner may change at any time. */
export type FileContent = Content & {
  /** A mark of its bytes, by its size and time: another one once they have been changed. */
  mark(): string;
  /** When anything of it was last changed, its name and permissions too: nobody can set that back. */
  touchedNs(): bigint;
  /** Its bytes by now. */
  sizeNow(): number;
};

/**
 * Opens a regular file of a person's for reading, which may be a link to one.
 * @throws the system's error; EINVAL for anything but a regular file
 */
export function openContent(path: string): FileContent {
  return contentOn(path, openSync(path, "r"));
}

/** The same of a file in a peer's folder, where nothing is a link. @throws ELOOP for one */
export function openKept(path: string): FileContent {
  return contentOn(path, openSync(path, READ));
}

function contentOn(path: string, fd: number): FileContent {
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw Object.assign(new Error(`${path} is no file`), { code: "EINVAL" });
    const size = stat.size;
    const close = (): void => closeSync(fd);
    const mark = (): string => markOfBytes(fstatSync(fd, { bigint: true }));
    const touchedNs = (): bigint => fstatSync(fd, { bigint: true }).ctimeNs;
    const sizeNow = (): number => fstatSync(fd).size;
    const file = { size, close, mark, touchedNs, sizeNow };
    if (size <= READ_IN_PLACE_BYTES) {
      return { ...file, read: (into, at) => readSync(fd, into, 0, into.length, at) };
    }
    return { ...file, read: (into, at) => readLater(fd, into, at) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A content that is in memory already. */
export function contentOf(bytes: Uint8Array): Content {
  const read = (into: Uint8Array, at: number): number => {
    const part = bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  };
  return { size: bytes.length, read, close: () => {} };
}

/** Not the time of its last change of any kind: a file that is renamed or removed meanwhile is what it was. */
function markOfBytes({ size, mtimeNs }: BigIntStats): string {
  return `${size}-${mtimeNs}`;
}

function readLater(fd: number, into: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, into.length, at, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}
