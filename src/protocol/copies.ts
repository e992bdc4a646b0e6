/**
 * Copies: who should hold what is worked out from the view; a holder offers its records to the holders
 * that have not confirmed them, and these fetch what they lack, or decline what they cannot keep.
 */
import {
  BODY_BYTES,
  COMPARE_EVERY_MS,
  COPIES_QUEUED,
  DECLINED_FILES,
  DROP_SETTLE_MS,
  FULL_MS,
  HOLDING_SPACING_MS,
  OFFER_RECORDS,
  REPAIR_SETTLE_MS,
} from "./config.ts";
import { beginBurial, beginFetch, fetchQueued, holds, isFetching } from "./fetching.ts";
import { asConflict, compareStamps, type FileRecord, filedAs, isReplacedBy } from "./files.ts";
import type { Body, BodySource } from "./io.ts";
import type { Address, Member } from "./member.ts";
import type { HeldVersion, Offer } from "./messages.ts";
import { boundTable, type Peer, send } from "./state.ts";

/** The members that should hold a file: the first from its key on that can take it. */
export function holdersOf(peer: Peer, { name, key }: Pick<FileRecord, "name" | "key">): Member[] {
  const { copies } = peer.config;
  const declined = peer.declined.get(name);
  if (declined === undefined) return peer.view.holders(key, copies);
  const able = peer.view
    .holders(key, copies + declined.length)
    .filter((m) => !declined.includes(m.birth));
  return able.slice(0, copies);
}

/** The others that should hold a file. */
export function otherHolders(peer: Peer, record: Pick<FileRecord, "name" | "key">): Member[] {
  return holdersOf(peer, record).filter((m) => m.id !== peer.self.id);
}

/** True if this holder has confirmed the version held here. */
export function hasConfirmed(peer: Peer, name: string, holder: Member): boolean {
  return peer.confirmed.get(name)?.includes(holder.birth) ?? false;
}

/** Notes that a holder has the version held here. One that is no holder may drop its copy any time. */
export function confirm(peer: Peer, record: FileRecord, { id, birth }: Member): void {
  const births = peer.confirmed.get(record.name) ?? [];
  if (births.includes(birth) || !holdersOf(peer, record).some((m) => m.id === id)) return;
  peer.confirmed.set(record.name, [...births, birth]);
}

/** True if some holder has not confirmed the version held here. */
function isShort(peer: Peer, record: FileRecord): boolean {
  return !otherHolders(peer, record).every((h) => hasConfirmed(peer, record.name, h));
}

/** The records held here that some holder has not confirmed. */
export function shortOfCopies(peer: Peer): FileRecord[] {
  const { files, lacking, rescan } = peer;
  const records = rescan
    ? files.values()
    : [...lacking.keys()].flatMap((name) => files.get(name) ?? []);
  return [...records].filter((record) => isShort(peer, record));
}

/** A file may lack a copy: its holders are looked after soon. */
export function repairOne(peer: Peer, name: string): void {
  // Holders of what has just come are about to say so themselves.
  peer.lacking.set(name, peer.now + REPAIR_SETTLE_MS);
  peer.deadlines.setEarlier("repair", 0, peer.now + REPAIR_SETTLE_MS);
  peer.deadlines.setEarlier("drop", 0, peer.now + DROP_SETTLE_MS);
}

/** Offers one record to the holders that have not confirmed it. @param body the content, if it is small */
export function offerRecord(peer: Peer, record: FileRecord, body: BodySource | null): void {
  const message: Offer = { tag: "offer", records: [record], origin: null };
  const mine = peer.files.get(record.name);
  // What was confirmed of the version before says nothing of one that is not durable here yet.
  const known = mine !== undefined && compareStamps(mine.stamp, record.stamp) === 0;
  for (const holder of otherHolders(peer, record)) {
    if (!known || !hasConfirmed(peer, record.name, holder)) {
      send(peer, holder.address, "stream", message, body);
    }
  }
}

/** Offers many records to one holder, in as many messages as they need. */
export function sendOffers(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  for (let i = 0; i < records.length; i += OFFER_RECORDS) {
    const some = records.slice(i, i + OFFER_RECORDS);
    send(peer, to, "stream", { tag: "offer", records: some, origin: null });
  }
}

/** Takes note of what another offers: says what is held, and gets what is not. */
export function receiveOffer(peer: Peer, from: Member, offer: Offer, body: Body | null): void {
  const held: FileRecord[] = [];
  const newer: FileRecord[] = [];
  const refused: FileRecord[] = [];
  for (const record of offer.records) {
    const mine = peer.files.get(record.name);
    const isNewer = mine !== undefined && compareStamps(mine.stamp, record.stamp) > 0;
    if (isNewer) newer.push(mine);
    if (holds(peer, record)) held.push(record);
    else if (peer.now < peer.fullUntil) refused.push(record);
    else takeOffered(peer, from, offer, record, body);
  }
  tellHeld(peer, from.address, held);
  decline(peer, from.address, refused);
  sendOffers(peer, from.address, newer);
  fetchQueued(peer);
}

/** Notes that a holder has these very versions, or what has replaced them. */
export function receiveHolding(peer: Peer, from: Member, files: readonly HeldVersion[]): void {
  for (const { name, stamp } of files) {
    const mine = peer.files.get(name);
    if (mine !== undefined && compareStamps(stamp, mine.stamp) === 0) confirm(peer, mine, from);
  }
}

/** Others take the place of a holder that cannot keep these files. */
export function receiveDeclined(peer: Peer, from: Member, files: readonly HeldVersion[]): void {
  for (const { name } of files) noteDeclined(peer, name, from);
}

/** A member cannot keep a file. */
export function noteDeclined(peer: Peer, name: string, { birth }: Member): void {
  const births = peer.declined.get(name) ?? [];
  if (births.includes(birth)) return;
  peer.declined.set(name, [...births, birth]);
  boundTable(peer.declined, DECLINED_FILES);
  peer.deadlines.setEarlier("compare", 0, peer.now + COMPARE_EVERY_MS);
  repairOne(peer, name);
}

/** Holders that have lost their copies get them again. */
export function receiveLost(peer: Peer, from: Member, files: readonly HeldVersion[]): void {
  for (const { name } of files) {
    const record = peer.files.get(name);
    if (record === undefined) continue;
    const births = peer.confirmed.get(name) ?? [];
    peer.confirmed.set(
      name,
      births.filter((birth) => birth !== from.birth),
    );
    repairOne(peer, name);
    sendOffers(peer, from.address, [record]);
  }
}

/**
 * Takes a durable version into the table. Of two that knew nothing of each other the older is kept as a
 * conflict, as the disk keeps it; an older one that was replaced changes nothing.
 */
export function holdRecord(peer: Peer, taken: FileRecord): void {
  const record = filedAs(taken, peer.files.get(taken.name));
  const old = peer.files.get(record.name);
  if (old !== undefined && compareStamps(old.stamp, record.stamp) >= 0) return;
  setRecord(peer, record);
  if (old !== undefined && !isReplacedBy(old, record)) {
    const conflict = asConflict(old);
    if (peer.files.get(conflict.name) === undefined) setRecord(peer, conflict);
  }
}

/** A copy has become durable here: says so to whoever should hold it too. */
export function copyHeld(peer: Peer, record: FileRecord, from: Member): void {
  holdRecord(peer, record);
  tellHeld(peer, from.address, [record]);
  tellSoon(peer, record, from.address);
}

/**
 * Has the other holders hear soon, with other news of the kind, that a record is durable here: they
 * would offer it otherwise. @param but knows it already; null for none
 */
export function tellSoon(peer: Peer, record: FileRecord, but: Address | null): void {
  const { name, stamp, sha256 } = record;
  for (const { address } of otherHolders(peer, record)) {
    if (address === but) continue;
    const tidings = peer.tidings.get(address) ?? [];
    tidings.push({ name, stamp, sha256 });
    peer.tidings.set(address, tidings);
    peer.deadlines.setEarlier("tidings", 0, peer.now + HOLDING_SPACING_MS);
    if (tidings.length >= OFFER_RECORDS) tellTidings(peer);
  }
}

/** This peer's disk would not take a copy: its offerer finds another holder. */
export function copyRefused(peer: Peer, record: FileRecord, from: Member): void {
  peer.fullUntil = peer.now + FULL_MS;
  decline(peer, from.address, [record]);
}

/** Tells the other holders of copies what has become durable here of late. */
export function tellTidings(peer: Peer): void {
  for (const [address, files] of peer.tidings) {
    send(peer, address, "stream", { tag: "holding", files });
  }
  peer.tidings.clear();
}

function setRecord(peer: Peer, record: FileRecord): void {
  peer.files.set(record);
  peer.confirmed.delete(record.name);
  peer.elsewhere.delete(record.name);
  repairOne(peer, record.name);
  peer.counter = Math.max(peer.counter, record.stamp.counter);
  if (record.removed) peer.buried.set(record.name, peer.now);
  else peer.buried.delete(record.name);
}

/** Begins to get one record that is not held here, if there is room to remember it. */
function takeOffered(
  peer: Peer,
  from: Member,
  offer: Offer,
  record: FileRecord,
  body: Body | null,
): void {
  const coming = isFetching(peer, record);
  const job = { kind: "copy", record, from } as const;
  if (record.removed) {
    if (!coming) beginBurial(peer, job);
  } else if (
    !coming &&
    body !== null &&
    offer.records.length === 1 &&
    body.sha256 === record.sha256
  ) {
    beginFetch(peer, job, from, { kind: "body", number: body.number }, true);
  } else if (peer.copyQueue.size < COPIES_QUEUED) {
    peer.copyQueue.set(record.name, { record, from, origin: offer.origin });
  }
}

function tellHeld(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  if (records.length === 0) return;
  const files = records.map(({ name, stamp, sha256 }) => ({ name, stamp, sha256 }));
  send(peer, to, "stream", { tag: "holding", files });
}

function decline(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  if (records.length === 0) return;
  const files = records.map(({ name, stamp, sha256 }) => ({ name, stamp, sha256 }));
  send(peer, to, "stream", { tag: "declined", files });
}

/** True of a content that may travel as the body of a message. */
export function fitsBody({ size, removed }: FileRecord): boolean {
  return !removed && size > 0 && size <= BODY_BYTES;
}
