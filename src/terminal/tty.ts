/**
 * The terminal of a process. It may go away under it: its window is closed, its connection lost. Nothing is
 * given back to it then; to try is an error of the system, which must not end the process. And it may be
 * another's: the system stops whoever reads from a terminal behind another job.
 */
import { readFileSync } from "node:fs";
import type { ReadStream } from "node:tty";

/** Has a terminal's modes set as long as there is one. To be called before anything reads lines from it. */
export function outlive(terminal: ReadStream): void {
  const set = terminal.setRawMode.bind(terminal);
  terminal.setRawMode = (mode) => {
    try {
      return set(mode);
    } catch {
      return terminal;
    }
  };
  // Reading ends it, too.
  terminal.on("error", () => {});
}

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
