/**
 * Lines to a reader that may be slow, or may never read: the peer goes on whatever it does. What does
 * not fit is kept in order up to a limit; lines of pings are left out first.
 */
import type { Writable } from "node:stream";

/** Lines that wait for a slow reader; with so many, those that can be done without are left out. */
const LINES_KEPT = 4_096;
const LINES_FOLDED = 256;

export class LineWriter {
  readonly #waiting: string[] = [];
  #full = false;

  constructor(private readonly stream: Writable) {
    stream.on("drain", () => this.#flush());
    // A reader that goes away is no trouble of the peer's.
    stream.on("error", () => {});
  }

  /** Writes a line now or later, whole. `fold`: it may be left out when many wait. */
  write(text: string, fold: boolean): void {
    if (!this.#full) {
      this.#full = !this.stream.write(`${text}\n`);
      return;
    }
    if (this.#waiting.length >= (fold ? LINES_FOLDED : LINES_KEPT)) return;
    this.#waiting.push(text);
  }

  #flush(): void {
    this.#full = false;
    while (!this.#full) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#full = !this.stream.write(`${next}\n`);
    }
  }
}
