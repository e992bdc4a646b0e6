/** `p2p ring`: a ring of real peers on this machine, in one terminal. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkFolderPath } from "../control/own.ts";
import { Failure } from "../protocol/model/failure.ts";
import { Actions } from "./actions.ts";
import type { ChildEnd } from "./child.ts";
import { Input } from "./input.ts";
import { type Broken, sayBroken } from "./judge.ts";
import { QUIET_AT_MOST_MS, QUIET_MS, STEADY_MS } from "./limits.ts";
import { Network } from "./network.ts";
import { checkPorts } from "./ports.ts";
import { ownProgram } from "./program.ts";
import { serveRing } from "./ring-control.ts";
import { ringDir, takeRingDir, writeRingProcess } from "./ring-folder.ts";
import { Screen } from "./screen.ts";
import { untilSteady } from "./steady.ts";
import { Stop, Stopped } from "./stop.ts";

export type RingOptions = {
  /** In ascending order, each from 0 to 255. */
  readonly ids: readonly number[];
  readonly pingIntervalMs: number;
  /** A peer listens on this port and its id. */
  readonly basePort: number;
  /** The working folder of the peers. */
  readonly dir: string;
  /** Copies kept of each file, and bytes a second for making them anew; null for the peers' own defaults. */
  readonly copies: number | null;
  readonly repairRate: number | null;
  /** How long to go on after it is steady; null until the input or the user ends it. */
  readonly forMs: number | null;
  readonly color: boolean;
};

/**
 * Forks a ring and shows it until it is ended. Leaves no child behind.
 * @returns the exit code: 0, or 1 if the ring did not become steady within 30 s
 * @throws Failure if it cannot be started: a port in use, a ring that runs in that folder
 */
export async function runRing(options: RingOptions): Promise<number> {
  const { basePort, ids, pingIntervalMs } = options;
  const cwd = resolve(options.dir);
  const folder = ringDir(cwd, basePort);
  const stop = new Stop();
  const screen = new Screen(options.color);
  try {
    // The longest name of a peer's folder in it.
    checkFolderPath(join(folder, "255"));
    makeFolder(cwd);
    await takeRingDir(folder);
    await checkPorts(basePort, ids);
    const flags = peerFlags(options);
    const plan = { program: ownProgram(), cwd, ringDir: folder, basePort, pingIntervalMs, flags };
    const network = new Network(plan, {
      line: (id, text) => screen.line(id, text),
      note: (id, text) => screen.note(id, text),
      ended: (id, end) => screen.note(id, sayEnd(end)),
    });
    const control = serveRing(folder, basePort, network, () => stop.wish("asked"));
    try {
      const startedAt = performance.timeOrigin;
      const interval = pingIntervalMs / 1000;
      writeRingProcess(folder, { v: 1, pid: process.pid, startedAt, ids, interval, basePort });
      return await live(options, network, screen, stop);
    } finally {
      screen.muted = true;
      await network.stop();
      control.close();
    }
  } finally {
    stop.release();
  }
}

function peerFlags({ copies, repairRate }: RingOptions): string[] {
  return [
    ...(copies === null ? [] : ["--copies", String(copies)]),
    ...(repairRate === null ? [] : ["--repair-rate", String(repairRate)]),
  ];
}

async function live(
  options: RingOptions,
  network: Network,
  screen: Screen,
  stop: Stop,
): Promise<number> {
  const { ids } = options;
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const input = new Input(screen, interactive, () => stop.wish("SIGINT"));
  try {
    network.found(ids);
    const giveUp = (): Broken | null => fallen(network);
    const wait = { limitMs: STEADY_MS, lookups: true, giveUp };
    const broken = await stop.unless(untilSteady(network.watch, () => ids, wait));
    if (broken !== null) {
      screen.complain(`The ring did not come together: ${sayBroken(broken)}.`);
      return 1;
    }
    screen.say(`ring of ${ids.length} is steady after ${Math.round(performance.now())} ms`);
    input.prompt();
    const actions = new Actions(network, screen, !interactive);
    await stop.unless(attend(input, actions, options.forMs, interactive));
    await stop.unless(quiet(screen));
    return 0;
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  } finally {
    input.close();
  }
}

/** Does what is typed, one after the other, to the end of the input or of the time. */
async function attend(
  input: Input,
  actions: Actions,
  forMs: number | null,
  interactive: boolean,
): Promise<void> {
  const typed = perform(input, actions);
  if (forMs === null) {
    await typed;
    return;
  }
  const time = Bun.sleep(forMs).then(() => "time" as const);
  const first = await Promise.race([typed, time]);
  // Only a person who ends the input means to end the ring.
  if (first === "input's end" && !interactive) await time;
}

async function perform(input: Input, actions: Actions): Promise<"quit" | "input's end"> {
  for (;;) {
    const line = await input.next();
    if (line === null) return "input's end";
    if (!(await actions.run(line))) return "quit";
  }
}

/** Other peers may still have something to say of the last command. */
async function quiet(screen: Screen): Promise<void> {
  const end = performance.now() + QUIET_AT_MOST_MS;
  while (performance.now() < end && performance.now() - screen.shownAt < QUIET_MS) {
    await Bun.sleep(QUIET_MS / 4);
  }
}

/** A peer that ends while the ring starts will not come back by itself. */
function fallen(network: Network): Broken | null {
  const ended = network.peers().filter((peer) => peer.state === "ended");
  const first = ended[0];
  if (first === undefined) return null;
  const peers = ended.map((peer) => peer.id);
  return { check: "R4", peers, why: `peer ${first.id} ended while it started` };
}

function sayEnd({ code, signal }: ChildEnd): string {
  if (signal !== null) return signal === "SIGKILL" ? "killed" : `ended by ${signal}`;
  return code === 0 ? "ended" : `ended with exit code ${code}`;
}

function makeFolder(cwd: string): void {
  try {
    mkdirSync(cwd, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`The folder ${cwd} cannot be made (${why}): choose another --dir.`);
  }
}
