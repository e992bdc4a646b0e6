/** A data folder that forgets its ring, when its peer has left that for good: so it can join another. */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { loadJson } from "./durable.ts";
import { FileStore } from "./files.ts";
import { IDENTITY_FILE, lockFolder, VIEW_FILE } from "./folder.ts";
import { SMALL_FILE_BYTES, VIEW_BYTES } from "./limits.ts";
import { parseIdentity, parseView } from "./saved-state.ts";

/** What a peer knows by its ring. The view is the last: as long as it is there, this can be done again. */
const OF_THE_RING = ["ring.key", "invites.json", "alive.json", "spool", IDENTITY_FILE, VIEW_FILE];
const INDEX = ["index.db", "index.db-wal", "index.db-shm", "index.db-journal"];
const CONTENTS = "files";

/** What became of a folder. */
export type Forgetting =
  /** Its peer has not left in order: it is as it was, with these files. */
  | { readonly kind: "not left"; readonly names: readonly string[] }
  /** Nobody stayed in the ring to take these files: it is as it was. */
  | { readonly kind: "alone"; readonly names: readonly string[] }
  /** `aside`: where it keeps what was set aside as damaged before, which no other peer has; null for nothing. */
  | {
      readonly kind: "forgotten";
      readonly aside: { readonly dir: string; readonly names: readonly string[] } | null;
    };

/** True of a folder that knows a ring. */
export function knowsRing(dir: string): boolean {
  return existsSync(join(dir, IDENTITY_FILE));
}

/**
 * Has a folder forget its ring, the key of that, its invites, who it was there, and all copies: others have them.
 * @throws Failure if a living process has the folder, or it knows no ring; the system's error
 */
export async function forgetRing(path: string): Promise<Forgetting> {
  const dir = resolve(path);
  if (!knowsRing(dir)) throw new Failure(`The data folder ${dir} knows no ring.`);
  const unlock = await lockFolder(dir);
  try {
    // Before anything is changed: the folder may be a newer program's.
    await loadJson(join(dir, IDENTITY_FILE), SMALL_FILE_BYTES, parseIdentity);
    const view = await loadJson(join(dir, VIEW_FILE), VIEW_BYTES, parseView);
    const { held, names } = await filesIn(dir);
    if (view.value?.left !== true) return { kind: "not left", names: held };
    // One that is left alone has handed on nothing, and leaves in order all the same.
    const isHandedOn = view.value.members.some(({ state }) => state === "alive");
    if (!isHandedOn && held.length > 0) return { kind: "alone", names: held };
    const aside = names.length === 0 ? null : { dir: await moveAside(dir), names };
    for (const name of [...INDEX, CONTENTS, ...OF_THE_RING])
      await rm(join(dir, name), { recursive: true, force: true });
    return { kind: "forgotten", aside };
  } finally {
    unlock();
  }
}

/** Names of the files that a folder holds, and of what is in it and is offered to nobody. */
async function filesIn(dir: string): Promise<{ held: string[]; names: string[] }> {
  if (!existsSync(join(dir, CONTENTS))) return { held: [], names: [] };
  const files = await FileStore.open(dir, { zeroAt: Date.now() });
  const held = files.records().filter(({ removed }) => !removed);
  const names = [...files.unfit, ...files.damagedRows];
  await files.close();
  return { held: [...new Set(held.map(({ name }) => name))], names };
}

/** Moves index and contents into a folder of their own. @returns that folder */
async function moveAside(dir: string): Promise<string> {
  let n = 1;
  while (existsSync(join(dir, `damaged-${n}`))) n++;
  const aside = join(dir, `damaged-${n}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of [...INDEX, CONTENTS])
    if (existsSync(join(dir, name))) await rename(join(dir, name), join(aside, name));
  return aside;
}
