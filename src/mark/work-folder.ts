/** The working folder of a network of somebody else's program: a new one, filled before the first peer starts. */
import { chownSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { giveTo, type User } from "../foreign/user.ts";
import { temporaryFolder } from "../lab/ring-folder.ts";
import { Failure } from "../protocol/model/failure.ts";

/** A file that lies there. */
export type WorkFile = { readonly name: string; readonly content: Uint8Array };

export type WorkPlan = {
  /** A folder to copy; null for an empty one. */
  readonly folder: string | null;
  /** There may be no room for them later. */
  readonly files: readonly WorkFile[];
  /** Whose it is to be; null for whoever runs this. */
  readonly user: User | null;
};

/** @returns its path, to be filled by `fillWorkFolder` and removed by whoever asked */
export function newWorkFolder(): string {
  return temporaryFolder("p2p-mark-");
}

/** @throws Failure if the folder and the files have no room */
export function fillWorkFolder(dir: string, { folder, files, user }: WorkPlan): void {
  try {
    if (folder !== null) cpSync(folder, dir, { recursive: true });
    for (const { name, content } of files) writeFileSync(join(dir, name), content);
    if (user !== null) giveTo(user, dir);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`The working folder could not be made: ${why}.`);
  }
}

/** Adds a file, as that user's. @throws Failure if it has no room */
export function addWorkFile(dir: string, { name, content }: WorkFile, user: User | null): void {
  try {
    const path = join(dir, name);
    writeFileSync(path, content);
    if (user !== null) chownSync(path, user.uid, user.gid);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${name} could not be put into the working folder: ${why}.`);
  }
}
