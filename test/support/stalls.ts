/** How late this process's timers come: on a machine with too much to do, those of the peers do too. */

const TICK_MS = 20;
/** A peer takes another way when a neighbour is silent for 400 ms; several peers may be late in a row. */
const LATE_MS = 60;

export class Stalls {
  #due = performance.now() + TICK_MS;
  #worst = 0;
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  /** True if there was a stall that peers may have taken for a silence. */
  end(): boolean {
    clearInterval(this.#timer);
    this.#tick();
    return this.#worst > LATE_MS;
  }

  #tick(): void {
    const now = performance.now();
    this.#worst = Math.max(this.#worst, now - this.#due);
    this.#due = now + TICK_MS;
  }
}
