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

/** Runs operations 0 to count - 1, with so many begun and not ended at any time. @throws Error with what went wrong first */
export function run(count: number, inFlight: number, operation: Operation): Promise<Ran> {
  return runWhile((begun) => begun < count, inFlight, operation);
}

/** Runs operations for so long, and then waits for those that have begun. @throws Error with what went wrong first */
export function runFor(limitMs: number, inFlight: number, operation: Operation): Promise<Ran> {
  const end = performance.now() + limitMs;
  return runWhile((begun) => begun < inFlight || performance.now() < end, inFlight, operation);
}

function runWhile(
  more: (begun: number) => boolean,
  inFlight: number,
  operation: Operation,
): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const each: number[] = [];
  const start = performance.now();
  let begun = 0;
  let failed = false;
  const next = (): void => {
    const from = performance.now();
    operation(begun++, (trouble) => {
      if (failed) return;
      if (trouble !== null) {
        failed = true;
        reject(new Error(trouble));
        return;
      }
      const now = performance.now();
      each.push(now - from);
      if (more(begun)) next();
      else if (each.length === begun) {
        resolve({ count: begun, ms: now - start, each: Float64Array.from(each).sort() });
      }
    });
  };
  for (let i = 0; i < inFlight && more(begun); i++) next();
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
