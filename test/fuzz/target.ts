/** What all fuzzing has in common: cases, each from a seed of its own, so that any of them is played again alone. */

/** A case that fails, cut down: what did not hold, how one reads it, and what `replay` takes. */
export type Found = {
  readonly why: string;
  readonly reproduction: readonly string[];
  /** A value that JSON can hold. */
  readonly kept: unknown;
};

export type Target = {
  /** What was done so far, by name. */
  readonly did: Record<string, number>;
  /** Plays the case of a seed. */
  run(seed: number): Found | null | Promise<Found | null>;
  /** Plays what was kept of a case that failed. @returns what does not hold, null if all does */
  replay?(kept: string): string | null | Promise<string | null>;
  close?(): void | Promise<void>;
};

export type Told = { readonly seed: number; readonly found: Found };

export type Limits = { readonly seed: number; readonly count: number; readonly forMs: number };

/** Plays cases until one fails, or so many have been played, or the time is over. */
export async function fuzz(
  target: Target,
  { seed, count, forMs }: Limits,
  progress: (done: number) => void = () => {},
): Promise<{ readonly done: number; readonly failed: Told | null }> {
  const end = performance.now() + forMs;
  for (let done = 0; ; done++) {
    if (done >= count || performance.now() > end) return { done, failed: null };
    const found = await target.run(seed + done);
    if (found !== null) return { done: done + 1, failed: { seed: seed + done, found } };
    progress(done + 1);
  }
}

/** Adds to a count. */
export function tally(did: Record<string, number>, what: string, by = 1): void {
  did[what] = (did[what] ?? 0) + by;
}

/**
 * The smallest part of a list that still fails, with its order kept: parts are left out, halves first, as
 * long as that is so (delta debugging: Zeller and Hildebrandt, 2002).
 */
export function cutDown<T>(
  list: readonly T[],
  fails: (part: readonly T[]) => boolean,
): readonly T[] {
  let best = list;
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < best.length; ) {
      const rest = best.toSpliced(from, size);
      if (fails(rest)) best = rest;
      else from += size;
    }
  }
  return best;
}
