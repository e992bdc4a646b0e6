/**
 * Replication: who should hold what is worked out from the view; a replica sends its records to the others that
 * have not confirmed them, and these fetch what they lack, or reject what they cannot keep.
 */

import { noteTaken } from "../membership/late.ts";
import { isMember } from "../membership/records.ts";
import { noteRoom, ownRoom } from "../membership/room.ts";
import { boundTable } from "../model/bounded.ts";
import {
  BODY_BYTES,
  COMPARE_EVERY_MS,
  DROP_SETTLE_MS,
  FULL_MS,
  REJECTED_FILES,
  REPAIR_SETTLE_MS,
  REPLICAS_AT_ONCE,
  TOMBSTONE_MS,
} from "../model/config.ts";
import {
  compareVersions,
  type FileRecord,
  type HeldVersion,
  heldVersion,
  isSameOperation,
  isSameWrite,
  type WriteId,
  writeKey,
} from "../model/files.ts";
import type { Body } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { Replicate } from "../model/messages.ts";
import { isReplacedBy, merge } from "../model/siblings.ts";
import { type Peer, send } from "../state.ts";
import { tellHeld, tellSoon } from "./confirming.ts";
import { beginFetch, beginMerge, fetchQueued } from "./fetching.ts";
import { noteKnown, notePledges } from "./pledging.ts";
import { confirm, takeBack } from "./replica-set.ts";
import { isTooOld, replicateTo } from "./sending.ts";
import { witness } from "./state.ts";
import { noteStale } from "./tenure.ts";
import { noteHere, noteWanting } from "./wanting.ts";

/** A write may lack a copy: its replicas are looked after soon. */
export function repairOne(peer: Peer, write: WriteId): void {
  // Replicas of what has just come are about to say so themselves.
  const at = peer.now + REPAIR_SETTLE_MS;
  peer.replication.unconfirmed.set(write, at);
  peer.deadlines.setEarlier("repair", 0, at);
  peer.deadlines.setEarlier("drop", 0, peer.now + DROP_SETTLE_MS);
}

/** Takes note of what another has: says what is held, and gets what is not. */
export function receiveReplicate(
  peer: Peer,
  from: Member,
  replicate: Replicate,
  body: Body | null,
): void {
  const held: FileRecord[] = [];
  const better: FileRecord[] = [];
  const refused: FileRecord[] = [];
  noteKnown(peer, from, replicate.records);
  for (const record of replicate.records) {
    better.push(...betterThan(peer, record));
    const needed = isNew(peer, record);
    if (!needed) held.push(record);
    else if (needed === "content" && record.size > ownRoom(peer)) refused.push(record);
    else takeSent(peer, from, replicate, record, needed, body);
  }
  tellHeld(peer, from.address, held);
  reject(peer, from.address, refused);
  replicateTo(peer, from.address, better);
  fetchQueued(peer);
}

/** Notes that a replica has these very writes, or what has replaced them. */
export function receiveReplicated(
  peer: Peer,
  from: Member,
  files: readonly HeldVersion[],
  taking: boolean,
): void {
  noteKnown(peer, from, files);
  // A leaver counts on those alone that stay, and know that it does not.
  if (peer.phase === "leaving" && !taking) return;
  for (const held of files) {
    const mine = peer.replication.files.find(held);
    if (mine !== undefined && compareVersions(held.version, mine.version) >= 0)
      confirm(peer, mine, from);
  }
}

/** Others take the place of a replica that cannot keep these files. */
export function receiveRejected(peer: Peer, from: Member, files: readonly HeldVersion[]): void {
  noteKnown(peer, from, files);
  // Until it says otherwise: what it rejected is not to be counted on for the next store.
  if (files.length > 0) noteRoom(peer, from, 0);
  for (const write of files) noteRejected(peer, write, from);
}

/** A member cannot keep a file. */
export function noteRejected(peer: Peer, write: WriteId, member: Member): void {
  const { instance } = member;
  const instances = peer.replication.rejected.get(write.name) ?? [];
  if (instances.includes(instance) || !isMember(peer, member)) return;
  peer.replication.rejected.set(write.name, [...instances, instance]);
  boundTable(peer.replication.rejected, REJECTED_FILES);
  peer.deadlines.setEarlier("compare", 0, peer.now + COMPARE_EVERY_MS);
  for (const record of peer.replication.files.siblings(write.name)) repairOne(peer, record);
}

/** Replicas that have lost their copies get them again. */
export function receiveLost(peer: Peer, from: Member, files: readonly HeldVersion[]): void {
  for (const write of files) {
    const record = peer.replication.files.find(write);
    if (record === undefined) continue;
    const instances = peer.replication.confirmed.get(record) ?? [];
    peer.replication.confirmed.set(
      record,
      instances.filter((instance) => instance !== from.instance),
    );
    repairOne(peer, record);
    replicateTo(peer, from.address, [record]);
  }
  // What is still being placed may not be in the table yet.
  for (const { record, durable } of peer.replication.placements.values()) {
    if (files.some((write) => isSameWrite(write, record))) durable.delete(from.instance);
  }
}

/**
 * Takes a durable write into the table, where it is merged with the others of its name.
 * @param from who gave it: this very peer, where it gave it its version
 */
export function holdRecord(peer: Peer, taken: FileRecord, from: Member): void {
  const { changed, fresh, before, now } = peer.replication.files.take(taken);
  if (!changed) return;
  takeBack(peer, taken.name, peer.self.instance);
  notePledges(peer, taken, from);
  noteTaken(peer, taken, from);
  noteHere(peer, taken.name, now);
  for (const old of before) {
    if (!now.some((v) => isSameWrite(v, old))) forget(peer, old);
  }
  for (const record of fresh) {
    peer.replication.confirmed.delete(record);
    if (record.removed) peer.replication.removals.set(writeKey(record), record);
    repairOne(peer, record);
    witness(peer.replication, record.version.counter);
  }
}

/** Forgets what was noted of a write that is not held any more. */
export function forget(peer: Peer, write: WriteId): void {
  peer.replication.confirmed.delete(write);
  peer.replication.unconfirmed.delete(write);
  if (peer.replication.removals.size > 0) peer.replication.removals.delete(writeKey(write));
}

/** A copy has become durable here: says so to whoever should hold it too. */
export function replicaHeld(peer: Peer, record: FileRecord, from: Member): void {
  holdRecord(peer, record, from);
  tellHeld(peer, from.address, [record]);
  tellSoon(peer, record, from.address);
}

/** This peer's disk would not take a copy: whoever sent it finds another replica. */
export function replicaRefused(peer: Peer, record: FileRecord, from: Member): void {
  peer.replication.fullUntil = peer.now + FULL_MS;
  noteRejected(peer, record, peer.self);
  reject(peer, from.address, [record]);
}

/** True of a content that may travel as the body of a message. */
export function fitsBody({ size, removed }: FileRecord): boolean {
  return !removed && size > 0 && size <= BODY_BYTES;
}

/** Whether something in a record is not known here: its content, or what it says of others; false if all is. */
function isNew(peer: Peer, record: FileRecord): "content" | "word" | false {
  const held = peer.replication.files.siblings(record.name);
  // An old removal goes with the others of its age; but what it removed must not outlive it here.
  const replaces = held.some((mine) => !mine.removed && isReplacedBy(mine, record));
  if (isTooOld(peer, record, TOMBSTONE_MS) && !replaces) return false;
  // Most names are stored once.
  if (held.length === 0) return record.removed ? "word" : "content";
  const merged = merge(held, record);
  if (merged === held) return false;
  const lives = merged.some((v) => isSameWrite(v, record));
  return lives && !record.removed && peer.replication.files.find(record) === undefined
    ? "content"
    : "word";
}

/** What is held here that replaced a record, or that it does not know it is. */
function betterThan(peer: Peer, record: FileRecord): FileRecord[] {
  return peer.replication.files.siblings(record.name).filter((mine) => {
    if (isSameOperation(mine.operation, record.operation)) {
      const has = record.apart && !mine.apart;
      return has || compareVersions(mine.version, record.version) > 0;
    }
    return isReplacedBy(record, mine);
  });
}

/** Begins to get one record that is not held here, if there is room to remember it. */
function takeSent(
  peer: Peer,
  from: Member,
  replicate: Replicate,
  record: FileRecord,
  needed: "content" | "word",
  body: Body | null,
): void {
  const { jobs } = peer.replication;
  const coming = jobs.brings(record);
  // It comes again while it has not been confirmed.
  if (jobs.replicas().all >= REPLICAS_AT_ONCE) return;
  const job = { kind: "replica", record, from } as const;
  if (needed === "word") {
    if (!coming) beginMerge(peer, job);
  } else if (
    !coming &&
    body !== null &&
    replicate.records.length === 1 &&
    body.sha256 === record.sha256
  ) {
    beginFetch(peer, job, from, { kind: "body", number: body.number }, true);
  } else peer.replication.replicaQueue.add({ record, from, origin: replicate.origin });
}

function reject(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  if (records.length === 0) return;
  for (const record of records) {
    noteWanting(peer.replication.refusals, record);
    noteStale(peer, record);
  }
  boundTable(peer.replication.refusals, REJECTED_FILES);
  send(peer, to, "stream", { tag: "rejected", files: records.map(heldVersion) });
}
