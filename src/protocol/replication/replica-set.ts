/** Who should hold a file, worked out from the view; and who has said so. */
import { isMember } from "../membership/records.ts";
import { DROP_SETTLE_MS } from "../model/config.ts";
import type { FileRecord, WriteId } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import type { Peer } from "../state.ts";

/** The members that should hold a file: the first from its key on that can take it. */
export function replicaSetOf(
  peer: Peer,
  { name, key }: Pick<FileRecord, "name" | "key">,
): readonly Member[] {
  return ableOf(peer, key, peer.replication.rejected.get(name));
}

function ableOf(
  peer: Peer,
  key: number,
  rejected: readonly string[] | undefined,
): readonly Member[] {
  const { replicationFactor } = peer.config;
  const { view } = peer.membership;
  if (rejected === undefined) return view.replicaSet(key, replicationFactor);
  const able = view
    .replicaSet(key, replicationFactor + rejected.length)
    .filter((m) => !rejected.includes(m.instance));
  return able.slice(0, replicationFactor);
}

/**
 * True if others may count on a copy here: this peer should hold the file, or would if it had not rejected another write
 * of the name, of which they need not know.
 */
export function isCountedOn(peer: Peer, { name, key }: Pick<FileRecord, "name" | "key">): boolean {
  const rejected = peer.replication.rejected.get(name)?.filter((m) => m !== peer.self.instance);
  return ableOf(peer, key, rejected).some((m) => m.id === peer.self.id);
}

/** True if this very peer should hold a file: its disk takes it. */
export function isOwnReplica(peer: Peer, file: Pick<FileRecord, "name" | "key">): boolean {
  return replicaSetOf(peer, file).some((m) => m.id === peer.self.id);
}

/** The others that should hold a file. */
export function otherReplicas(peer: Peer, record: Pick<FileRecord, "name" | "key">): Member[] {
  return replicaSetOf(peer, record).filter((m) => m.id !== peer.self.id);
}

/** True of another member that should hold a file: this very run of it, since another may have lost all. */
function isOtherReplica(
  peer: Peer,
  record: Pick<FileRecord, "name" | "key">,
  { id, instance }: Member,
): boolean {
  return id !== peer.self.id && replicaSetOf(peer, record).some((m) => m.instance === instance);
}

/** A confirmation counts only as long as its giver is a replica: afterwards it may drop its copy. */
export function forgetFormerReplicas(peer: Peer, record: FileRecord): void {
  // A leaver is no replica: whoever stays keeps its copy until the replicas have theirs.
  if (peer.phase === "leaving") return;
  const instances = peer.replication.confirmed.get(record);
  if (instances === undefined) return;
  const replicas = otherReplicas(peer, record);
  const left = instances.filter((instance) => replicas.some((h) => h.instance === instance));
  if (left.length < instances.length) peer.replication.confirmed.set(record, left);
}

/** True if this replica has confirmed the write, under the version that it has here. */
export function hasConfirmed(peer: Peer, write: WriteId, replica: Member): boolean {
  return peer.replication.confirmed.get(write)?.includes(replica.instance) ?? false;
}

/**
 * Notes that another replica has the write held here. One that is no replica may drop its copy any time; but
 * where this peer leaves, only when the replicas have theirs, and then one that has none is asked in vain.
 */
export function confirm(peer: Peer, record: FileRecord, from: Member): void {
  const { instance } = from;
  takeBack(peer, record.name, instance);
  const instances = peer.replication.confirmed.get(record) ?? [];
  if (instances.includes(instance)) return;
  const counts =
    peer.phase === "leaving" ? isMember(peer, from) : isOtherReplica(peer, record, from);
  if (!counts) return;
  const now = [...instances, instance];
  peer.replication.confirmed.set(record, now);
  // Most are confirmed by all before they would be looked after.
  if (!someUnconfirmed(peer, record, now)) peer.replication.unconfirmed.delete(record);
}

/** One that had rejected a file holds it after all. */
export function takeBack(peer: Peer, name: string, instance: string): void {
  const instances = peer.replication.rejected.get(name);
  if (instances === undefined || !instances.includes(instance)) return;
  setRejecters(
    peer,
    name,
    instances.filter((b) => b !== instance),
  );
  peer.deadlines.setEarlier("drop", 0, peer.now + DROP_SETTLE_MS);
}

/** Who cannot keep a file, fewer than before: whoever had it in their place need not keep it any more. */
export function setRejecters(peer: Peer, name: string, instances: readonly string[]): void {
  if (instances.length === 0) peer.replication.rejected.delete(name);
  else peer.replication.rejected.set(name, instances);
  for (const record of peer.replication.files.siblings(name)) forgetFormerReplicas(peer, record);
}

/** True if some replica has not confirmed the write held here. */
export function isUnconfirmed(peer: Peer, record: FileRecord): boolean {
  return someUnconfirmed(peer, record, peer.replication.confirmed.get(record) ?? []);
}

/** True if some other replica is not among those who have confirmed a write. */
function someUnconfirmed(peer: Peer, record: FileRecord, instances: readonly string[]): boolean {
  for (const { id, instance } of replicaSetOf(peer, record)) {
    if (id !== peer.self.id && !instances.includes(instance)) return true;
  }
  return false;
}

/** The records held here that some replica has not confirmed. */
export function unconfirmedRecords(peer: Peer): FileRecord[] {
  return [...unconfirmed(peer)];
}

/** True if there is such a record. The first that is noted is one as a rule: who has confirmed all is noted no more. */
export function someAreUnconfirmed(peer: Peer): boolean {
  return unconfirmed(peer).next().done === false;
}

function* unconfirmed(peer: Peer): Generator<FileRecord> {
  const { files, unconfirmed, rescan } = peer.replication;
  if (rescan) {
    for (const record of files.values()) if (isUnconfirmed(peer, record)) yield record;
    return;
  }
  for (const [write] of unconfirmed.entries()) {
    const record = files.find(write);
    if (record !== undefined && isUnconfirmed(peer, record)) yield record;
  }
}
