/** Tells whether a process still lives, and that it is not another one under the same number. */
import { readFileSync } from "node:fs";

/**
 * When a process started, as a text that is equal only for the same process of the same boot.
 * @returns null if there is no such process; one that has died and was not yet collected is none
 */
export function processStart(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  if (process.platform === "linux") return startFromProc(pid);
  if (process.platform === "win32") return exists(pid) ? "unknown" : null;
  return startFromPs(pid);
}

/** True if the process with this number is the one that started then. */
export function isLiving(pid: number, startedAt: string): boolean {
  return processStart(pid) === startedAt;
}

function startFromProc(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in brackets, which may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const ticks = fields[19];
  if (ticks === undefined || state === "Z" || state === "X") return null;
  const boot = readText("/proc/sys/kernel/random/boot_id") ?? "";
  return `${ticks}@${boot.slice(0, 8)}`;
}

function startFromPs(pid: number): string | null {
  const out = Bun.spawnSync(["ps", "-o", "stat=,lstart=", "-p", String(pid)], {
    env: { ...process.env, LC_ALL: "C" },
    stderr: "ignore",
  });
  const text = out.stdout.toString().trim();
  if (text === "" || text.startsWith("Z")) return null;
  return text.slice(text.indexOf(" ")).trim();
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
