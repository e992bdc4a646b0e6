/** What chaos is let loose on: the ring that runs here, or one of its own for the time being. */
import { resolve } from "node:path";
import { displayList } from "../door/display.ts";
import { Failure } from "../protocol/failure.ts";
import { attachedRing, type LabRing, ownRing } from "./lab-ring.ts";
import { Network } from "./network.ts";
import { checkPorts, freeBasePort } from "./ports.ts";
import { ownProgram } from "./program.ts";
import { type FoundRing, livingRings, ringDir, takeRingDir } from "./ring-folder.ts";

/** The ids of `p2p ring 8`: the assignment's seven, and 30. */
export const OWN_IDS: readonly number[] = [2, 4, 5, 8, 9, 14, 19, 30];
const OWN_INTERVAL_MS = 1_000;

export type TargetOptions = {
  readonly dir: string | null;
  readonly basePort: number | null;
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
 * The ring that runs in the working folder, if any; none is looked for where another program is to be
 * run as the peers.
 * @throws Failure (2) if there are several
 */
export async function runningRing(options: TargetOptions): Promise<FoundRing | null> {
  if (options.peerProgram !== null) return null;
  const { basePort } = options;
  const rings = await livingRings(options.dir ?? ".");
  const [ring, ...others] = rings.filter((r) => basePort === null || r.card.basePort === basePort);
  if (others.length > 0) {
    const ports = displayList(rings.map((r) => r.card.basePort));
    throw new Failure(
      `Rings run here with the base ports ${ports}: choose one with --base-port.`,
      2,
    );
  }
  return ring ?? null;
}

/** @throws Failure if the ring does not answer */
export async function attach({ dir, card }: FoundRing): Promise<Target> {
  const ring = await attachedRing(dir);
  return {
    ring,
    what: `the ring in ${dir}, process ${card.pid}`,
    borrowed: true,
    close: async () => ring.watch.close(),
  };
}

/**
 * Forks a ring of 8.
 * @param home an empty folder of its own
 * @throws Failure if there is no room for it, or the program cannot be run
 */
export async function fork(options: TargetOptions, home: string): Promise<Target> {
  const basePort = options.basePort ?? (await freeBasePort(OWN_IDS));
  await checkPorts(basePort, OWN_IDS);
  const folder = ringDir(home, basePort);
  await takeRingDir(folder);
  const { peerProgram } = options;
  const program = peerProgram === null ? ownProgram() : [resolve(peerProgram)];
  const plan = { program, cwd: home, ringDir: folder, basePort, pingIntervalMs: OWN_INTERVAL_MS };
  // What they say is of no interest here, but it must be read.
  const network = new Network(plan, { line() {}, note() {}, ended() {} });
  try {
    network.found(OWN_IDS);
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
