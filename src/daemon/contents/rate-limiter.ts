/**
 * A rate limiter for repair: all copies that nobody waits for share one allowance of bytes a second, and get
 * a part of it only while contents move that somebody does wait for.
 */
import { RATE_SLACK_MS, REPAIR_SHARE } from "../limits.ts";

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
   * @param bytesPerSecond of all repair together
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

  /** Notes bytes of a repair. @returns a promise where the next must wait */
  take(bytes: number): Promise<void> | undefined {
    const now = this.clock.now();
    const share = this.#awaited > 0 ? REPAIR_SHARE : 1;
    const costMs = (bytes * 1_000 * share) / this.bytesPerSecond;
    // An allowance that nobody used is gone: a burst would not be the rate that was asked for.
    this.#paidAt = Math.max(this.#paidAt, now - RATE_SLACK_MS) + costMs;
    const waitMs = this.#paidAt - now;
    if (waitMs < RATE_SLACK_MS) return undefined;
    return this.clock.wait(waitMs);
  }
}
