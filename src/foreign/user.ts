/** Runs a program without the rights of whoever marks it: as another user, which root alone may do. */
import { chownSync, lchownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MAX_PROCESSES } from "./limits.ts";

/** A user and its group, by number. */
export type User = { readonly uid: number; readonly gid: number };

/** @returns null where there is no such user, or the system does not tell */
export function findUser(name: string): User | null {
  const [uid, gid] = ["-u", "-g"].map((flag) => {
    const asked = Bun.spawnSync(["id", flag, "--", name], { stderr: "ignore" });
    return asked.exitCode === 0 ? Number(asked.stdout.toString()) : Number.NaN;
  });
  if (uid === undefined || gid === undefined || Number.isNaN(uid + gid)) return null;
  return { uid, gid };
}

/** What stands before a command that is to run as that user, with no way back. */
export function asUser(user: User | null): string[] {
  if (user === null) return [];
  const rights = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", "--no-new-privs"];
  return ["prlimit", `--nproc=${MAX_PROCESSES}`, "setpriv", ...rights];
}

/** Makes a folder and all in it that user's. Links are given, not what they lead to. */
export function giveTo(user: User, dir: string): void {
  chownSync(dir, user.uid, user.gid);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) giveTo(user, path);
    else lchownSync(path, user.uid, user.gid);
  }
}
