/** The processes that the bench starts: none outlives it, and what each costs is read off the system. */
import { readFileSync, writeFileSync } from "node:fs";

const living = new Set<Bun.Subprocess>();

/** Notes a child, to be killed with all others. @returns the same */
export function reaped<T extends Bun.Subprocess>(child: T): T {
  living.add(child);
  void child.exited.then(() => living.delete(child));
  return child;
}

/** Kills one child. Resolves when it is gone. */
export async function killChild(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
}

/** Kills whatever still runs. Resolves when all are gone. */
export async function killChildren(): Promise<void> {
  await Promise.all([...living].map(killChild));
}

/** Clock ticks a second, as /proc counts processor time on every Linux. */
const TICKS_PER_SECOND = 100;

/** Processor time that processes have used so far, in microseconds; null where the system does not say. */
export function cpuMicros(pids: readonly number[]): number | null {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readText(`/proc/${pid}/stat`);
    if (stat === null) return null;
    // The second field is the program's name in brackets, which may itself hold blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}

/** The bytes that a process has resident now, and had at most; null where the system does not say. */
export function residentBytes(pid: number): { readonly now: number; readonly most: number } | null {
  const status = readText(`/proc/${pid}/status`);
  if (status === null) return null;
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1_024;
  return { now: of("VmRSS"), most: of("VmHWM") };
}

/**
 * The bytes that a process has in memory: its own, and its share of what it shares (PSS), which is all its own and
 * its part of what others have mapped as well. null where the system does not say.
 */
export function memoryOf(pid: number): { readonly pss: number; readonly own: number } | null {
  const rollup = readText(`/proc/${pid}/smaps_rollup`);
  if (rollup === null) return null;
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0) * 1_024;
  return { pss: of("Pss"), own: of("Private_Clean") + of("Private_Dirty") };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Lets the most that a process had resident begin anew from what it has now, where the system can. */
export function resetResident(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // The most so far stands then, and the growth looks smaller than it is.
  }
}
