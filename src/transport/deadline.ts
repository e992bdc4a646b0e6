/** A wait with an end, started again whenever something moves. */
export class Deadline {
  readonly #ms: number;
  readonly #passed: () => void;
  #timer: Timer | null = null;

  constructor(ms: number, passed: () => void) {
    this.#ms = ms;
    this.#passed = passed;
  }

  /** Starts the wait, from the beginning. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#passed, this.#ms);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
