/** Waits until every check of a ring holds, by its peers' own word. */
import { type Broken, firstBroken } from "./judge.ts";
import { DEBOUNCE_MS, POLL_MS } from "./limits.ts";
import type { RingView } from "./ring-view.ts";

/** Up to this size of a ring every peer looks up two keys, in a larger one a single key. */
const SMALL_RING = 16;
/** How many places most lookups of a larger ring go; and how many go across it, a hop at a time. */
const NEAR = 4;
const ACROSS = 4;

/** Where to look and for how long. */
export type SteadyWait = {
  readonly limitMs: number;
  /** Whether peers also look keys up, for R8. */
  readonly lookups: boolean;
  /** Ends the wait early with what is wrong, if anything is. */
  readonly giveUp?: () => Broken | null;
};

/**
 * Judges by events while they come, and then asks every peer once; now and then it asks anyway.
 * @param ids who should be in the ring, asked anew each time
 * @returns null once all checks hold, else what still does not when the time is up
 */
export async function untilSteady(
  watch: RingView,
  ids: () => readonly number[],
  wait: SteadyWait,
): Promise<Broken | null> {
  const end = performance.now() + wait.limitMs;
  let polledAt = performance.now();
  for (;;) {
    const living = ids();
    const seen = watch.version;
    let broken = firstBroken(living, watch.snapshots(living), watch.tells, watch.silence);
    if (broken !== null && performance.now() - polledAt >= pollMs(living)) {
      // Without lookups: those of a ring that is not right may take long.
      broken = firstBroken(living, await watch.ask(living), watch.tells, watch.silence);
      polledAt = performance.now();
    }
    if (broken === null) {
      const keysOf = wait.lookups ? lookupKeys(living) : () => [];
      broken = firstBroken(living, await watch.ask(living, keysOf), watch.tells, watch.silence);
      if (broken === null) return null;
    }
    const hopeless = wait.giveUp?.() ?? null;
    if (hopeless !== null) return hopeless;
    const left = end - performance.now();
    if (left <= 0) return broken;
    await watch.changed(seen, Math.min(left, POLL_MS / 4));
    await Bun.sleep(DEBOUNCE_MS);
  }
}

/** To ask all of a large ring takes it seconds, and tells nothing that events do not as a rule. */
function pollMs(living: readonly number[]): number {
  return POLL_MS * Math.max(1, living.length / 32);
}

/**
 * The keys that each peer looks up: ids themselves and the places after them. In a small ring all go
 * across the ring; in a large one, where each hop adds up, most go a few places and some across.
 */
export function lookupKeys(ids: readonly number[]): (id: number) => readonly number[] {
  const half = Math.floor(ids.length / 2);
  return (id) => {
    const at = ids.indexOf(id);
    const other = (steps: number): number => ids[(at + steps) % ids.length] ?? id;
    if (ids.length <= SMALL_RING) return [other(half), (other(half + 1) + 1) % 256];
    const isFar = at % Math.max(SMALL_RING, Math.ceil(ids.length / ACROSS)) === 0;
    const far = other(isFar ? half : 1 + (at % NEAR));
    return [at % 2 === 0 ? far : (far + 1) % 256];
  };
}
