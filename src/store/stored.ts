/** Whether bytes are those of a record, and the files in which large ones are. */
import { randomBytes } from "node:crypto";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import type { FileRecord } from "../protocol/model/files.ts";
import type { Ledger } from "./ledger.ts";

/** Contents on their way in; whatever bears this prefix at a start was never finished. */
export const TEMPORARY = "incoming-";

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

/**
 * Removes contents that no row names: temporaries, and writes replaced just before the end. Never rejects.
 * @param dir the folder of the contents
 * @param present the names of those that there are
 */
export async function removeUnnamed(
  dir: string,
  present: ReadonlySet<string>,
  { damaged, unfit, rows }: Ledger,
): Promise<void> {
  if (present.size === 0) return;
  const mayBeNamed = damaged.length > 0; // by one of those rows
  const named = new Set(unfit.map(({ content }) => content));
  for (const { content } of rows.all()) named.add(content);
  for (const name of present) {
    if (named.has(name) || (mayBeNamed && !name.startsWith(TEMPORARY))) continue;
    await unlink(join(dir, name)).catch(() => {});
  }
}
