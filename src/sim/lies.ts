/** Plans of lies: a small ring stores files, is told many lies in a row, and is left alone then. */
import { WHOLE_WIRE } from "./drawing.ts";
import { drawKey } from "./figure-ring.ts";
import type { PlannedAction } from "./orders.ts";
import type { Plan } from "./plan.ts";
import { RandomGenerator } from "./random-generator.ts";
import { drawnRing, numberedRing } from "./stage.ts";

const WARM_UP = 20;
/** The ring stands, and its files are stored. */
const FOUNDED_MS = 4_000;
const STORED_MS = 3_000;
/** So long after the last lie all is well, and the ring is used again. */
const AFTER_MS = 20_000;
const MOST_LIES = 24;
const PAUSES_MS = [0, 0, 1, 20, 400, 2_000] as const;
const NAMES = ["2067", "4103", "0007"] as const;

/**
 * Draws the lies of a seed. The same seed gives the same plan, always.
 */
export function drawLies(seed: number): Plan {
  const generator = new RandomGenerator(seed);
  for (let i = 0; i < WARM_UP; i++) generator.bits();
  const drawn = generator.below(4) === 0;
  const all = Array.from({ length: 200 }, (_, i) => i);
  const size = generator.pick([1, 2, 3, 4, 5]);
  const ids = drawn
    ? Array.from({ length: size }, () => drawKey(generator))
    : generator.sample(all, size);
  const interval = generator.pick([500, 1_000]);
  const actions: PlannedAction[] = [{ at: 0, action: "liar" }];
  for (const name of NAMES) {
    const via = generator.sample(ids, 2).join(" ");
    const store = `client 1 store ${name} ${4 * generator.between(1, 2_000)} via ${via}`;
    actions.push({ at: FOUNDED_MS, action: store });
  }
  if (generator.below(3) === 0) {
    actions.push({ at: FOUNDED_MS + 1_000, action: joinOf(generator, ids, drawn) });
  }
  let at = FOUNDED_MS + STORED_MS;
  for (let left = generator.between(1, MOST_LIES); left > 0; left--) {
    // A number of its own each: what is left out then changes no other.
    actions.push({ at, action: `lie ${generator.bits()} to ${generator.pick(ids)}` });
    at += generator.pick(PAUSES_MS);
  }
  at += AFTER_MS;
  for (const name of NAMES) {
    const via = generator.sample(ids, 2).join(" ");
    actions.push({ at, action: `client 1 request ${name} via ${via}` });
    const size = 4 * generator.between(2_001, 4_000);
    actions.push({ at, action: `client 2 store ${name} ${size} via ${via}` });
  }
  return {
    seed,
    config: {
      ...(drawn ? drawnRing(interval) : numberedRing(interval)),
      strategy: generator.pick(["successor", "finger", "direct"]),
    },
    network: generator.pick(["local", "wide"]),
    driftPerMillion: 0,
    wire: WHOLE_WIRE,
    small: false,
    ids,
    actions,
    epilogue: null,
  };
}

function joinOf(generator: RandomGenerator, ids: readonly number[], drawn: boolean): string {
  const id = drawn ? drawKey(generator) : generator.between(200, 250);
  return `join ${id} via ${generator.pick(ids)}`;
}
