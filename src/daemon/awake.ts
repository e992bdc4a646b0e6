/** Notices that this very process stood still: stopped, starved, or suspended with its machine. */
import { sleepOf } from "../protocol/lifecycle/sleep.ts";

/** Milliseconds on a clock that never goes back, and on the wall's, which goes on while a machine is suspended. */
export type Clocks = { now(): number; wall(): number };

const REAL: Clocks = { now: () => performance.now(), wall: () => Date.now() };

export class Awake {
  #aliveAt: number;
  #wallAt: number;

  constructor(private readonly clocks: Clocks = REAL) {
    this.#aliveAt = clocks.now();
    this.#wallAt = clocks.wall();
  }

  /**
   * Looks at the clocks; to be called at least every HEARTBEAT_MS, and before whatever is done.
   * @param dueAt when something was to be done, as this peer knew it
   * @returns the time, and for how many milliseconds the process slept at most; null if it did not
   */
  look(dueAt: number): { readonly at: number; readonly sleptMs: number | null } {
    const at = this.clocks.now();
    const wall = this.clocks.wall();
    // A wall clock that someone sets forward looks like a sleep, and costs no more than one.
    const byWall = sleepOf(this.#wallAt, dueAt - this.#aliveAt + this.#wallAt, wall);
    const slept = sleepOf(this.#aliveAt, dueAt, at);
    this.#aliveAt = at;
    this.#wallAt = wall;
    const sleptMs = byWall === null ? slept : Math.max(byWall, slept ?? 0);
    return { at, sleptMs };
  }
}
