/**
 * Ends all that a program has started, whatever it did to get away: what is in its sessions, what has the
 * word in its environment or the working folder that every process inherits, and in a cage every process
 * there is.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { HUNT_PAUSE_MS, HUNT_ROUNDS } from "./limits.ts";

/** The variable in the environment by which they are found again. */
export const TAG = "P2P_MARK";

/** By what it is known that a process was started by a program. */
export type Origin = {
  /** The value of `TAG` in its environment. */
  readonly tag: string;
  /** A working folder that is the program's alone; null where others work in it. */
  readonly dir: string | null;
  /** The sessions that were made for it. */
  readonly leaders: readonly number[];
};

/**
 * Kills until nothing is left.
 * @param ownWorld every process but this one is the program's (`isOwnWorld`)
 * @returns how many processes would not go
 */
export async function endAll(origin: Origin, ownWorld: boolean): Promise<number> {
  for (const leader of origin.leaders) kill(-leader);
  for (let round = 0; round < HUNT_ROUNDS; round++) {
    // In one step, for all: a process that forks without end is faster than any list.
    if (ownWorld) kill(-1);
    const left = found(origin);
    if (left.length === 0) return 0;
    // First none of them can start another one.
    for (const pid of left) kill(pid, "SIGSTOP");
    for (const pid of left) kill(pid);
    await Bun.sleep(HUNT_PAUSE_MS);
  }
  return found(origin).length;
}

/** Process ids of what was started; none where the system does not tell (only Linux does). */
export function found({ tag, dir, leaders }: Origin): number[] {
  return processIds().filter((pid) => {
    if (pid === process.pid) return false;
    const session = sessionOf(pid);
    if (session === null) return false;
    if (leaders.includes(session)) return true;
    return read(`/proc/${pid}/environ`).includes(`${TAG}=${tag}\0`) || isBelow(pid, dir);
  });
}

function isBelow(pid: number, dir: string | null): boolean {
  if (dir === null) return false;
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${dir}/`);
  } catch {
    return false;
  }
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Null for one that has ended, though its parent may not have asked yet. */
function sessionOf(pid: number): number | null {
  // The name, in parentheses, may hold anything.
  const [state, , , session] = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  return state === undefined || state === "" || state === "Z" || state === "X"
    ? null
    : Number(session);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function kill(pid: number, signal: "SIGKILL" | "SIGSTOP" = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone.
  }
}
