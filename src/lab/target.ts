/** What chaos is let loose on: the ring that runs here, or one of its own for the time being. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { findPeers, othersFolder } from "../control/find.ts";
import { Failure } from "../protocol/model/failure.ts";
import { displayList, displayPeers } from "../terminal/display.ts";
import { attachedRing, type LabRing, ownRing } from "./lab-ring.ts";
import { Network } from "./network.ts";
import { checkPorts, freeBasePort } from "./ports.ts";
import { ownProgram } from "./program.ts";
import { type FoundRing, livingRings, ringDir, takeRingDir } from "./ring-folder.ts";

const OWN_INTERVAL_MS = 1_000;

export type TargetOptions = {
  /** A folder in which a ring is said to run; null for the working folder. */
  readonly dir: string | null;
  readonly basePort: number | null;
  /** A ring of its own is wanted, whatever runs here. */
  readonly own: boolean;
  /** Those of a ring of its own, in ascending order. */
  readonly ids: readonly number[];
  /** Copies kept of each file there; null for the peers' own default. */
  readonly copies: number | null;
  readonly peerProgram: string | null;
};

export type Target = {
  readonly ring: LabRing;
  /** In words, for a person. */
  readonly what: string;
  /** Peers that chaos has killed are to be started again before it goes. */
  readonly borrowed: boolean;
  /** Ends what was started for it. Never rejects. */
  close(): Promise<void>;
};

/**
 * The ring that is meant: the one that was named, else the one that runs here; null for one of its own.
 * @throws Failure (1) if what was named is not there, (2) if it is not clear what is meant: several rings,
 *   or peers that are of none
 */
export async function runningRing(options: TargetOptions): Promise<FoundRing | null> {
  const { basePort, dir, own, peerProgram } = options;
  // Another program's peers are nobody's yet.
  if (own || peerProgram !== null) return null;
  const where = resolve(dir ?? ".");
  if (!existsSync(where)) {
    throw new Failure(`There is no folder ${where}: check --dir, or attack a ring with --own.`);
  }
  const rings = await livingRings(where);
  const ports = displayList(rings.map((ring) => ring.processFile.basePort));
  const meant = rings.filter(
    ({ processFile }) => basePort === null || processFile.basePort === basePort,
  );
  const [ring, ...others] = meant;
  if (others.length > 0) {
    throw new Failure(
      `Rings run here with the base ports ${ports}: choose one with --base-port.`,
      2,
    );
  }
  if (ring !== undefined) return ring;
  if (rings.length > 0) {
    throw new Failure(
      `No ring with the base port ${basePort} runs in ${where}: there is one with ${ports}.`,
    );
  }
  refuseOtherPeers(where);
  if (dir === null) return null;
  throw new Failure(
    `No ring runs in ${where}: start one there with p2p ring, or let chaos fork one with --own.`,
  );
}

/** Whoever has peers here means those: a ring of chaos's own would say nothing about them. */
function refuseOtherPeers(where: string): void {
  const others = othersFolder(".p2p", where);
  if (others !== null) throw others;
  const ids = findPeers(where).map(({ id }) => id);
  if (ids.length === 0) return;
  const shown = displayPeers(ids.slice(0, 20));
  throw new Failure(
    `In ${where} ${shown} ${ids.length === 1 ? "runs" : "run"} without p2p ring, which chaos needs to start victims again: run p2p ring instead, or let chaos fork a ring with --own.`,
    2,
  );
}

/** @throws Failure if the ring does not answer */
export async function attach({ dir, processFile }: FoundRing): Promise<Target> {
  const ring = await attachedRing(dir);
  return {
    ring,
    what: `the ring in ${dir}, process ${processFile.pid}`,
    borrowed: true,
    close: async () => ring.watch.close(),
  };
}

/**
 * Forks a ring.
 * @param home an empty folder of its own
 * @throws Failure if there is no room for it, or the program cannot be run
 */
export async function fork(options: TargetOptions, home: string): Promise<Target> {
  const basePort = options.basePort ?? (await freeBasePort(options.ids));
  await checkPorts(basePort, options.ids);
  const folder = ringDir(home, basePort);
  await takeRingDir(folder);
  const { peerProgram } = options;
  const program = peerProgram === null ? ownProgram() : [resolve(peerProgram)];
  const flags = options.copies === null ? [] : ["--copies", String(options.copies)];
  const place = { ringDir: folder, basePort, pingIntervalMs: OWN_INTERVAL_MS, flags };
  const plan = { program, cwd: home, ...place };
  // What they say is of no interest here, but it must be read.
  const network = new Network(plan, { line() {}, note() {}, ended() {} });
  try {
    network.found(options.ids);
  } catch (error) {
    await network.stop();
    throw error;
  }
  return {
    ring: ownRing(network),
    what: `a ring of its own, on the ports from ${basePort}`,
    borrowed: false,
    close: () => network.stop(),
  };
}
