/** Damaged contents, set aside below `damaged/` for whoever wants to know what became of them. */
import { mkdir, readdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileRecord } from "../protocol/model/files.ts";
import { MAKE } from "./durable.ts";
import { DAMAGED_KEPT } from "./limits.ts";

/** The folder's name in the data folder. */
export const DAMAGED_FOLDER = "damaged";

/** Names are cut, so that time and operation find room beside them. */
const NAME_CHARACTERS = 80;

/**
 * Moves a content there, or writes it. Where the disk will not have that, it is lost: it was no good.
 * Never rejects.
 * @param from the content's file, or its bytes if it has none; null if not even they could be read
 */
export async function setContentAside(
  dataDir: string,
  record: FileRecord,
  from: string | Uint8Array | null,
): Promise<void> {
  const dir = join(dataDir, DAMAGED_FOLDER);
  const { origin, number } = record.operation;
  const name = record.name.replace(/[^\w.-]/g, "_").slice(0, NAME_CHARACTERS);
  const path = join(dir, `${Date.now()}-${name}-${origin}-${number}`);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (typeof from === "string") await rename(from, path);
    else if (from !== null) await writeFile(path, from, { mode: 0o600, flag: MAKE });
    await removeOldest(dir);
  } catch {
    if (typeof from === "string") await unlink(from).catch(() => {});
  }
}

/** Names begin with the time, which has 13 digits until the year 2286. */
async function removeOldest(dir: string): Promise<void> {
  const names = (await readdir(dir)).sort();
  for (const name of names.slice(0, -DAMAGED_KEPT)) await unlink(join(dir, name)).catch(() => {});
}
