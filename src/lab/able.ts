/** Whether the peers of a ring can have put into them what is asked for. */
import { ControlClosed } from "../control/client.ts";
import type { LabFaults } from "../control/lab.ts";
import { EXIT_INCONCLUSIVE, EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { displayPeers } from "../terminal/display.ts";
import type { LabRing } from "./lab-ring.ts";
import { CONTROL_SLOW_RETRY_MS, INJECT_MS, STEADY_MS } from "./limits.ts";
import { FAULT_KINDS, type FaultKind } from "./run-lines.ts";

/** Those that are done inside a peer; all others to its process, or its folder. */
const WITHIN: readonly FaultKind[] = [
  ...(["partition", "one-way", "loss", "delay", "duplicate", "reorder", "reset"] as const),
  "full-disk",
];

const NONE: LabFaults = { v: 1, leaseMs: 1_000, links: [], reset: [], fullDisk: false };

/**
 * Tries whether each peer takes faults, where some are to be put into it.
 * @param isAll all kinds were asked for: those that this ring cannot suffer are left out
 * @returns the kinds
 * @throws Failure (2) if one does not, (3) if one does not answer at all
 */
export async function refuseUnable(
  { watch, labToken, emulated }: LabRing,
  ids: readonly number[],
  asked: readonly FaultKind[],
  isAll: boolean,
): Promise<readonly FaultKind[]> {
  if (emulated && asked.includes("freeze") && !isAll) {
    throw new Failure(
      "Peers that share a process cannot be frozen alone: start the ring with --per-process 1, or choose other --faults.",
      EXIT_USAGE,
    );
  }
  const kinds = asked.filter((kind) => !(emulated && kind === "freeze"));
  if (!kinds.some((kind) => WITHIN.includes(kind))) return kinds;
  const end = performance.now() + STEADY_MS;
  const takes = async (id: number): Promise<boolean> => {
    while (labToken !== null) {
      try {
        await watch.control(id)?.inject(labToken, NONE, INJECT_MS);
        return true;
      } catch (error) {
        // One that has just been started is not there yet.
        if (!(error instanceof ControlClosed)) return false;
        if (performance.now() > end) throw new Failure(error.message, EXIT_INCONCLUSIVE);
        await Bun.sleep(CONTROL_SLOW_RETRY_MS);
      }
    }
    return false;
  };
  const able = await Promise.all(ids.map(takes));
  const unable = ids.filter((_, index) => able[index] === false);
  if (unable.length === 0) return kinds;
  const others = FAULT_KINDS.filter((kind) => !WITHIN.includes(kind));
  throw new Failure(
    `Networks and disks cannot be broken within ${displayPeers(unable)}: that takes peers of this program and version, started by p2p ring or chaos. Choose among --faults ${others.join(",")}.`,
    EXIT_USAGE,
  );
}
