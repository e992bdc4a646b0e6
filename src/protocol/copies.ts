/**
 * Copies: who should hold what is worked out from the view; a holder offers its records to the holders
 * that have not confirmed them, and these fetch what they lack. A copy that belongs to others is dropped
 * once they all have confirmed theirs.
 */
import {
  COPIES_QUEUED,
  DROP_SETTLE_MS,
  FETCHES_AT_ONCE,
  OFFER_RECORDS,
  REPAIR_RETRY_MS,
} from "./config.ts";
import { compareStamps, type FileRecord } from "./files.ts";
import type { FetchInto } from "./io.ts";
import type { Address, Member } from "./member.ts";
import type { FetchSource, Holding } from "./messages.ts";
import { repairSoon } from "./records.ts";
import { type FetchJob, type Peer, send } from "./state.ts";

/** The other members that should hold a key. */
export function otherHolders(peer: Peer, key: number): Member[] {
  return peer.view.holders(key, peer.config.copies).filter((m) => m.id !== peer.self.id);
}

/** True if this holder has confirmed the version held here. */
export function hasConfirmed(peer: Peer, name: string, holder: Member): boolean {
  return peer.confirmed.get(name)?.has(holder.birth) ?? false;
}

/** Offers what holders lack, after the view has changed and again until they have confirmed it. */
export function repair(peer: Peer): void {
  // A confirmation counts only as long as its giver is a holder: afterwards it may drop its copy.
  for (const { name, key } of peer.files.values()) {
    const births = new Set(otherHolders(peer, key).map((h) => h.birth));
    const confirmed = [...(peer.confirmed.get(name) ?? [])];
    peer.confirmed.set(name, new Set(confirmed.filter((birth) => births.has(birth))));
  }
  if (offerMissing(peer)) peer.deadlines.set("repair", 0, peer.now + REPAIR_RETRY_MS);
}

/** Drops the copies that belong to others, who have all confirmed theirs; the view has been still for long. */
export function dropSpare(peer: Peer): void {
  if (peer.phase !== "in") return;
  for (const { name, key, stamp } of peer.files.values()) {
    const holders = peer.view.holders(key, peer.config.copies);
    if (holders.length === 0 || holders.some((h) => h.id === peer.self.id)) continue;
    if (!holders.every((h) => hasConfirmed(peer, name, h))) {
      peer.deadlines.set("drop", 0, peer.now + DROP_SETTLE_MS);
      continue;
    }
    peer.files.delete(name);
    peer.confirmed.delete(name);
    peer.effects.push({ type: "drop", name, stamp });
  }
}

/** Offers every record held here to the holders that have not confirmed it. @returns whether any lacked one */
export function offerMissing(peer: Peer): boolean {
  const offers = new Map<Address, FileRecord[]>();
  for (const record of peer.files.values()) addOffers(peer, record, offers);
  sendOffers(peer, offers);
  return offers.size > 0;
}

/** Offers one record to the holders that have not confirmed it. */
export function offerRecord(peer: Peer, record: FileRecord): void {
  const offers = new Map<Address, FileRecord[]>();
  addOffers(peer, record, offers);
  sendOffers(peer, offers);
}

/** Another holder's offer: confirms what is here, and fetches what is not. */
export function receiveOffer(peer: Peer, from: Member, records: readonly FileRecord[]): void {
  const held: FileRecord[] = [];
  for (const record of records) {
    const mine = peer.files.get(record.name);
    if (mine !== undefined && compareStamps(mine.stamp, record.stamp) >= 0) held.push(mine);
    else if (peer.copyQueue.size < COPIES_QUEUED) peer.copyQueue.set(record.name, { record, from });
  }
  if (held.length > 0) sendHolding(peer, from.address, held);
  fetchQueued(peer);
}

/** Notes that a holder has these versions, or newer ones. @returns the names thereby confirmed */
export function receiveHolding(peer: Peer, from: Member, files: Holding["files"]): string[] {
  const names: string[] = [];
  for (const { name, stamp } of files) {
    const mine = peer.files.get(name);
    if (mine === undefined || compareStamps(stamp, mine.stamp) < 0) continue;
    const confirmed = peer.confirmed.get(name) ?? new Set();
    peer.confirmed.set(name, confirmed.add(from.birth));
    names.push(name);
  }
  return names;
}

/** Takes a durable version into the table; an older one than is known changes nothing. */
export function holdRecord(peer: Peer, record: FileRecord): void {
  const old = peer.files.get(record.name);
  if (old !== undefined && compareStamps(old.stamp, record.stamp) >= 0) return;
  peer.files.set(record.name, record);
  peer.confirmed.set(record.name, new Set());
  peer.counter = Math.max(peer.counter, record.stamp.counter);
  repairSoon(peer);
}

/** A copy has become durable here: says so to whoever should hold it too, and goes on with the next. */
export function copyHeld(peer: Peer, record: FileRecord, from: Member): void {
  holdRecord(peer, record);
  const others = new Set(otherHolders(peer, record.key).map((m) => m.address)).add(from.address);
  for (const address of others) sendHolding(peer, address, [record]);
}

/** The files held here that some holder has not confirmed. */
export function shortOfCopies(peer: Peer): string[] {
  const short: string[] = [];
  for (const { name, key } of peer.files.values()) {
    if (!otherHolders(peer, key).every((h) => hasConfirmed(peer, name, h))) short.push(name);
  }
  return short;
}

/** Begins as many of the queued fetches as may run at once. */
export function fetchQueued(peer: Peer): void {
  for (const [name, { record, from }] of peer.copyQueue) {
    if (countCopyJobs(peer) >= FETCHES_AT_ONCE) return;
    peer.copyQueue.delete(name);
    const { stamp, key, sha256, size } = record;
    const mine = peer.files.get(name);
    if (mine !== undefined && compareStamps(mine.stamp, stamp) >= 0) continue;
    if (isFetching(peer, record)) continue;
    const into = { kind: "store", name, key, stamp, sha256 } as const;
    beginFetch(peer, { kind: "copy", record, from }, from, name, size, into);
  }
}

/** Asks the driver to fetch a content: a stored version of another holder, or what a request offers. */
export function beginFetch(
  peer: Peer,
  job: FetchJob,
  from: { readonly id: number; readonly address: Address },
  file: string,
  size: number,
  into: FetchInto,
): void {
  const source: FetchSource =
    job.kind === "copy"
      ? { kind: "version", name: job.record.name, stamp: job.record.stamp }
      : { kind: "ticket", request: job.request };
  const number = peer.nextJob++;
  peer.jobs.set(number, job);
  const { address, id } = from;
  peer.effects.push({
    type: "fetch",
    job: number,
    file,
    from: address,
    peer: id,
    source,
    size,
    into,
  });
}

function isFetching(peer: Peer, record: FileRecord): boolean {
  for (const job of peer.jobs.values()) {
    if (job.kind !== "copy" || job.record.name !== record.name) continue;
    if (compareStamps(job.record.stamp, record.stamp) >= 0) return true;
  }
  return false;
}

function countCopyJobs(peer: Peer): number {
  let count = 0;
  for (const job of peer.jobs.values()) if (job.kind === "copy") count += 1;
  return count;
}

function addOffers(peer: Peer, record: FileRecord, offers: Map<Address, FileRecord[]>): void {
  for (const holder of otherHolders(peer, record.key)) {
    if (hasConfirmed(peer, record.name, holder)) continue;
    const list = offers.get(holder.address);
    if (list === undefined) offers.set(holder.address, [record]);
    else list.push(record);
  }
}

function sendOffers(peer: Peer, offers: ReadonlyMap<Address, FileRecord[]>): void {
  for (const [address, records] of offers) {
    for (let i = 0; i < records.length; i += OFFER_RECORDS) {
      const some = records.slice(i, i + OFFER_RECORDS);
      send(peer, address, "stream", { tag: "offer", records: some });
    }
  }
}

function sendHolding(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  const files = records.map(({ name, stamp }) => ({ name, stamp }));
  send(peer, to, "stream", { tag: "holding", files });
}
