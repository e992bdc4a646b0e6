/** `p2p chaos --faults`: breaks a ring in many ways at once, writes down what it does, and judges what came of it. */
import { rm } from "node:fs/promises";
import { Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { refuseUnable } from "./able.ts";
import { copiesKept } from "./copied.ts";
import type { Corpus } from "./corpus.ts";
import { Course, headerOf } from "./course.ts";
import { destroys } from "./fault-traits.ts";
import { FEWEST_LIVING, STEADY_MS } from "./limits.ts";
import type { LoadOptions } from "./load.ts";
import { drawFaults } from "./plan.ts";
import { ownProgram } from "./program.ts";
import { temporaryFolder } from "./ring-folder.ts";
import type { FaultKind, PlannedFault } from "./run-lines.ts";
import { showVerdict, type VerdictOutputs } from "./run-verdict.ts";
import { RunWriter } from "./run-writer.ts";
import { Stop, Stopped } from "./stop.ts";
import { sayFault } from "./storm.ts";
import { attach, fork, runningRing, type Target, type TargetOptions } from "./target.ts";
import { tryOut } from "./written.ts";

export type FaultsOptions = TargetOptions &
  LoadOptions &
  VerdictOutputs & {
    readonly kinds: readonly FaultKind[];
    /** All kinds were asked for: those that this ring cannot bear are left out. */
    readonly isAll: boolean;
    readonly forMs: number;
    readonly everyMs: number;
    /** In [0, 2^32); drawn if null. */
    readonly seed: number | null;
    readonly spread: "adjacent" | "random";
    /** Null for the fewest that there may be. */
    readonly minAlive: number | null;
    /** Null for as many as leave a copy of each file. */
    readonly maxDown: number | null;
    readonly only: readonly number[] | null;
    readonly protect: readonly number[];
    readonly corpus: Corpus;
    readonly dryRun: boolean;
    /** Where the run's file is written; null for nowhere. */
    readonly log: string | null;
  };

/** Ctrl-C, as a shell has it. */
const INTERRUPTED = 130;
/** Of each file, where nothing else is said. */
const USUAL_COPIES = 3;

/**
 * Runs to the verdict.
 * @returns 0 passed, 1 a check failed, 3 inconclusive, 130 interrupted
 * @throws Failure if the ring that was named is not there (1), or cannot be broken so (2)
 */
export async function runFaults(options: FaultsOptions, limitMs = STEADY_MS): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  if (options.dryRun) return await dryRun(options, seed);
  tryOut(options.junit, options.page);
  const home = temporaryFolder("p2p-chaos-");
  const stop = new Stop();
  const run = new RunWriter(options.log);
  try {
    return await attack(options, { seed, home, run, stop, limitMs });
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
  readonly run: RunWriter;
  readonly stop: Stop;
  readonly limitMs: number;
};

async function attack(options: FaultsOptions, around: Around): Promise<number> {
  const { seed, home, run, stop, limitMs } = around;
  const found = await runningRing(options);
  let target: Target;
  try {
    target = found === null ? await fork(options, home) : await attach(found);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`chaos in ${found === null ? "a ring of its own" : `the ring in ${found.dir}`}`);
    run.write(headerOf({ seed, program: programOf(options), ids: [], copies: 0, plan: [] }));
    const inconclusive = `nothing could be started: ${error.message}`;
    return await showVerdict(run, { broken: null, inconclusive }, options);
  }
  let course: Course | null = null;
  try {
    const { ring } = target;
    const ids = [...ring.living()];
    say(`chaos in ${target.what}: ${displayList(ids)}`);
    if (!options.json) console.log(`seed ${seed}`);
    const copies = await stop.unless(copiesOf(target, ids, options));
    const kinds = await stop.unless(refuseUnable(ring, ids, kindsFor(options, copies)));
    const limits = { ...options, kinds, seed, ids, ...limitsOf(options, ids, copies) };
    const plan = drawFaults(limits);
    run.write(headerOf({ seed, program: programOf(options), ids, copies, plan }));
    const { only, protect, load, workload, execClient, corpus } = options;
    const mayStrike = (id: number) => (only?.includes(id) ?? true) && !protect.includes(id);
    course = new Course({
      ...{ ring, run, seed, ids, plan, mayStrike, corpus, limitMs, spool: home },
      ...{ load, workload, execClient },
      ...{ minAlive: limits.minAlive, tell: say },
    });
    const end = await stop.unless(course.execute());
    return await showVerdict(run, end, options);
  } finally {
    await course?.halt(target.borrowed);
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

/** @throws Failure (2) if what was asked for by name would lose files for good */
function kindsFor({ kinds, isAll }: FaultsOptions, copies: number): readonly FaultKind[] {
  if (copies > 1) return kinds;
  const named = kinds.find(destroys);
  if (named !== undefined && !isAll) {
    throw new Failure(`With one copy of each file, ${named} would lose files for good.`, 2);
  }
  return kinds.filter((kind) => !destroys(kind));
}

function limitsOf(
  { minAlive, maxDown }: FaultsOptions,
  ids: readonly number[],
  copies: number,
): { minAlive: number; maxDown: number } {
  const least = minAlive ?? FEWEST_LIVING;
  const most = maxDown ?? Math.max(1, copies - 1);
  return { minAlive: least, maxDown: Math.max(0, Math.min(most, ids.length - least)) };
}

/** What the peers run: this program and its version, or the command of another one. */
export function programOf({ peerProgram }: Pick<TargetOptions, "peerProgram">): string {
  if (peerProgram !== null) return peerProgram;
  const { stdout } = Bun.spawnSync([...ownProgram(), "--version"]);
  return `p2p ${stdout.toString().trim()}`;
}

async function dryRun(options: FaultsOptions, seed: number): Promise<number> {
  const found = await runningRing(options);
  say(`chaos would be in ${found === null ? "a ring of its own" : `the ring in ${found.dir}`}`);
  const target = found === null ? null : await attach(found);
  const ids = target === null ? options.ids : [...target.ring.living()];
  const copies =
    target === null ? (options.copies ?? USUAL_COPIES) : await copiesOf(target, ids, options);
  await target?.close();
  const kinds = kindsFor(options, copies);
  const plan = drawFaults({ ...options, kinds, seed, ids, ...limitsOf(options, ids, copies) });
  if (options.json) console.log(JSON.stringify({ v: 1, seed, ids, copies, plan }));
  else for (const line of [`seed ${seed}`, ...plan.map(sayPlanned)]) console.log(line);
  return 0;
}

function sayPlanned(fault: PlannedFault): string {
  return `after ${(fault.atMs / 1000).toFixed(3)} s ${sayFault(fault)}`;
}
