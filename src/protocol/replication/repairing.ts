/** Repair: after every change of the view each file gets its copies again, and spare copies go. */

import { isKnownForgotten, noteForgotten } from "../membership/late.ts";
import { repairSoon } from "../membership/records.ts";
import { boundTable } from "../model/bounded.ts";
import {
  COMPARE_EVERY_MS,
  DROP_SETTLE_MS,
  OFFER_RECORDS,
  REJECTED_FILES,
  REPAIR_RETRY_MS,
  REPAIR_SETTLE_MS,
  TOMBSTONE_DROP_MS,
  TOMBSTONE_LAST_MS,
} from "../model/config.ts";
import { type FileRecord, heldVersion, type VersionId, versionId } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import { sentences } from "../model/sentences.ts";
import { note, type Peer, send } from "../state.ts";
import { compareAll, compareWith } from "./comparing.ts";
import { takeWordBack } from "./confirming.ts";
import { forget } from "./copies.ts";
import {
  forgetFormerHolders,
  hasConfirmed,
  holdersOf,
  otherHolders,
  shortOfCopies,
} from "./holders.ts";
import { isTooOld, sendOffers } from "./offering.ts";
import { quorumFor } from "./quorum.ts";
import { noteStale } from "./tenure.ts";
import { noteWanting } from "./wanting.ts";

/**
 * Offers what holders lack, after the view has changed and again until they have confirmed it: a few
 * records by name, many by comparing what both have.
 */
export function repair(peer: Peer): void {
  if (peer.replication.rescan) forgetConfirmations(peer);
  offerMissing(peer);
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

/** Those who had no room for a version of a name are offered it again. */
export function askRejecters(peer: Peer, name: string): void {
  if (peer.replication.rejected.delete(name)) peer.replication.rescan = true;
}

/** Drops the copies that belong to others, who have all confirmed theirs; the view has been still for long. */
export function dropSpare(peer: Peer): void {
  if (peer.phase !== "in") return;
  for (const record of spareCopies(peer)) {
    if (holdersOf(peer, record).every((h) => hasConfirmed(peer, record, h))) drop(peer, record);
    else peer.deadlines.set("drop", 0, peer.now + DROP_SETTLE_MS);
  }
}

/** What is held here and belongs to others. Nearly all that a peer holds does not, and it may be much. */
function spareCopies(peer: Peer): FileRecord[] {
  const isSelf = ({ id }: Member) => id === peer.self.id;
  const spare: FileRecord[] = [];
  for (const record of peer.replication.files.values()) {
    const holders = holdersOf(peer, record);
    if (holders.length === 0 || holders.some(isSelf)) continue;
    // One that could not take a newer version may hold this one: others count on it as long as it stays.
    if (!peer.membership.view.holders(record.key, peer.config.copies).some(isSelf))
      spare.push(record);
  }
  return spare;
}

/** Offers what is due of the records held here to the holders that have not confirmed them. */
export function offerMissing(peer: Peer): void {
  const {
    replication: { lacking },
  } = peer;
  const short = shortOfCopies(peer).map((r) => ({ record: r, due: lacking.get(r) ?? peer.now }));
  peer.replication.rescan = false;
  lacking.clear();
  const missing = new Map<Member, FileRecord[]>();
  for (const { record, due } of short) {
    const isDue = due <= peer.now || peer.phase === "leaving";
    const next = isDue ? peer.now + REPAIR_RETRY_MS : due;
    lacking.set(versionId(record), next);
    // What falls due meanwhile goes in the same messages.
    peer.deadlines.setEarlier("repair", 0, Math.max(next, peer.now + REPAIR_SETTLE_MS));
    if (!isDue) continue;
    for (const holder of otherHolders(peer, record)) {
      if (hasConfirmed(peer, record, holder)) continue;
      const list = missing.get(holder);
      if (list === undefined) missing.set(holder, [record]);
      else list.push(record);
    }
  }
  for (const [holder, records] of missing) {
    if (records.length <= OFFER_RECORDS) sendOffers(peer, holder.address, records);
    else {
      const owners = records.map(
        (record) => peer.membership.view.owner(record.key)?.id ?? peer.self.id,
      );
      compareWith(peer, holder, new Set(owners));
    }
  }
}

/** From time to time: those who rejected are asked again, old removals go, and all shared is compared. */
export function lookAfterCopies(peer: Peer): void {
  if (peer.replication.rejected.size > 0) {
    peer.replication.rejected.clear();
    repairSoon(peer);
  }
  for (const [key, version] of peer.replication.removals) {
    const record = peer.replication.files.find(version);
    if (record === undefined) peer.replication.removals.delete(key);
    else if (isOver(peer, record)) drop(peer, record);
  }
  noteForgotten(peer);
  if (peer.replication.files.size > 0) compareAll(peer);
}

/** A copy here is not what it was: the others are told, and give it anew. */
export function copyDamaged(peer: Peer, version: VersionId): void {
  const record = peer.replication.files.find(version);
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
  const others = new Set([...asked, ...otherHolders(peer, record)]);
  for (const { address } of others) {
    send(peer, address, "stream", { tag: "lost", files: [heldVersion(record)] });
  }
}

/** True of a removal that has been kept long enough: all that should have it do, or its last day is over. */
function isOver(peer: Peer, record: FileRecord): boolean {
  if (!isKnownForgotten(peer, record)) return false;
  // Without it a version that it left as a conflict would have the name.
  const named = (v: FileRecord) => !(v.removed || v.apart);
  if (peer.replication.files.versions(record.name).some(named)) return false;
  if (isTooOld(peer, record, TOMBSTONE_LAST_MS)) return true;
  if (!isTooOld(peer, record, TOMBSTONE_DROP_MS)) return false;
  return otherHolders(peer, record).every((holder) => hasConfirmed(peer, record, holder));
}

function forgetConfirmations(peer: Peer): void {
  for (const record of peer.replication.files.values()) forgetFormerHolders(peer, record);
}

function drop(peer: Peer, record: FileRecord): void {
  peer.replication.files.delete(record);
  forget(peer, record);
  peer.effects.push({ type: "drop", version: versionId(record) });
}
