/** `p2p chaos`: kills peers of a ring at random, and tells whether it healed and lost nothing. */

import { rm } from "node:fs/promises";
import { Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { Attack } from "./attack.ts";
import type { Corpus } from "./corpus.ts";
import { GIVE_BACK_MS, STEADY_MS } from "./limits.ts";
import { type ChaosReport, exitCodeOf, reportDocument, reportLines } from "./report.ts";
import { type FoundRing, temporaryFolder } from "./ring-folder.ts";
import { drawSchedule, type Kill } from "./schedule.ts";
import { Stop, Stopped } from "./stop.ts";
import { attach, fork, runningRing, type Target, type TargetOptions } from "./target.ts";

export type ChaosOptions = TargetOptions & {
  /** How many kills; null where `forMs` decides. */
  readonly kills: number | null;
  readonly forMs: number | null;
  /** The least time from kill to kill. */
  readonly everyMs: number;
  /** In [0, 2^32); drawn if null. */
  readonly seed: number | null;
  /** Each victim loses its data folder too. */
  readonly loseDisks: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** How many clients are at work meanwhile. */
  readonly load: number;
  /** The files that are stored beforehand. */
  readonly corpus: Corpus;
};

/** Ctrl-C, as a shell has it. */
const INTERRUPTED = 130;

/**
 * Runs to the verdict.
 * @param limitMs how long a fault may take to heal
 * @returns 0 healed and nothing lost, 1 a check failed, 3 inconclusive, 130 interrupted
 * @throws Failure if the ring that was named is not there (1), or it is not clear which is meant (2)
 */
export async function runChaos(options: ChaosOptions, limitMs = STEADY_MS): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const home = temporaryFolder("p2p-chaos-");
  const stop = new Stop();
  try {
    if (options.dryRun) return await dryRun(options, seed);
    const report = await attack(options, seed, home, limitMs, stop);
    const lines = options.json ? [JSON.stringify(reportDocument(report))] : reportLines(report);
    for (const line of lines) console.log(line);
    return exitCodeOf(report);
  } catch (error) {
    // That its output was lost is for whoever wrote it to say.
    if (error instanceof Stopped) return stop.why === "output" ? 0 : INTERRUPTED;
    throw error;
  } finally {
    stop.release();
    await rm(home, { recursive: true, force: true }).catch(() => {});
  }
}

async function attack(
  options: ChaosOptions,
  seed: number,
  home: string,
  limitMs: number,
  stop: Stop,
): Promise<ChaosReport> {
  const found = await runningRing(options);
  let target: Target;
  try {
    target = found === null ? await fork(options, home) : await attach(found);
  } catch (error) {
    sayWhat(options, found === null ? "a ring of its own" : `the ring in ${found.dir}`, seed);
    if (error instanceof Failure) return unstarted(seed, error.message);
    throw error;
  }
  const { everyMs, forMs, loseDisks, load, corpus } = options;
  const ids = [...target.ring.living()];
  const schedule = drawSchedule({ ...options, seed, ids });
  const plan = {
    seed,
    ids,
    schedule,
    everyMs,
    forMs,
    loseDisks,
    load,
    corpus,
    limitMs,
    spool: home,
  };
  const attack = new Attack(target.ring, plan, tell);
  try {
    sayWhat(options, `${target.what}: ${displayList(ids)}`, seed);
    return await stop.unless(attack.run());
  } finally {
    attack.halt();
    const { down } = attack;
    if (target.borrowed && down !== null) await giveBack(target, down);
    await target.close();
  }
}

/** The first line of all: whoever meant another ring is to see it at once. */
function sayWhat({ json }: ChaosOptions, what: string, seed: number): void {
  tell(`chaos in ${what}`);
  if (!json) console.log(`seed ${seed}`);
}

/** The ring of someone else is left as whole as it was. */
async function giveBack(target: Target, id: number): Promise<void> {
  const back = target.ring.start(id).catch(() => {});
  await Promise.race([back, Bun.sleep(GIVE_BACK_MS)]);
}

async function dryRun(options: ChaosOptions, seed: number): Promise<number> {
  const found = await runningRing(options);
  const ids = found === null ? options.ids : await livingIds(found);
  tell(`chaos would be in ${found === null ? "a ring of its own" : `the ring in ${found.dir}`}`);
  const schedule = drawSchedule({ ...options, seed, ids });
  if (options.json) console.log(JSON.stringify({ v: 1, seed, ids, schedule }));
  else for (const line of [`seed ${seed}`, ...schedule.map(sayKill)]) console.log(line);
  return 0;
}

async function livingIds(found: FoundRing): Promise<readonly number[]> {
  const target = await attach(found);
  await target.close();
  return [...target.ring.living()];
}

function sayKill({ atMs, victim }: Kill): string {
  return `after ${(atMs / 1000).toFixed(3)} s kill ${victim}`;
}

function unstarted(seed: number, why: string): ChaosReport {
  const nothing = { faults: [], files: 0, readBack: null, operations: null, broken: null };
  return { seed, ids: [], ...nothing, inconclusive: `nothing could be started: ${why}` };
}

function tell(sentence: string): void {
  say(sentence);
}
