/**
 * Descriptors that are kept back. Where something has taken all that a process may have, some are there at once for
 * what has to go on: the ring's own connections, its files, and whatever ends the need.
 */
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

/** Something open of which nobody reads or writes anything. */
const NOTHING = devNull;

export class Reserve {
  readonly #size: number;
  #held: number[] = [];

  /** @param size how many it keeps back; none until they are taken */
  constructor(size: number) {
    this.#size = size;
  }

  /** @returns true where this process can open nothing more */
  get isNeeded(): boolean {
    try {
      closeSync(openSync(NOTHING, "r"));
      return false;
    } catch {
      return true;
    }
  }

  /** Takes all of them, or none where not all are to be had. @returns whether it has them */
  take(): boolean {
    try {
      while (this.#held.length < this.#size) this.#held.push(openSync(NOTHING, "r"));
      return true;
    } catch {
      this.release();
      return false;
    }
  }

  /** Gives them to whoever opens something next. */
  release(): void {
    for (const descriptor of this.#held.splice(0)) closeSync(descriptor);
  }
}
