/** What every run of chaos on our own peers has around it, whatever it breaks: a seed, a folder, a file, and a ring. */
import { rm } from "node:fs/promises";
import { Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { copiesKept } from "./copied.ts";
import { headerOf } from "./course.ts";
import { ownProgram } from "./program.ts";
import { temporaryFolder } from "./ring-folder.ts";
import { showVerdict, type VerdictOutputs } from "./run-verdict.ts";
import { RunWriter } from "./run-writer.ts";
import { Stop } from "./stop.ts";
import { attach, fork, runningRing, type Target, type TargetOptions } from "./target.ts";
import { tryOut } from "./written.ts";

export type RunOptions = TargetOptions &
  VerdictOutputs & {
    /** In [0, 2^32); drawn if null. */
    readonly seed: number | null;
    readonly dryRun: boolean;
    /** Where the run's file is written; null for nowhere. */
    readonly log: string | null;
  };

/** What a run works with. */
export type Around = {
  readonly seed: number;
  /** An empty folder of its own. */
  readonly home: string;
  readonly run: RunWriter;
  readonly stop: Stop;
};

/** Of each file, where nothing else is said. */
export const USUAL_COPIES = 3;

/**
 * @param show what only shows what would be done
 * @param work what is done, in a ring that stands or is about to
 * @returns the exit code: 0 passed, 1 a check failed, 3 inconclusive, 130 interrupted
 * @throws Failure if the ring that was named is not there (1), or it is not clear which is meant (2)
 */
export async function runAround<O extends RunOptions>(
  options: O,
  show: (options: O, seed: number) => Promise<number>,
  work: (target: Target, around: Around) => Promise<number>,
): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  if (options.dryRun) return await show(options, seed);
  tryOut(options.junit, options.page);
  const home = temporaryFolder("p2p-chaos-");
  const stop = new Stop();
  const run = new RunWriter(options.log);
  try {
    return await inRing(options, { seed, home, run, stop }, work);
  } catch (error) {
    return stop.codeAfter(error);
  } finally {
    stop.release();
    run.close();
    await rm(home, { recursive: true, force: true }).catch(() => {});
  }
}

async function inRing(
  options: RunOptions,
  around: Around,
  work: (target: Target, around: Around) => Promise<number>,
): Promise<number> {
  const { seed, home, run } = around;
  // The first line of all: whoever meant another ring is to see it at once.
  const sayWhat = (what: string): void => {
    say(`chaos in ${what}`);
    if (!options.json) console.log(`seed ${seed}`);
  };
  const found = await runningRing(options);
  let target: Target;
  try {
    target = found === null ? await fork(options, home) : await attach(found);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    sayWhat(found === null ? "a ring of its own" : `the ring in ${found.dir}`);
    run.write(headerOf({ seed, program: programOf(options), ids: [], copies: 0, plan: [] }));
    const inconclusive = `nothing could be started: ${error.message}`;
    return await showVerdict(run, { broken: null, inconclusive }, options);
  }
  try {
    sayWhat(`${target.what}: ${displayList(target.ring.living())}`);
    return await work(target, around);
  } finally {
    await target.close();
  }
}

/** A ring that has just been forked says so once its peers answer. */
export async function copiesOf(
  { ring, borrowed }: Target,
  ids: readonly number[],
  { copies }: Pick<TargetOptions, "copies">,
): Promise<number> {
  if (!borrowed) return copies ?? USUAL_COPIES;
  return (await copiesKept(ring.watch, ids)) || USUAL_COPIES;
}

/** What the peers run: this program and its version, or the command of another one. */
export function programOf({ peerProgram }: Pick<TargetOptions, "peerProgram">): string {
  if (peerProgram !== null) return peerProgram;
  const { stdout } = Bun.spawnSync([...ownProgram(), "--version"]);
  return `p2p ${stdout.toString().trim()}`;
}
