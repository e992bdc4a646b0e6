/** Whether bytes are those of a record, and the files in which large ones are. */
import { randomBytes } from "node:crypto";
import { unlink } from "node:fs/promises";
import { Failure } from "../protocol/model/failure.ts";
import type { FileRecord } from "../protocol/model/files.ts";

/** What a content is called below `files/`. */
export function newName({ sha256 }: FileRecord): string {
  return `${sha256.slice(0, 16)}-${randomBytes(8).toString("hex")}`;
}

/** True of the bytes that a record tells of. */
export function isContentOf({ size, sha256 }: FileRecord, bytes: Uint8Array): boolean {
  return bytes.length === size && Bun.SHA256.hash(bytes, "hex") === sha256;
}

/** The sentence about bytes that are not. */
export function notAsAnnounced({ name }: FileRecord): Failure {
  return new Failure(`The content of ${name} is not what its sender announced.`);
}

/** A large file takes a while. One that stays is unnamed, and goes at the next start. */
export function removeInBackground(path: string): void {
  void unlink(path).catch(() => {});
}
