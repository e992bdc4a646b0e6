/** `p2p ring`: a ring of real peers on this machine, in one terminal. */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { checkFolderPath, processStart } from "../control/own.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { ChildEnd } from "./child.ts";
import { found } from "./founding.ts";
import { type Broken, sayBroken } from "./judge.ts";
import { STEADY_MS } from "./limits.ts";
import { Network } from "./network.ts";
import { checkPorts } from "./ports.ts";
import { ownProgram } from "./program.ts";
import { readyFile } from "./ready-file.ts";
import { serveRing } from "./ring-control.ts";
import { ringDir, takeRingDir, writeRingProcess } from "./ring-folder.ts";
import { RingLog } from "./ring-log.ts";
import { takeRingName } from "./ring-names.ts";
import { RingShow } from "./ring-show.ts";
import { awaitLauncher } from "./ring-up.ts";
import { type RingSession, runSession } from "./session.ts";
import { untilSteady } from "./steady.ts";
import { INTERRUPTED, Stop } from "./stop.ts";
import { ownTypedRing } from "./typed-ring.ts";
import { hasRoomForPicture, isForPeople, welcome } from "./welcome.ts";

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
  /** A file that is there as long as the ring stands; null for none. */
  readonly readyFile: string | null;
  /** Lines, even where a living picture could be shown; and how many times slower that is than what happens. */
  readonly plain: boolean;
  readonly slow: number;
  /** So many peers share a process; null for as many as suits the ring's size. */
  readonly perProcess: number | null;
  readonly color: boolean;
};

export type RingLife = {
  /** What it is called, so that other terminals find it; null for nothing. */
  readonly name: string | null;
  /** It has no terminal, and tells whoever started it when it stands. */
  readonly detached: boolean;
};

const AT_TERMINAL: RingLife = { name: null, detached: false };

/**
 * Forks a ring and shows it until it is ended. Leaves no child behind.
 * @returns the exit code: 0, or 1 if the ring did not become steady within 30 s
 * @throws Failure if it cannot be started: a port in use, a ring that runs in that folder
 */
export async function runRing(
  options: RingOptions,
  { name, detached }: RingLife = AT_TERMINAL,
): Promise<number> {
  const { basePort, ids, pingIntervalMs } = options;
  const cwd = resolve(options.dir);
  const folder = ringDir(cwd, basePort);
  const stop = new Stop();
  let show: RingShow | null = null;
  let giveName = (): void => {};
  try {
    // The longest name of a peer's folder in it.
    checkFolderPath(join(folder, "255"));
    makeFolder(cwd);
    await takeRingDir(folder);
    await checkPorts(basePort, ids);
    const ready = options.readyFile === null ? null : readyFile(options.readyFile);
    if (name !== null) giveName = takeRingName(name, { dir: folder, cwd, basePort });
    show = new RingShow(folder, options, detached ? new RingLog(folder) : null);
    const { screen, recorder } = show;
    const flags = peerFlags(options);
    const perProcess = options.perProcess ?? usualPerProcess(ids.length);
    const place = { ringDir: folder, basePort, pingIntervalMs, flags };
    const plan = { program: ownProgram(), cwd, perProcess, ...place };
    // What hundreds say of each other as they come in is nobody's to read.
    let forming = ids.length > MOST_ALONE;
    const network = new Network(plan, {
      line: (id, text) => {
        if (!forming) screen.line(id, text);
      },
      note: (id, text) => {
        if (!forming) screen.note(id, text);
      },
      ended: (id, end) => {
        if (!forming) screen.note(id, sayEnd(end));
      },
      process: (id, state, at) => recorder.process(id, state, at),
    });
    network.watch.listen((seen) => recorder.seen(seen));
    if (!options.plain && !detached && hasRoomForPicture())
      await show.goLive(() => stop.wish("SIGINT"));
    stop.onAgain(() => {
      network.killAll();
      ready?.remove();
      giveName();
      process.exit(INTERRUPTED);
    });
    const control = serveRing(folder, basePort, network, () => stop.wish("asked"));
    try {
      const startedAt = performance.timeOrigin;
      const interval = pingIntervalMs / 1000;
      const { pid } = process;
      const start = processStart(pid) ?? "";
      writeRingProcess(folder, { v: 1, pid, startedAt, start, ids, interval, basePort });
      const launcher = detached ? awaitLauncher(stop) : null;
      const founded = () => {
        forming = false;
      };
      const stands = () => ready?.write({ name, basePort, dir: folder }, network.peers());
      const session = sessionOf(options, network, show, launcher, stands, founded);
      return await runSession(session, options.forMs, screen, stop);
    } finally {
      screen.muted = true;
      ready?.remove();
      await network.stop();
      control.close();
    }
  } finally {
    show?.close();
    giveName();
    stop.release();
  }
}

function sessionOf(
  { ids, basePort, dir }: RingOptions,
  network: Network,
  show: RingShow,
  unattended: (() => void) | null,
  stands: () => void,
  founded: () => void,
): RingSession {
  const cwd = resolve(dir);
  const giveUp = (): Broken | null => fallen(network);
  const wait = { limitMs: STEADY_MS, lookups: true, giveUp };
  return {
    ring: ownTypedRing(network),
    comeTogether: async () => {
      const broken =
        (await found(network, ids, giveUp)) ?? (await untilSteady(network.watch, () => ids, wait));
      founded();
      if (broken !== null) {
        return { steady: false, say: `The ring did not come together: ${sayBroken(broken)}.` };
      }
      stands();
      show.stands();
      const say = `ring of ${ids.length} is steady after ${Math.round(performance.now())} ms`;
      return { steady: true, say };
    },
    goesOnUnsteady: false,
    welcome: isForPeople(process.env) ? welcome(ids, basePort, cwd, ringDir(cwd, basePort)) : null,
    ...{ cwd, unattended, live: show.live },
    heard: (line) => show.heard(line),
  };
}

function peerFlags({ copies, repairRate }: RingOptions): string[] {
  return [
    ...(copies === null ? [] : ["--copies", String(copies)]),
    ...(repairRate === null ? [] : ["--repair-rate", String(repairRate)]),
  ];
}

/** A peer that ends while the ring starts will not come back by itself. */
function fallen(network: Network): Broken | null {
  const ended = network.peers().filter((peer) => peer.state === "ended");
  const first = ended[0];
  if (first === undefined) return null;
  const peers = ended.map((peer) => peer.id);
  return { check: "R4", peers, why: `peer ${first.id} ended while it started` };
}

function sayEnd({ code, signal, emulated }: ChildEnd): string {
  if (emulated) return "killed (emulated)";
  if (signal !== null) return signal === "SIGKILL" ? "killed" : `ended by ${signal}`;
  return code === 0 ? "ended" : `ended with exit code ${code}`;
}

/** Up to so many peers have a process each; more of them share. */
const MOST_ALONE = 64;

/** So many share at most: each of them needs its part of what a process may have open. */
const MOST_TOGETHER = 64;

/** A process for each core then, or more. */
export function usualPerProcess(size: number): number {
  if (size <= MOST_ALONE) return 1;
  return Math.min(MOST_TOGETHER, Math.ceil(size / Math.max(2, availableParallelism())));
}

function makeFolder(cwd: string): void {
  try {
    mkdirSync(cwd, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`The folder ${cwd} cannot be made (${why}): choose another --dir.`);
  }
}
