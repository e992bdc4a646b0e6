/** Taking a secret out of what the system shows of this process to all users of the machine. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** Where the system's own record of a process has the place of its command line (proc(5)): the 48th field. */
const ARGUMENTS_FIELD = 48;

/**
 * Puts stars over a word of this process's command line, as `ps` shows it; where the system does not allow that, or
 * has no such thing, the word stays to be seen.
 */
export function hideWord(word: string): void {
  if (process.platform !== "linux") return;
  try {
    const at = readFileSync("/proc/self/cmdline").indexOf(word);
    const start = argumentsAt(readFileSync("/proc/self/stat", "latin1"));
    if (at < 0 || !(start > 0)) return;
    const memory = openSync("/proc/self/mem", "r+");
    try {
      writeSync(memory, "*".repeat(Buffer.byteLength(word)), start + at);
    } finally {
      closeSync(memory);
    }
  } catch {}
}

/** The second field is a name in brackets, which may hold anything. */
function argumentsAt(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[ARGUMENTS_FIELD - 3]);
}
