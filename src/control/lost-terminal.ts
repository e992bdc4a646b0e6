/**
 * A terminal may go away under a process: its window is closed, its connection lost. Nothing is given back
 * to it then; to try is an error of the system, which must not end the process.
 */
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
