/** Hops of lookups against the size of the ring, by strategy. */
import type { Strategy } from "../protocol/model/config.ts";
import type { Figure, FigurePoint, FigureProgress, FigureSeries } from "./figure-kind.ts";
import { drawKey, formRing } from "./figure-ring.ts";
import { LOCAL_NETWORK } from "./network.ts";
import { type Spread, spreadOf } from "./scale.ts";

/** Rings of 2^3 peers up to these. */
const LEAST_POWER = 3;
const MOST_POWER = { full: 12, quick: 8 } as const;

/** By `successor` a lookup takes half the ring: it gets fewer of them, and none in the largest rings. */
const SUCCESSOR_MOST_POWER = 10;
const LOOKUPS = { full: 2_000, quick: 500 } as const;
const HOPS_IN_ALL = { full: 120_000, quick: 10_000 } as const;

/** Pings play no part here: they are an hour apart. */
const PING_INTERVAL_MS = 3_600_000;
/** Lookups under way at a time, and longer than the longest takes, but no peer has to ask again. */
const BATCH = 50;
const BATCH_MS = 1_400;

export function hopsFigure(seed: number, quick: boolean, progress: FigureProgress): Figure {
  const size = quick ? "quick" : "full";
  const measured = (strategy: Strategy, most: number) => {
    const spreads: { x: number; spread: Spread }[] = [];
    for (let power = LEAST_POWER; power <= most; power++) {
      const peers = 2 ** power;
      progress(`hops by ${strategy}, ${peers} peers`);
      const affordable = strategy === "successor" ? HOPS_IN_ALL[size] / (peers / 2) : LOOKUPS[size];
      const lookups = Math.min(LOOKUPS[size], Math.round(affordable));
      spreads.push({ x: peers, spread: lookupHops(strategy, peers, lookups, seed) });
    }
    return spreads;
  };
  const most = MOST_POWER[size];
  const successor = measured("successor", Math.min(most, SUCCESSOR_MOST_POWER));
  const finger = measured("finger", most);
  const direct = measured("direct", most);
  const mean = ({ x, spread }: { x: number; spread: Spread }) => ({ x, y: spread.mean });
  return {
    name: "hops",
    title: "Hops of a lookup",
    xLabel: "peers N",
    yLabel: "hops",
    xScale: "log2",
    yScale: "log2",
    series: [
      { name: "successor, mean", points: successor.map(mean), theory: false },
      theory("(N - 1) / 2", most, (power) => (2 ** power - 1) / 2),
      {
        name: "finger, longest",
        points: finger.map(({ x, spread }) => ({ x, y: spread.max })),
        theory: false,
      },
      theory("at most log2 N", most, (power) => power),
      { name: "finger, mean", points: finger.map(mean), theory: false },
      theory("half log2 N", most, (power) => power / 2),
      { name: "direct, mean", points: direct.map(mean), theory: false },
      theory("(N - 1) / N", most, (power) => 1 - 2 ** -power),
    ],
  };
}

/**
 * Hops of lookups from random peers for random keys, in a ring that stands and in calm.
 * @throws Error if a lookup does not find the owner
 */
export function lookupHops(
  strategy: Strategy,
  peers: number,
  lookups: number,
  seed: number,
): Spread {
  const { world, generator } = formRing({
    peers,
    pingIntervalMs: PING_INTERVAL_MS,
    strategy,
    network: LOCAL_NETWORK,
    wirePerMille: 0,
    seed,
  });
  const hops: number[] = [];
  world.readers.push((_, event) => {
    if (event.event !== "outcome") return;
    const { outcome } = event;
    if (outcome.kind !== "owner") throw new Error(`a lookup ended as ${outcome.kind}`);
    hops.push(outcome.route.length - 1);
  });
  world.run(5_000);
  const up = world.living();
  for (let asked = 1; asked <= lookups; asked++) {
    world.command(generator.pick(up).id, { kind: "lookup", key: drawKey(generator) }, null);
    if (asked % BATCH === 0 || asked === lookups) world.run(world.now + BATCH_MS);
  }
  if (hops.length !== lookups) throw new Error(`${lookups - hops.length} lookups did not end`);
  return spreadOf(hops);
}

function theory(name: string, most: number, of: (power: number) => number): FigureSeries {
  const points: FigurePoint[] = [];
  for (let power = LEAST_POWER; power <= most; power++) {
    points.push({ x: 2 ** power, y: of(power) });
  }
  return { name, points, theory: true };
}
