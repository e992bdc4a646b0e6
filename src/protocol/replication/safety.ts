/**
 * Whether what is held here is safe: how many durable copies of it this peer knows of. A copy that its
 * replica rejected is a missing one, unless another member has it in that replica's place.
 */

import { ownRoom, withoutRoomFor } from "../membership/room.ts";
import type { FileRecord } from "../model/files.ts";
import { stays } from "../model/member.ts";
import type { SnapshotFiles } from "../model/told.ts";
import type { Peer } from "../state.ts";
import { replicasWanted } from "./quorum.ts";
import { hasConfirmed, isOwnReplica, replicaSetOf, unconfirmedRecords } from "./replica-set.ts";

/** What is younger than this has copies whose replicas are about to say so: it is not called short yet. */
const SETTLING_MS = 3_000;

/** How many others hold a write durably, as they have said. */
export function replicasElsewhere(peer: Peer, record: FileRecord): number {
  const { id } = peer.self;
  // Those who rejected are asked again, and whoever has it in their place has it meanwhile.
  const those =
    peer.phase === "leaving"
      ? peer.membership.view.members.filter(stays)
      : replicaSetOf(peer, record);
  return those.filter((m) => m.id !== id && hasConfirmed(peer, record, m)).length;
}

/** How many of the members that should hold a write do: a spare copy here, soon dropped, is none. */
export function replicasKnown(peer: Peer, record: FileRecord): number {
  const own = isOwnReplica(peer, record);
  return replicasElsewhere(peer, record) + (own ? 1 : 0);
}

/**
 * The writes held here that have fewer copies than there should be: as many as are wanted, or as there
 * are members that stay. A leaver's own counts for nothing; where all others leave too, none is asked for.
 */
export function underReplicated(peer: Peer): FileRecord[] {
  const wanted = replicasWanted(peer);
  if (!peer.membership.view.members.some(stays)) return [];
  // Where nobody has rejected anything, a write lacks copies only if a replica has yet to confirm it.
  const some =
    peer.replication.rejected.size === 0
      ? unconfirmedRecords(peer)
      : [...peer.replication.files.values()];
  return some.filter((record) => replicasKnown(peer, record) < wanted);
}

/** True of what has just come, if nobody has rejected it, or is known to have no room for it. */
function isSettling(peer: Peer, record: FileRecord): boolean {
  if (peer.now + record.ageMs >= SETTLING_MS || peer.replication.rejected.has(record.name))
    return false;
  return withoutRoomFor(peer, replicaSetOf(peer, record), record.size).length === 0;
}

/** What a peer holds, and whether it is safe. */
export function snapshotFiles(peer: Peer): SnapshotFiles {
  const {
    config,
    phase,
    replication: { files, damaged },
  } = peer;
  const { count, bytes } = files;
  const wanted = replicasWanted(peer);
  const atRisk = underReplicated(peer).filter((record) => !record.removed);
  const least = atRisk.reduce((few, record) => Math.min(few, replicasKnown(peer, record)), wanted);
  // All but this one, and one in any case, where only one is wanted.
  const needed = Math.max(1, config.replicationFactor - 1);
  const others = phase === "leaving" ? wanted : wanted - 1;
  const unsure = others >= needed ? atRisk : files.values();
  let safe = true;
  for (const record of unsure) {
    safe = record.removed || replicasElsewhere(peer, record) >= needed;
    if (!safe) break;
  }
  const short = atRisk.filter((record) => !isSettling(peer, record)).length;
  return {
    count,
    bytes,
    short,
    least: count === 0 ? 0 : least,
    safe,
    damaged,
    room: ownRoom(peer),
  };
}
