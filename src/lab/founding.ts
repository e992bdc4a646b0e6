/**
 * How a ring begins. A small one is founded as the assignment has it: every peer at once, each of which knows its
 * two successors. In a large one each would have to try every other before it believes in it, all in the same
 * seconds: so some found it, and the others join in waves. In each wave as many join as are there, one into each
 * gap and through the peer before it, so that nobody waits for anybody; no more at a time than a machine can bear.
 */
import { Failure } from "../protocol/model/failure.ts";
import type { Broken } from "./judge.ts";
import { STEADY_MS } from "./limits.ts";
import type { Network } from "./network.ts";
import { untilSteady } from "./steady.ts";

/** Up to so many peers begin at once, and so many found a larger ring at most. */
const MOST_AT_ONCE = 64;
const MOST_FOUNDERS = 32;
const JOIN_AT_A_TIME = 32;
/** On a machine that is busy with other things the one that is asked may be late: the joiner is started once more. */
const JOIN_TRIES = 3;

/** Peers that join at once, each with the one that it joins through. */
export type Wave = readonly (readonly [id: number, through: number])[];

/**
 * Who founds a ring, and who joins in which wave. Pure.
 * @param ids in ascending order
 */
export function wavesOf(ids: readonly number[]): { founders: number[]; waves: Wave[] } {
  if (ids.length <= MOST_AT_ONCE) return { founders: [...ids], waves: [] };
  let step = 2;
  while (ids.length / step > MOST_FOUNDERS) step *= 2;
  const founders = ids.filter((_, place) => place % step === 0);
  const waves: Wave[] = [];
  for (; step > 1; step /= 2) {
    const half = step / 2;
    const wave = ids.flatMap((id, place): Wave => {
      const through = ids[place - half];
      return place % step === half && through !== undefined ? [[id, through]] : [];
    });
    waves.push(wave);
  }
  return { founders, waves };
}

/**
 * Starts all peers of a ring. Resolves when the last of them have been started, and all before them are in.
 * @returns what is wrong where it cannot go on, or null
 * @throws Failure if the program cannot be run
 */
export async function found(
  network: Network,
  ids: readonly number[],
  giveUp: () => Broken | null,
): Promise<Broken | null> {
  const { founders, waves } = wavesOf(ids);
  network.found(founders, ids.length);
  if (waves.length === 0) return null;
  const wait = { limitMs: STEADY_MS, lookups: false, giveUp };
  const broken = await untilSteady(network.watch, () => founders, wait);
  if (broken !== null) return broken;
  for (const wave of waves) {
    const failed = await join(network, wave);
    if (failed !== null) return failed;
  }
  return null;
}

async function join(network: Network, wave: Wave): Promise<Broken | null> {
  const waiting = [...wave];
  let failed: Broken | null = null;
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const broken = await startOne(network, ...next);
      failed ??= broken;
      if (broken !== null) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: JOIN_AT_A_TIME }, one));
  return failed;
}

async function startOne(network: Network, id: number, through: number): Promise<Broken | null> {
  for (let tries = 1; ; tries++) {
    try {
      await network.start(id, through);
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (tries === JOIN_TRIES) return { check: "R4", peers: [id], why: error.message };
      // One that was not in for long may still try.
      if (network.living().includes(id)) network.signal(id, "SIGKILL");
    }
  }
}
