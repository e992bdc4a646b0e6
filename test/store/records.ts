import type { FileRecord, Operation, Stamp } from "../../src/protocol/model/files.ts";
import type { Content } from "../../src/store/content.ts";
import type { FileStore } from "../../src/store/files.ts";
import { sha256 } from "./temporary.ts";

export function stampOf(counter: number, owner = 8): Stamp {
  return { counter, owner, run: 1 };
}

/** A clock's zero in whole milliseconds, so that ages come back as they were. */
export const ZERO = Math.floor(Date.now() - performance.now());

/** The operation of whatever bears the stamp. */
export function operationOf({ counter, owner, run }: Stamp): Operation {
  const origin = owner.toString(16).padStart(8, "0") + run.toString(16).padStart(8, "0");
  return { origin, number: counter };
}

/** The record of a version that says to have replaced `replaced`. */
export function recordOf(
  name: string,
  bytes: Uint8Array,
  stamp: number | Stamp,
  replaced: readonly Stamp[] = [],
): FileRecord {
  const given = typeof stamp === "number" ? stampOf(stamp) : stamp;
  return {
    name,
    key: 19,
    operation: operationOf(given),
    stamp: given,
    also: [],
    size: bytes.length,
    sha256: sha256(bytes),
    removed: false,
    apart: false,
    ageMs: 0,
    replaced,
    history: [],
    spared: [],
  };
}

/** The record of a removal. */
export function removalOf(name: string, stamp: number, replaced: readonly Stamp[]): FileRecord {
  return { ...recordOf(name, new Uint8Array(0), stamp, replaced), removed: true };
}

/** Commits a content in pieces. */
export async function put(
  files: FileStore,
  record: FileRecord,
  bytes: Uint8Array,
): Promise<boolean> {
  const draft = files.begin();
  for (let at = 0; at < bytes.length; at += 70_001) {
    await draft.write(bytes.subarray(at, at + 70_001));
  }
  return draft.commit(record);
}

/** Opens what has the name. */
export function openNamed(files: FileStore, name: string): Content | null {
  const record = files.winner(name);
  return record === null ? null : files.open(record);
}

/** The small content of what has the name. */
export function bytesNamed(files: FileStore, name: string): Uint8Array | null {
  const record = files.winner(name);
  return record === null ? null : files.bytesOf(record);
}

/** The hash of an open content, or "none". */
export async function readAll(content: Content | null): Promise<string> {
  if (content === null) return "none";
  const hasher = new Bun.CryptoHasher("sha256");
  const piece = new Uint8Array(100_000);
  for (let at = 0; ; ) {
    const bytes = await content.read(piece, at);
    if (bytes === 0) break;
    hasher.update(piece.subarray(0, bytes));
    at += bytes;
  }
  content.close();
  return hasher.digest("hex");
}
