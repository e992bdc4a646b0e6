/** Who should hold a file, worked out from the view; and who has said so. */
import { DROP_SETTLE_MS } from "../model/config.ts";
import type { FileRecord, VersionId } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import type { Peer } from "../state.ts";

/** The members that should hold a file: the first from its key on that can take it. */
export function holdersOf(
  peer: Peer,
  { name, key }: Pick<FileRecord, "name" | "key">,
): readonly Member[] {
  const { copies } = peer.config;
  const rejected = peer.replication.rejected.get(name);
  if (rejected === undefined) return peer.membership.view.holders(key, copies);
  const able = peer.membership.view
    .holders(key, copies + rejected.length)
    .filter((m) => !rejected.includes(m.instance));
  return able.slice(0, copies);
}

/** The others that should hold a file. */
export function otherHolders(peer: Peer, record: Pick<FileRecord, "name" | "key">): Member[] {
  return holdersOf(peer, record).filter((m) => m.id !== peer.self.id);
}

/** True of another member that should hold a file: this very run of it, since another may have lost all. */
function isOtherHolder(
  peer: Peer,
  record: Pick<FileRecord, "name" | "key">,
  { id, instance }: Member,
): boolean {
  return id !== peer.self.id && holdersOf(peer, record).some((m) => m.instance === instance);
}

/** A confirmation counts only as long as its giver is a holder: afterwards it may drop its copy. */
export function forgetFormerHolders(peer: Peer, record: FileRecord): void {
  // A leaver is no holder: whoever stays keeps its copy until the holders have theirs.
  if (peer.phase === "leaving") return;
  const instances = peer.replication.confirmed.get(record);
  if (instances === undefined) return;
  const holders = otherHolders(peer, record);
  const left = instances.filter((instance) => holders.some((h) => h.instance === instance));
  if (left.length < instances.length) peer.replication.confirmed.set(record, left);
}

/** True if this holder has confirmed the version, under the stamp that it has here. */
export function hasConfirmed(peer: Peer, version: VersionId, holder: Member): boolean {
  return peer.replication.confirmed.get(version)?.includes(holder.instance) ?? false;
}

/**
 * Notes that another holder has the version held here. One that is no holder may drop its copy any time; but
 * where this peer leaves, only when the holders have theirs, and then one that has none is asked in vain.
 */
export function confirm(peer: Peer, record: FileRecord, from: Member): void {
  const { instance } = from;
  takeBack(peer, record.name, instance);
  const instances = peer.replication.confirmed.get(record) ?? [];
  if (instances.includes(instance)) return;
  if (peer.phase !== "leaving" && !isOtherHolder(peer, record, from)) return;
  const now = [...instances, instance];
  peer.replication.confirmed.set(record, now);
  // Most are confirmed by all before they would be looked after.
  if (!lacksWord(peer, record, now)) peer.replication.lacking.delete(record);
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
  for (const record of peer.replication.files.versions(name)) forgetFormerHolders(peer, record);
}

/** True if some holder has not confirmed the version held here. */
export function isShort(peer: Peer, record: FileRecord): boolean {
  return lacksWord(peer, record, peer.replication.confirmed.get(record) ?? []);
}

/** True if some other holder is not among those who have confirmed a version. */
function lacksWord(peer: Peer, record: FileRecord, instances: readonly string[]): boolean {
  for (const { id, instance } of holdersOf(peer, record)) {
    if (id !== peer.self.id && !instances.includes(instance)) return true;
  }
  return false;
}

/** The records held here that some holder has not confirmed. */
export function shortOfCopies(peer: Peer): FileRecord[] {
  const {
    replication: { files, lacking, rescan },
  } = peer;
  const short: FileRecord[] = [];
  if (rescan) {
    for (const record of files.values()) if (isShort(peer, record)) short.push(record);
    return short;
  }
  for (const [version] of lacking.entries()) {
    const record = files.find(version);
    if (record !== undefined && isShort(peer, record)) short.push(record);
  }
  return short;
}
