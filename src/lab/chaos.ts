/** `p2p chaos`: kills peers of a ring at random, and tells whether it healed and lost nothing. */

import { rm } from "node:fs/promises";
import { Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { Attack } from "./attack.ts";
import type { Corpus } from "./corpus.ts";
import { headerOf } from "./course.ts";
import { copiesOf, programOf } from "./faults-run.ts";
import { GIVE_BACK_MS, STEADY_MS } from "./limits.ts";
import type { LoadOptions } from "./load.ts";
import { type FoundRing, temporaryFolder } from "./ring-folder.ts";
import type { PlannedFault } from "./run-lines.ts";
import { showVerdict, type VerdictOutputs } from "./run-verdict.ts";
import { RunWriter } from "./run-writer.ts";
import { drawSchedule, type Kill } from "./schedule.ts";
import { Stop, Stopped } from "./stop.ts";
import { attach, fork, runningRing, type Target, type TargetOptions } from "./target.ts";
import { tryOut } from "./written.ts";

export type ChaosOptions = TargetOptions &
  LoadOptions &
  VerdictOutputs & {
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
    /** Where the run's file is written; null for nowhere. */
    readonly log: string | null;
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
  if (options.dryRun) return await dryRun(options, seed);
  tryOut(options.junit, options.page);
  const home = temporaryFolder("p2p-chaos-");
  const stop = new Stop();
  const run = new RunWriter(options.log);
  try {
    return await attack(options, { seed, home, limitMs, stop, run });
  } catch (error) {
    // That its output was lost is for whoever wrote it to say.
    if (error instanceof Stopped) return stop.why === "output" ? 0 : INTERRUPTED;
    throw error;
  } finally {
    stop.release();
    run.close();
    await rm(home, { recursive: true, force: true }).catch(() => {});
  }
}

type Around = {
  readonly seed: number;
  readonly home: string;
  readonly limitMs: number;
  readonly stop: Stop;
  readonly run: RunWriter;
};

async function attack(options: ChaosOptions, around: Around): Promise<number> {
  const { seed, home, limitMs, stop, run } = around;
  const program = programOf(options);
  const found = await runningRing(options);
  let target: Target;
  try {
    target = found === null ? await fork(options, home) : await attach(found);
  } catch (error) {
    sayWhat(options, found === null ? "a ring of its own" : `the ring in ${found.dir}`, seed);
    if (!(error instanceof Failure)) throw error;
    run.write(headerOf({ seed, program, ids: [], copies: 0, plan: [] }));
    const inconclusive = `nothing could be started: ${error.message}`;
    return await showVerdict(run, { broken: null, inconclusive }, options);
  }
  const ids = [...target.ring.living()];
  let attack: Attack | null = null;
  try {
    sayWhat(options, `${target.what}: ${displayList(ids)}`, seed);
    const copies = await stop.unless(copiesOf(target, ids, options));
    const faults = drawSchedule({ ...options, seed, ids }).map(faultOf(options));
    run.write(headerOf({ seed, program, ids, copies, plan: faults }));
    const plan = { ...options, seed, ids, faults, limitMs, spool: home };
    attack = new Attack(target.ring, plan, run, tell);
    const end = await stop.unless(attack.execute());
    return await showVerdict(run, end, options);
  } finally {
    attack?.halt();
    const down = attack?.down ?? null;
    if (target.borrowed && down !== null) await giveBack(target, down);
    await target.close();
  }
}

/** How long a victim is down depends on the ring: it is started again once that has healed. */
function faultOf({ loseDisks }: ChaosOptions): (kill: Kill, index: number) => PlannedFault {
  const kind = loseDisks ? "lose-disk" : "kill";
  return ({ atMs, victim }, index) => {
    return { n: index + 1, kind, atMs, forMs: 0, peers: [victim], others: [], amount: null };
  };
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

function tell(sentence: string): void {
  say(sentence);
}
