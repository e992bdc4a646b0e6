/**
 * A rate limiter for what nobody waits for: repair, and reading back. All that take from it share one
 * allowance of bytes a second, and get a part of it only while contents move that somebody does wait for.
 */
import { RATE_SHARE, RATE_SLACK_MS } from "./limits.ts";

export type Clock = { now(): number; wait(ms: number): Promise<void> };

const CLOCK: Clock = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export class RateLimiter {
  /** When all that was taken so far is paid for. */
  #paidAt = 0;
  #awaited = 0;

  /**
   * @param bytesPerSecond of all that take together; Infinity for no limit
   * @param clock the time in milliseconds, and how to wait so many
   */
  constructor(
    private readonly bytesPerSecond: number,
    private readonly clock: Clock = CLOCK,
  ) {}

  /** A content begins to move that somebody waits for. @returns a function to be called once, when it ends */
  awaited(): () => void {
    this.#awaited += 1;
    let over = false;
    return () => {
      if (!over) this.#awaited -= 1;
      over = true;
    };
  }

  /** Notes bytes that were moved. @returns a promise where the next must wait */
  take(bytes: number): Promise<void> | undefined {
    const now = this.clock.now();
    const share = this.#awaited > 0 ? RATE_SHARE : 1;
    const costMs = (bytes * 1_000 * share) / this.bytesPerSecond;
    // An allowance that nobody used is gone: a burst would not be the rate that was asked for.
    this.#paidAt = Math.max(this.#paidAt, now - RATE_SLACK_MS) + costMs;
    const waitMs = this.#paidAt - now;
    if (waitMs < RATE_SLACK_MS) return undefined;
    return this.clock.wait(waitMs);
  }
}
