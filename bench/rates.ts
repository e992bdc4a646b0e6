/** Many operations, so many in flight, and how long each took. */
import type { Done } from "./client.ts";

/** Begins the operation of this number, and calls `done` once when it has ended. */
export type Operation = (number: number, done: Done) => void;

export type Ran = {
  readonly count: number;
  readonly ms: number;
  /** Of each operation, in milliseconds, ascending. */
  readonly each: Float64Array;
};

/**
 * Runs operations 0 to count - 1, with so many begun and not ended at any time.
 * @throws Error with what went wrong first
 */
export function run(count: number, inFlight: number, operation: Operation): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const each = new Float64Array(count);
  const start = performance.now();
  let begun = 0;
  let ended = 0;
  let failed = false;
  const next = (): void => {
    const number = begun++;
    const from = performance.now();
    operation(number, (trouble) => {
      if (failed) return;
      if (trouble !== null) {
        failed = true;
        reject(new Error(trouble));
        return;
      }
      const now = performance.now();
      each[number] = now - from;
      ended++;
      if (ended === count) resolve({ count, ms: now - start, each: each.sort() });
      else if (begun < count) next();
    });
  };
  for (let i = 0; i < Math.min(inFlight, count); i++) next();
  return promise;
}

/** The value below which this part of ascending numbers lies. */
export function quantile(ascending: ArrayLike<number>, part: number): number {
  const at = Math.min(ascending.length - 1, Math.floor(part * ascending.length));
  return ascending[Math.max(0, at)] ?? Number.NaN;
}

/** Of values in any order; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}
