/** Repair: after every change of the view each file gets its copies again, and spare copies go. */

import { isKnownForgotten, noteForgotten } from "../membership/late.ts";
import { repairSoon } from "../membership/records.ts";
import { boundTable } from "../model/bounded.ts";
import {
  COMPARE_EVERY_MS,
  DROP_SETTLE_MS,
  REJECTED_FILES,
  REPAIR_RETRY_MS,
  REPAIR_SETTLE_MS,
  REPLICATE_RECORDS,
  TOMBSTONE_DROP_MS,
  TOMBSTONE_LAST_MS,
} from "../model/config.ts";
import { type FileRecord, heldVersion, type WriteId, writeId } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import { sentences } from "../model/sentences.ts";
import { emit, note, type Peer, send } from "../state.ts";
import { compareAll, compareWith } from "./comparing.ts";
import { takeWordBack } from "./confirming.ts";
import { quorumFor } from "./quorum.ts";
import {
  forgetFormerReplicas,
  hasConfirmed,
  isCountedOn,
  otherReplicas,
  replicaSetOf,
  unconfirmedRecords,
} from "./replica-set.ts";
import { forget } from "./replicating.ts";
import { isTooOld, replicateTo } from "./sending.ts";
import { noteStale } from "./tenure.ts";
import { noteWanting } from "./wanting.ts";

/**
 * Replicates what others lack, after the view has changed and again until they have confirmed it: a few
 * records by name, many by comparing what both have.
 */
export function repair(peer: Peer): void {
  if (peer.replication.rescan) forgetConfirmations(peer);
  replicateMissing(peer);
  if (peer.replication.files.size > 0) {
    peer.deadlines.setEarlier("compare", 0, peer.now + COMPARE_EVERY_MS);
  }
}

/** Nobody's word counts that was given before: of no copy, and of no disk without room. */
export function distrustAll(peer: Peer): void {
  peer.replication.rescan = true;
  peer.replication.confirmed.clear();
  // Those who had no room before may have some now.
  peer.replication.rejected.clear();
}

/** Those who had no room for a write of a name are sent it again. */
export function askRejecters(peer: Peer, name: string): void {
  if (peer.replication.rejected.delete(name)) peer.replication.rescan = true;
}

/** Drops the copies that belong to others, who have all confirmed theirs; the view has been still for long. */
export function dropSpare(peer: Peer): void {
  if (peer.phase !== "in") return;
  for (const record of spareReplicas(peer)) {
    if (replicaSetOf(peer, record).every((h) => hasConfirmed(peer, record, h))) drop(peer, record);
    else peer.deadlines.set("drop", 0, peer.now + DROP_SETTLE_MS);
  }
}

/** What is held here and belongs to others. Nearly all that a peer holds does not, and it may be much. */
function spareReplicas(peer: Peer): FileRecord[] {
  const spare: FileRecord[] = [];
  for (const record of peer.replication.files.values()) {
    if (replicaSetOf(peer, record).length > 0 && !isCountedOn(peer, record)) spare.push(record);
  }
  return spare;
}

/** Replicates what is due of the records held here to those that have not confirmed them. */
export function replicateMissing(peer: Peer): void {
  const {
    replication: { unconfirmed },
  } = peer;
  const short = unconfirmedRecords(peer).map((r) => ({
    record: r,
    due: unconfirmed.get(r) ?? peer.now,
  }));
  peer.replication.rescan = false;
  unconfirmed.clear();
  const missing = new Map<Member, FileRecord[]>();
  for (const { record, due } of short) {
    const isDue = due <= peer.now || peer.phase === "leaving";
    const next = isDue ? peer.now + REPAIR_RETRY_MS : due;
    unconfirmed.set(writeId(record), next);
    // What falls due meanwhile goes in the same messages.
    peer.deadlines.setEarlier("repair", 0, Math.max(next, peer.now + REPAIR_SETTLE_MS));
    if (!isDue) continue;
    for (const replica of otherReplicas(peer, record)) {
      if (hasConfirmed(peer, record, replica)) continue;
      const list = missing.get(replica);
      if (list === undefined) missing.set(replica, [record]);
      else list.push(record);
    }
  }
  for (const [replica, records] of missing) {
    if (records.length <= REPLICATE_RECORDS) replicateTo(peer, replica.address, records);
    else {
      const owners = records.map(
        (record) => peer.membership.view.owner(record.key)?.id ?? peer.self.id,
      );
      compareWith(peer, replica, new Set(owners));
    }
  }
}

/** From time to time: those who rejected are asked again, old removals go, and all shared is compared. */
export function lookAfterReplicas(peer: Peer): void {
  if (peer.replication.rejected.size > 0) {
    peer.replication.rejected.clear();
    repairSoon(peer);
  }
  for (const [key, write] of peer.replication.removals) {
    const record = peer.replication.files.find(write);
    if (record === undefined) peer.replication.removals.delete(key);
    else if (isOver(peer, record)) drop(peer, record);
  }
  noteForgotten(peer);
  if (peer.replication.files.size > 0) compareAll(peer);
}

/** A copy here is not what it was: the others are told, and give it anew. */
export function replicaDamaged(peer: Peer, write: WriteId): void {
  const record = peer.replication.files.find(write);
  if (record === undefined) return;
  const { name, key } = record;
  peer.replication.files.delete(record);
  forget(peer, record);
  takeWordBack(peer, record);
  peer.replication.damaged += 1;
  noteWanting(peer.replication.lost, record);
  boundTable(peer.replication.lost, REJECTED_FILES);
  noteStale(peer, record);
  note(peer, sentences.damaged(name));
  const asked = quorumFor(peer, key, 0).members.filter((m) => m.id !== peer.self.id);
  const others = new Set([...asked, ...otherReplicas(peer, record)]);
  for (const { address } of others) {
    send(peer, address, "stream", { tag: "lost", files: [heldVersion(record)] });
  }
}

/** True of a removal that has been kept long enough: all that should have it do, or its last day is over. */
function isOver(peer: Peer, record: FileRecord): boolean {
  if (!isKnownForgotten(peer, record)) return false;
  // Without it a write that it left as a conflict would have the name.
  const named = (v: FileRecord) => !(v.removed || v.apart);
  if (peer.replication.files.siblings(record.name).some(named)) return false;
  if (isTooOld(peer, record, TOMBSTONE_LAST_MS)) return true;
  if (!isTooOld(peer, record, TOMBSTONE_DROP_MS)) return false;
  return otherReplicas(peer, record).every((replica) => hasConfirmed(peer, record, replica));
}

function forgetConfirmations(peer: Peer): void {
  for (const record of peer.replication.files.values()) forgetFormerReplicas(peer, record);
}

function drop(peer: Peer, record: FileRecord): void {
  peer.replication.files.delete(record);
  forget(peer, record);
  peer.effects.push({ type: "drop", write: writeId(record) });
  emit(peer, { event: "dropped", file: record.name });
}
