/** `p2p chaos --faults`: breaks a ring in many ways at once, writes down what it does, and judges what came of it. */
import { Failure } from "../protocol/model/failure.ts";
import { say } from "../terminal/shown.ts";
import { refuseUnable } from "./able.ts";
import { copiesOf, programOf, type RunOptions, runAround, USUAL_COPIES } from "./chaos-run.ts";
import type { Corpus } from "./corpus.ts";
import { Course, headerOf } from "./course.ts";
import { destroys } from "./fault-traits.ts";
import { FEWEST_LIVING, STEADY_MS } from "./limits.ts";
import type { LoadOptions } from "./load.ts";
import { drawFaults } from "./plan.ts";
import type { FaultKind, PlannedFault } from "./run-lines.ts";
import { showVerdict } from "./run-verdict.ts";
import { sayFault } from "./storm.ts";
import { attach, runningRing } from "./target.ts";

export type FaultsOptions = RunOptions &
  LoadOptions & {
    readonly kinds: readonly FaultKind[];
    /** All kinds were asked for: those that this ring cannot bear are left out. */
    readonly isAll: boolean;
    readonly forMs: number;
    readonly everyMs: number;
    readonly spread: "adjacent" | "random";
    /** Null for the fewest that there may be. */
    readonly minAlive: number | null;
    /** Null for as many as leave a copy of each file. */
    readonly maxDown: number | null;
    readonly only: readonly number[] | null;
    readonly protect: readonly number[];
    readonly corpus: Corpus;
  };

/** Runs to the verdict: see `runAround`. @throws Failure (2) also if the ring cannot be broken so */
export function runFaults(options: FaultsOptions, limitMs = STEADY_MS): Promise<number> {
  return runAround(options, dryRun, async (target, { seed, home, run, stop }) => {
    const { ring, borrowed } = target;
    const ids = [...ring.living()];
    let course: Course | null = null;
    try {
      const copies = await stop.unless(copiesOf(target, ids, options));
      const kinds = await stop.unless(
        refuseUnable(ring, ids, kindsFor(options, copies), options.isAll),
      );
      const limits = { ...options, kinds, seed, ids, ...limitsOf(options, ids, copies) };
      const plan = drawFaults(limits);
      run.write(headerOf({ seed, program: programOf(options), ids, copies, plan }, ring.emulated));
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
      await course?.halt(borrowed);
    }
  });
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
