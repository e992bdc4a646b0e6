/** Long work in small pieces: timers and other sockets have their turn in between. */
import { TURN_MS } from "./limits.ts";

export class Turns {
  #since = performance.now();

  /** Lets the others work, if it is time. */
  async give(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
