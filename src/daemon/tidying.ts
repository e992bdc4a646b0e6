/**
 * Memory goes back to the system when a peer that was busy is so no more, with its start or with a load: small contents that nobody has wanted for
 * a while, what the index keeps of its file, and what the runtime would keep for the next load.
 */
import { TIDY_AFTER_INPUTS, TIDY_EVERY_MS, TIDY_QUIET_INPUTS } from "./limits.ts";

export type Tidied = {
  /** Inputs that have come since the start. */
  readonly inputs: () => number;
  /** Lets go of what is old; called at each look. */
  readonly forgetOld: () => void;
  /** Gives back what can be had again. */
  readonly release: () => void;
};

export class Tidying {
  #timer: ReturnType<typeof setInterval> | null = null;
  #lookedAt = 0;
  /** What a start has taken goes as well, at the first look that finds it over. */
  #tidiedAt = -TIDY_AFTER_INPUTS;

  constructor(private readonly tidied: Tidied) {}

  begin(): void {
    this.#timer = setInterval(() => this.look(), TIDY_EVERY_MS);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** To be called every TIDY_EVERY_MS. */
  look(): void {
    const { inputs, forgetOld, release } = this.tidied;
    const now = inputs();
    const isQuiet = now - this.#lookedAt <= TIDY_QUIET_INPUTS;
    this.#lookedAt = now;
    forgetOld();
    if (!isQuiet || now - this.#tidiedAt < TIDY_AFTER_INPUTS) return;
    this.#tidiedAt = now;
    release();
  }
}
