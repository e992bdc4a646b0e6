/**
 * Lines to a reader that may be slow, or may never read: the peer goes on whatever it does. The lines of
 * one turn go out in one write. What does not fit is kept in order up to a limit; lines of pings are
 * left out first.
 */
import type { Writable } from "node:stream";
import { errorCode } from "../store/durable.ts";
import { LINES_BATCH_CHARACTERS, LINES_FOLDED, LINES_KEPT } from "./limits.ts";

export class LineWriter {
  /** Of this turn, to be written at its end. */
  #batch = "";
  #due: ReturnType<typeof setImmediate> | null = null;
  #waiting: string[] = [];
  #full = false;

  /** @param failed called for each write that failed, with the system's code */
  constructor(
    private readonly stream: Writable,
    failed: (code: string) => void = () => {},
  ) {
    stream.on("drain", () => this.#drained());
    stream.on("error", (error) => {
      // Nothing more is on its way there: the next line is tried anew.
      this.#drained();
      failed(errorCode(error));
    });
  }

  /** Writes a line now or later, whole. `fold`: it may be left out when many wait. */
  write(text: string, fold: boolean): void {
    if (this.#full) {
      if (this.#waiting.length < (fold ? LINES_FOLDED : LINES_KEPT)) this.#waiting.push(text);
      return;
    }
    this.#batch += `${text}\n`;
    if (this.#batch.length >= LINES_BATCH_CHARACTERS) this.flush();
    else this.#due ??= setImmediate(() => this.flush());
  }

  /** Writes what is due at the end of this turn. */
  flush(): void {
    if (this.#due !== null) clearImmediate(this.#due);
    this.#due = null;
    const batch = this.#batch;
    this.#batch = "";
    if (batch !== "") this.#full = !this.stream.write(batch);
  }

  #drained(): void {
    this.#full = false;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#full = !this.stream.write(`${waiting.join("\n")}\n`);
  }
}
