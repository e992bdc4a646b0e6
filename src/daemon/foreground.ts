/** Whether this process may read from its terminal: the system stops one that does so behind another. */
import { readFileSync } from "node:fs";

/** Places in `/proc/self/stat`, counted from behind the name (proc_pid_stat(5)). */
const GROUP = 2;
const FOREGROUND_GROUP = 5;

/** False for a job that a shell has put in the background; true where that cannot be told. */
export function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[GROUP] === fields[FOREGROUND_GROUP];
  } catch {
    return true;
  }
}
