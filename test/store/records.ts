import type { FileRecord, Operation, Version } from "../../src/protocol/model/files.ts";
import type { Content } from "../../src/store/content.ts";
import type { FileStore } from "../../src/store/files.ts";
import { sha256 } from "./temporary.ts";

export function versionOf(counter: number, owner = 8): Version {
  return { counter, owner, instance: 1 };
}

/** A clock's zero in whole milliseconds, so that ages come back as they were. */
export const ZERO = Math.floor(Date.now() - performance.now());

/** The operation of whatever bears the version. */
export function operationOf({ counter, owner, instance }: Version): Operation {
  const origin = owner.toString(16).padStart(8, "0") + instance.toString(16).padStart(8, "0");
  return { origin, number: counter };
}

/** The record of a write that says to have replaced `versionVector`. */
export function recordOf(
  name: string,
  bytes: Uint8Array,
  version: number | Version,
  versionVector: readonly Version[] = [],
): FileRecord {
  const given = typeof version === "number" ? versionOf(version) : version;
  return {
    name,
    key: 19,
    operation: operationOf(given),
    version: given,
    also: [],
    size: bytes.length,
    sha256: sha256(bytes),
    removed: false,
    apart: false,
    ageMs: 0,
    versionVector,
    history: [],
    spared: [],
  };
}

/** The record of a removal. */
export function removalOf(
  name: string,
  version: number,
  versionVector: readonly Version[],
): FileRecord {
  return { ...recordOf(name, new Uint8Array(0), version, versionVector), removed: true };
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
