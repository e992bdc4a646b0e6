import { expect, test } from "bun:test";
import { RateLimiter } from "../../src/store/rate-limiter.ts";

/** A clock that goes on just as it is waited for. */
function makeClock(now: number) {
  const clock = {
    at: now,
    now: () => clock.at,
    wait: async (ms: number) => {
      clock.at += ms;
    },
  };
  return clock;
}

/** How long so many pieces of 1,000 bytes take, in milliseconds. */
async function timeOf(
  rateLimiter: RateLimiter,
  clock: { at: number },
  pieces: number,
): Promise<number> {
  const began = clock.at;
  for (let i = 0; i < pieces; i++) await rateLimiter.take(1_000);
  return Math.round(clock.at - began);
}

test("repair keeps to its rate, and gets a quarter of it while someone waits for a content", async () => {
  const clock = makeClock(0);
  const rateLimiter = new RateLimiter(1_000_000, clock);
  expect(await timeOf(rateLimiter, clock, 1_000)).toBeWithin(960, 1_001);
  const over = rateLimiter.awaited();
  const other = rateLimiter.awaited();
  expect(await timeOf(rateLimiter, clock, 1_000)).toBeWithin(3_960, 4_041);
  over();
  // Twice is once: the other transfer must not be counted out.
  over();
  expect(await timeOf(rateLimiter, clock, 1_000)).toBeWithin(3_960, 4_041);
  other();
  expect(await timeOf(rateLimiter, clock, 1_000)).toBeWithin(960, 1_041);
});

test("an allowance that nobody used is not saved up", async () => {
  const clock = makeClock(0);
  const rateLimiter = new RateLimiter(1_000_000, clock);
  clock.at = 1e9;
  expect(await timeOf(rateLimiter, clock, 1_000)).toBeWithin(960, 1_001);
});
