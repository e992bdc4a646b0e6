/** How long a ring takes to close the gap of a peer that dies or freezes, against the ping interval. */
import { SILENCE_MS, WATCH_MS } from "../protocol/membership/patience.ts";
import type { Figure, FigureProgress } from "./figure-kind.ts";
import { CALM_NETWORK, formRing } from "./figure-ring.ts";
import { type Spread, spreadOf } from "./scale.ts";

export type Harm = "kill" | "freeze";

const INTERVALS_S = { full: [0.5, 1, 2, 5, 10, 30], quick: [0.5, 2, 10] } as const;
const PEERS = 48;
/** A ring has so many victims, one after the other, and there are so many rings. */
const VICTIMS = { full: 24, quick: 8 } as const;
const RINGS = { full: 8, quick: 1 } as const;

/** The longest time between two pings of a successor, in seconds: those of rounds, and silent ones. */
const spacing = (intervalS: number): number => Math.min(intervalS, WATCH_MS / 1_000);
/** A broken link is noticed after one way through the network: the later of two draws of its delay. */
const { minDelayMs, maxDelayMs } = CALM_NETWORK;
const LATER_DELAY_MS = minDelayMs + ((maxDelayMs - minDelayMs) * 2) / 3;

export function healFigure(seed: number, quick: boolean, progress: FigureProgress): Figure {
  const size = quick ? "quick" : "full";
  const intervals = INTERVALS_S[size];
  const measured = (harm: Harm) =>
    intervals.map((x) => {
      progress(`time to heal after a ${harm}, pings each ${x} s`);
      const times: number[] = [];
      for (let ring = 0; ring < RINGS[size]; ring++) {
        times.push(...healTimes(harm, x * 1_000, VICTIMS[size], seed + ring));
      }
      return { x, spread: spreadOf(times) };
    });
  const frozen = measured("freeze");
  const killed = measured("kill");
  const mean = ({ x, spread }: { x: number; spread: Spread }) => ({ x, y: spread.mean / 1_000 });
  const most = ({ x, spread }: { x: number; spread: Spread }) => ({ x, y: spread.max / 1_000 });
  const theory = (name: string, of: (x: number) => number) => ({
    name,
    points: intervals.map((x) => ({ x, y: of(x) })),
    theory: true,
  });
  return {
    name: "heal",
    title: "Time until both predecessors have closed the gap",
    xLabel: "ping interval, seconds",
    yLabel: "seconds",
    xScale: "log2",
    yScale: "log2",
    series: [
      { name: "freeze, longest", points: frozen.map(most), theory: false },
      theory("spacing + 5 s", (x) => spacing(x) + SILENCE_MS / 1_000),
      { name: "freeze, mean", points: frozen.map(mean), theory: false },
      theory("half spacing + 5 s", (x) => spacing(x) / 2 + SILENCE_MS / 1_000),
      { name: "kill, mean", points: killed.map(mean), theory: false },
      theory("later of two delays", () => LATER_DELAY_MS / 1_000),
    ],
  };
}

/**
 * Harms one peer after the other at random moments.
 * @returns for each, the milliseconds until its two predecessors had dropped it
 * @throws Error if they do not within a time far above the bound
 */
export function healTimes(
  harm: Harm,
  pingIntervalMs: number,
  victims: number,
  seed: number,
): number[] {
  const { world, generator } = formRing({
    peers: PEERS,
    pingIntervalMs,
    strategy: "finger",
    network: CALM_NETWORK,
    wirePerMille: 0,
    seed,
  });
  const watchers = new Set<number>();
  let victim = -1;
  let droppedAt = 0;
  world.readers.push((host, event) => {
    if (event.event !== "member" || event.id !== victim || event.state !== "dead") return;
    if (watchers.delete(host.id) && watchers.size === 0) droppedAt = world.now;
  });
  const times: number[] = [];
  for (let i = 0; i < victims; i++) {
    // The moment is random in the interval, and the ring has come to rest.
    world.run(world.now + 5_000 + pingIntervalMs + generator.below(pingIntervalMs));
    const { id, peer } = generator.pick(world.living());
    victim = id;
    for (const { id: watcher } of peer?.membership.view.before(id, 2) ?? []) watchers.add(watcher);
    const harmedAt = world.now;
    if (harm === "kill") world.kill(id);
    else world.freeze(id);
    world.run(harmedAt + 2 * pingIntervalMs + 10_000);
    if (watchers.size > 0) throw new Error(`nobody noticed the ${harm} of a peer`);
    times.push(droppedAt - harmedAt);
    // One that is frozen would be drawn again, or thaw.
    if (harm === "freeze") world.kill(id);
    world.forget(id);
  }
  return times;
}
