/** `p2p chaos --exec`: ends peers of another program's ring, and judges what the others print. */
import { rm } from "node:fs/promises";
import { isOwnWorld } from "../foreign/cage.ts";
import { SILENCE_MS } from "../foreign/limits.ts";
import type { User } from "../foreign/user.ts";
import { displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { inCage } from "./caged.ts";
import { headerOf } from "./course.ts";
import { ForeignCourse } from "./foreign-course.ts";
import { ForeignNetwork } from "./foreign-network.ts";
import { drawForeignFaults, type ForeignFaults } from "./foreign-plan.ts";
import { FOREIGN_BASE_PORT } from "./foreign-ring.ts";
import { untilFree } from "./ports.ts";
import { temporaryFolder } from "./ring-folder.ts";
import { showVerdict, type VerdictOutputs } from "./run-verdict.ts";
import { RunWriter } from "./run-writer.ts";
import { Stop } from "./stop.ts";
import { sayFault } from "./storm.ts";
import { tryOut } from "./written.ts";

export type ForeignChaosOptions = VerdictOutputs &
  Omit<ForeignFaults, "seed"> & {
    /** The program and its first arguments, and as they were given. */
    readonly command: readonly string[];
    readonly given: string;
    readonly intervalMs: number;
    /** In [0, 2^32); drawn if null. */
    readonly seed: number | null;
    /** Who it runs as; null for whoever runs this. */
    readonly user: User | null;
    readonly dryRun: boolean;
    /** Where the run's file is written; null for nowhere. */
    readonly log: string | null;
    /** How long a fault may take to heal; null for what suits the interval. */
    readonly limitMs: number | null;
    /** Of one that was started in a cage: `namespaces` outside. */
    readonly caged: string | null;
    /** The command line of this very run, for one in a cage. */
    readonly argv: readonly string[];
  };

/**
 * Runs to the verdict.
 * @returns 0 passed, 1 a check failed, 3 inconclusive, 130 interrupted
 * @throws Failure if the program cannot be run, or its ports are in use
 */
export async function runForeignChaos(options: ForeignChaosOptions): Promise<number> {
  const { argv, caged, dryRun } = options;
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  if (dryRun) return showPlan(options, seed);
  const stop = new Stop();
  // Whoever starts this once more has drawn the seed.
  const again = options.seed === null ? [...argv, "--seed", String(seed)] : argv;
  try {
    return await inCage({ name: "chaos", argv: again, caged }, stop, () =>
      chaosHere(options, seed, stop),
    );
  } finally {
    stop.release();
  }
}

async function chaosHere(options: ForeignChaosOptions, seed: number, stop: Stop): Promise<number> {
  const { ids, given, log } = options;
  tryOut(options.junit, options.page);
  const run = new RunWriter(log);
  const dir = temporaryFolder("p2p-chaos-");
  let network: ForeignNetwork | null = null;
  let course: ForeignCourse | null = null;
  try {
    say(`chaos in a ring of its own, of ${given}: ${displayList(ids)}`);
    if (!options.json) console.log(`seed ${seed}`);
    await untilFree(FOREIGN_BASE_PORT, ids);
    network = await stop.unless(started(options, dir, (each) => (network = each)));
    const plan = drawForeignFaults({ ...options, seed });
    run.write(headerOf({ seed, program: given, ids, copies: 0, plan }));
    const { intervalMs, everyMs } = options;
    const limitMs = options.limitMs ?? network.limitMs;
    const write = run.write.bind(run);
    const around = { dir, ids, plan, intervalMs, everyMs, limitMs, write, tell: say };
    course = new ForeignCourse({ network, ...around });
    const end = await stop.unless(course.execute());
    return await showVerdict(run, end, options);
  } catch (error) {
    return stop.codeAfter(error);
  } finally {
    course?.halt();
    await network?.stop();
    run.close();
    await rm(dir, { recursive: true, force: true }).catch(() => {});
  }
}

/** Its peers at pipes, or, where they print nothing there, at terminals. @param tell is given each try at once */
async function started(
  { command, ids, intervalMs, user, caged }: ForeignChaosOptions,
  dir: string,
  tell: (network: ForeignNetwork) => void,
): Promise<ForeignNetwork> {
  const rights = { ownFolder: true, user, ownWorld: isOwnWorld(caged) };
  const open = (terminal: boolean): ForeignNetwork => {
    const plan = { command, dir, intervalMs, terminal, ...rights };
    const network = new ForeignNetwork(plan, { line() {}, note() {} });
    tell(network);
    network.found(ids);
    return network;
  };
  const network = open(false);
  const end = performance.now() + SILENCE_MS + intervalMs;
  while (network.silent && performance.now() < end) await network.view.changed(0, SILENCE_POLL_MS);
  if (!network.silent) return network;
  say("at pipes the program prints nothing: once more, each peer at a terminal");
  await network.stop();
  return open(true);
}

const SILENCE_POLL_MS = 100;

function showPlan(options: ForeignChaosOptions, seed: number): number {
  const { ids, given, json } = options;
  say(`chaos would be in a ring of its own, of ${given}`);
  const plan = drawForeignFaults({ ...options, seed });
  if (json) console.log(JSON.stringify({ v: 1, seed, ids, plan }));
  else for (const line of [`seed ${seed}`, ...plan.map(sayFault)]) console.log(line);
  return 0;
}
