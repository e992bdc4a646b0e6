/** What a peer knows and derives, as plain values for status, checks and tests. */

import type { Strategy } from "./model/config.ts";
import type { Member } from "./model/member.ts";
import type { SnapshotFiles } from "./model/told.ts";
import { snapshotFiles } from "./replication/safety.ts";
import type { Peer } from "./state.ts";

export type { SnapshotFiles };

/** One peer at one moment. */
export type Snapshot = {
  readonly phase: Peer["phase"];
  readonly self: Member;
  readonly bits: number;
  readonly ring: number;
  readonly strategy: Strategy;
  readonly pingIntervalMs: number;
  /** Nearest first: the two that are watched, and the two by which this peer is watched. */
  readonly successors: readonly number[];
  readonly predecessors: readonly number[];
  /** Present members and gone ones, by ascending id. */
  readonly members: readonly Member[];
  readonly digest: number;
  readonly files: SnapshotFiles;
};

/** Reads a peer's state; nothing in it changes. */
export function snapshot(peer: Peer): Snapshot {
  const {
    self,
    config,
    phase,
    membership: { view },
  } = peer;
  return {
    phase,
    self,
    bits: config.bits,
    ring: config.ring,
    strategy: config.strategy,
    pingIntervalMs: config.pingIntervalMs,
    successors: view.after(self.id, 2).map((m) => m.id),
    predecessors: view.before(self.id, 2).map((m) => m.id),
    members: [...view.members, ...peer.membership.departed.members].sort((a, b) => a.id - b.id),
    digest: view.digest,
    files: snapshotFiles(peer),
  };
}
