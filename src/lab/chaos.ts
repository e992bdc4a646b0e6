/** `p2p chaos`: kills peers of a ring at random, and tells whether it healed and lost nothing. */

import { say } from "../terminal/shown.ts";
import { Attack } from "./attack.ts";
import { copiesOf, programOf, type RunOptions, runAround } from "./chaos-run.ts";
import type { Corpus } from "./corpus.ts";
import { headerOf } from "./course.ts";
import { GIVE_BACK_MS, STEADY_MS } from "./limits.ts";
import type { LoadOptions } from "./load.ts";
import type { FoundRing } from "./ring-folder.ts";
import type { PlannedFault } from "./run-lines.ts";
import { showVerdict } from "./run-verdict.ts";
import { drawSchedule, type Kill } from "./schedule.ts";
import { attach, runningRing, type Target } from "./target.ts";

export type ChaosOptions = RunOptions &
  LoadOptions & {
    /** How many kills; null where `forMs` decides. */
    readonly kills: number | null;
    readonly forMs: number | null;
    /** The least time from kill to kill. */
    readonly everyMs: number;
    /** Each victim loses its data folder too. */
    readonly loseDisks: boolean;
    /** The files that are stored beforehand. */
    readonly corpus: Corpus;
  };

/**
 * Runs to the verdict: see `runAround`.
 * @param limitMs how long a fault may take to heal
 */
export function runChaos(options: ChaosOptions, limitMs = STEADY_MS): Promise<number> {
  return runAround(options, dryRun, async (target, { seed, home, run, stop }) => {
    const { ring, borrowed } = target;
    const ids = [...ring.living()];
    let attack: Attack | null = null;
    try {
      const copies = await stop.unless(copiesOf(target, ids, options));
      const faults = drawSchedule({ ...options, seed, ids }).map(faultOf(options));
      run.write(
        headerOf({ seed, program: programOf(options), ids, copies, plan: faults }, ring.emulated),
      );
      const plan = { ...options, seed, ids, faults, limitMs, spool: home };
      attack = new Attack(ring, plan, run, say);
      const end = await stop.unless(attack.execute());
      return await showVerdict(run, end, options);
    } finally {
      attack?.halt();
      const down = attack?.down ?? null;
      if (borrowed && down !== null) await giveBack(target, down);
    }
  });
}

/** How long a victim is down depends on the ring: it is started again once that has healed. */
function faultOf({ loseDisks }: ChaosOptions): (kill: Kill, index: number) => PlannedFault {
  const kind = loseDisks ? "lose-disk" : "kill";
  return ({ atMs, victim }, index) => {
    return { n: index + 1, kind, atMs, forMs: 0, peers: [victim], others: [], amount: null };
  };
}

/** The ring of someone else is left as whole as it was. */
async function giveBack(target: Target, id: number): Promise<void> {
  const back = target.ring.start(id).catch(() => {});
  await Promise.race([back, Bun.sleep(GIVE_BACK_MS)]);
}

async function dryRun(options: ChaosOptions, seed: number): Promise<number> {
  const found = await runningRing(options);
  const ids = found === null ? options.ids : await livingIds(found);
  say(`chaos would be in ${found === null ? "a ring of its own" : `the ring in ${found.dir}`}`);
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
