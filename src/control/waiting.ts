/** Waits that have an end: for one step, and for work whose length nobody knows. */
import { PULSE_LIMIT_MS, PULSE_MS } from "./limits.ts";

/**
 * Waits for a step, but not for ever.
 * @param late called when the time is up; what it returns is thrown
 */
export async function inTime<T>(step: Promise<T>, limitMs: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([step, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Does work whose length nobody knows, for as long as the peer shows signs of life.
 * @param ask a cheap question to the peer; the work is given up when two in a row fail
 */
export async function withPulse<T>(
  ask: (limitMs: number) => Promise<unknown>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborting = new AbortController();
  let missed = 0;
  let asking = false;
  const beat = setInterval(async () => {
    if (asking) return;
    asking = true;
    try {
      await ask(PULSE_LIMIT_MS);
      missed = 0;
    } catch (error) {
      if (++missed >= 2) aborting.abort(error);
    }
    asking = false;
  }, PULSE_MS);
  try {
    return await work(aborting.signal);
  } finally {
    clearInterval(beat);
  }
}
