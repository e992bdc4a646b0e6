/** How a ring is, asked from another terminal: its peers, and each check that does not hold. */
import { explainBroken } from "../page/explain.ts";
import { count, displaySomePeers, displayTable } from "../terminal/display.ts";
import { allBroken, type Broken, firstBroken } from "./judge.ts";
import { attachedRing } from "./lab-ring.ts";
import { STEADY_MS } from "./limits.ts";
import type { NetworkPeer } from "./network.ts";
import { askRing } from "./ring-client.ts";
import type { NamedRing } from "./ring-names.ts";
import { untilSteady } from "./steady.ts";

/** A check that does not hold, with what that means for a ring. */
type Told = Broken & { readonly means: string };

export type RingState = {
  readonly name: string;
  readonly peers: readonly NetworkPeer[];
  /** True where R1 to R8 hold. */
  readonly holds: boolean;
  readonly broken: readonly Told[];
};

/**
 * Asks all its peers.
 * @param wait whether to give the checks time to hold
 */
export async function stateOf(ring: NamedRing, wait: boolean): Promise<RingState> {
  const { peers } = await askRing(ring.dir).status();
  const lab = await attachedRing(ring.dir);
  try {
    const living = lab.living();
    const early = wait
      ? await untilSteady(lab.watch, () => living, { limitMs: STEADY_MS, lookups: true })
      : firstBroken(living, await lab.watch.ask(living));
    const none: Broken = { check: "R4", peers: [], why: "no peer is running" };
    const said = early === null ? [] : allBroken(living, await lab.watch.ask(living));
    const broken = living.length === 0 ? [none] : said;
    return {
      ...{ name: ring.name, peers, holds: broken.length === 0 },
      broken: broken.map((one) => ({ ...one, means: explainBroken(one.check) })),
    };
  } finally {
    lab.watch.close();
  }
}

/** A table of its peers, and which checks do not hold. */
export function stateLines(ring: RingState): string[] {
  const rows = ring.peers.map(({ id, pid, state, dir }) => [
    String(id),
    state === "ended" ? "-" : String(pid),
    state,
    dir,
  ]);
  return [...displayTable(["peer", "pid", "state", "folder"], rows), ...checkLines(ring)];
}

/** What is wrong with a ring: a sentence for each check, and below it what that means. */
export function checkLines({ name, broken, peers }: RingState): string[] {
  const running = peers.filter(({ state }) => state === "running").length;
  if (broken.length === 0) return [`${name}: R1 to R8 hold of ${count(running, "peer")}`];
  return broken.flatMap(({ check, why, means, peers: at }) => [
    `${name}: ${check} does not hold${atPeers(at)}: ${why}`,
    `  ${means}`,
  ]);
}

function atPeers(ids: readonly number[]): string {
  return ids.length === 0 ? "" : ` at ${displaySomePeers(ids)}`;
}
