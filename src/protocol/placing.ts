/**
 * What an owner does with a store or a removal: it gives the stamp, gets the content, has it copied,
 * and gives the receipt once a majority of the copies is durable.
 */

import { knows, noteElsewhere } from "./comparing.ts";
import {
  BODY_BYTES,
  COPIES_WAIT_MS,
  FULL_MS,
  RECEIPT_GRACE_MS,
  REQUESTS_IN_FLIGHT,
  REQUESTS_REMEMBERED,
} from "./config.ts";
import {
  confirm,
  holdersOf,
  holdRecord,
  noteDeclined,
  offerRecord,
  otherHolders,
  tellSoon,
} from "./copies.ts";
import { beginBurial, beginFetch } from "./fetching.ts";
import {
  asConflict,
  compareStamps,
  EMPTY_SHA256,
  type FileRecord,
  isReplacedBy,
  replacing,
  runOf,
  UNKNOWN_SHA256,
} from "./files.ts";
import { type Arrival, answer, beginInquiry, clockwise, routeHere } from "./inquiring.ts";
import type { BodySource } from "./io.ts";
import type { Member } from "./member.ts";
import type { AnswerOutcome, HeldVersion, Offer, RequestId } from "./messages.ts";
import { randomRequest } from "./random.ts";
import { sentences } from "./sentences.ts";
import { boundTable, forgetOldest, line, type Peer, send } from "./state.ts";
import { lines } from "./transcript.ts";
import type { Inquiry, Placement } from "./work.ts";

/** A store or a removal that belongs here. */
export function placeStore(peer: Peer, arrival: Arrival): void {
  const { routed, body, first } = arrival;
  const { ask, request, origin } = routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return;
  const given = peer.receipts.get(request);
  if (given !== undefined) {
    send(peer, origin.address, "stream", given);
    return;
  }
  if (first && ask.kind === "store") line(peer, lines.storeAccepted(ask.name));
  const known = peer.placements.has(request) || peer.inquiries.has(request);
  // With a content that is here already the receipt follows soon.
  if (body === null || known) {
    answer(peer, origin.address, request, routeHere(peer, routed.route), { kind: "placed" });
  }
  if (known || (ask.kind === "store" && ask.size === null)) return;
  if (knows(peer, ask.name)) {
    place(peer, arrival, peer.files.get(ask.name) ?? null);
    return;
  }
  const inquiry = beginInquiry(peer, arrival, ask.name);
  if (inquiry !== null) placeFound(peer, inquiry);
}

/** The other holders have said what they have: the new version's stamp is above it all. */
export function placeFound(peer: Peer, inquiry: Inquiry): void {
  place(peer, inquiry, inquiry.best?.record ?? null);
}

/** Gives a version its stamp, and begins to make it durable here and elsewhere. */
function place(peer: Peer, { routed, body }: Arrival, best: FileRecord | null): void {
  const { ask, request, origin } = routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return;
  const route = routeHere(peer, routed.route);
  const { name, key } = ask;
  const removed = ask.kind === "remove";
  if (removed && (best === null || best.removed)) {
    answer(peer, origin.address, request, route, { kind: "missing" });
    return;
  }
  peer.counter = Math.max(peer.counter, best?.stamp.counter ?? 0) + 1;
  const stamp = { counter: peer.counter, owner: peer.self.id, run: runOf(peer.self) };
  const size = ask.kind === "remove" ? 0 : (ask.size ?? 0);
  const sha256 = removed ? EMPTY_SHA256 : (body?.sha256 ?? UNKNOWN_SHA256);
  const replaced = replacing(best);
  const record: FileRecord = { name, key, stamp, size, sha256, removed, replaced };
  const placement: Placement = { request, origin, route, record, body, durable: new Set() };
  peer.placements.set(request, placement);
  boundTable(peer.placements, REQUESTS_IN_FLIGHT);
  peer.deadlines.set("receipt", request, peer.now + COPIES_WAIT_MS);
  const job = { kind: "placement", request, record } as const;
  if (removed) beginBurial(peer, job);
  else if (body === null) fetchAndPassOn(peer, placement);
  else beginFetch(peer, job, origin, { kind: "body", number: body.number }, false);
  if (removed || body !== null) offerRecord(peer, record, bodyOf(placement));
}

/** Fetches a content from its origin; the other holders have it from here while it comes in. */
function fetchAndPassOn(peer: Peer, { request, record, origin }: Placement): void {
  const job = { kind: "placement", request, record } as const;
  const number = beginFetch(peer, job, origin, { kind: "ticket", request }, false);
  if (record.size <= BODY_BYTES) return;
  const ticket = randomRequest(peer.random);
  peer.effects.push({ type: "serve", request: ticket, what: { kind: "arriving", job: number } });
  const { id, address } = peer.self;
  const here = { id, address, request: ticket };
  const message: Offer = { tag: "offer", records: [record], origin: here };
  for (const { address: to } of otherHolders(peer, record)) send(peer, to, "stream", message);
}

/** The content of a placed store is durable here: the other holders shall have it. */
export function contentPlaced(peer: Peer, request: RequestId, record: FileRecord): void {
  holdRecord(peer, record);
  const placement = peer.placements.get(request);
  if (placement === undefined) return;
  placement.record = record;
  placement.durable.add(peer.self.birth);
  for (const holder of holdersOf(peer, record)) {
    // Those who were faster have said so of a version that was not in the table yet.
    if (placement.durable.has(holder.birth)) confirm(peer, record, holder);
  }
  if (placement.body === null && !record.removed) offerRecord(peer, record, null);
  tellSoon(peer, record, null);
  peer.deadlines.set("receipt", request, peer.now + COPIES_WAIT_MS);
  giveReceipt(peer, placement, false);
}

/**
 * The content could not be had, and nothing is kept: the origin is told. Where it was this disk that
 * failed, others keep it instead, from what the origin has.
 */
export function placementFailed(peer: Peer, request: RequestId, why: string, here: boolean): void {
  const placement = peer.placements.get(request);
  if (placement === undefined) return;
  const { record, origin, route } = placement;
  if (here) {
    peer.fullUntil = peer.now + FULL_MS;
    noteDeclined(peer, record.name, peer.self);
    noteElsewhere(peer, record);
  }
  if (here && otherHolders(peer, record).length > 0) {
    offerPlacement(peer, placement);
    peer.deadlines.set("receipt", request, peer.now + COPIES_WAIT_MS);
    giveReceipt(peer, placement, false);
    return;
  }
  endPlacement(peer, request);
  const sentence = sentences.notPlaced(record.name, peer.self.id, why);
  answer(peer, origin.address, request, route, { kind: "failed", why: sentence });
}

/** Copies have become durable elsewhere: gives the receipts that this completes. */
export function checkReceipts(peer: Peer, from: Member, files: readonly HeldVersion[]): void {
  if (peer.placements.size === 0) return;
  for (const placement of [...peer.placements.values()]) {
    const { record } = placement;
    const held = files.find((f) => isDurableWith(peer, record, f));
    if (held === undefined) continue;
    const isFirst = record.sha256 === UNKNOWN_SHA256;
    placement.record = isFirst ? { ...record, sha256: held.sha256 } : asKept(peer, record);
    placement.durable.add(from.birth);
    if (isFirst && !isHolder(peer, record)) offerPlacement(peer, placement);
    giveReceipt(peer, placement, false);
  }
}

/** The record as this peer holds it: one that lost its name to another owner's is kept as a conflict. */
function asKept(peer: Peer, record: FileRecord): FileRecord {
  const mine = peer.files.get(record.name);
  if (mine === undefined || compareStamps(mine.stamp, record.stamp) === 0) return record;
  const conflict = peer.files.get(asConflict(record).name);
  return conflict !== undefined && compareStamps(conflict.stamp, record.stamp) === 0
    ? conflict
    : record;
}

/** True if a member that holds this has the record: itself, as a conflict, or what has replaced it since. */
function isDurableWith(peer: Peer, record: FileRecord, held: HeldVersion): boolean {
  if (compareStamps(held.stamp, record.stamp) === 0) {
    return held.name === record.name || held.name === asConflict(record).name;
  }
  const mine = peer.files.get(record.name);
  if (held.name !== record.name || mine === undefined) return false;
  // What is said of an older version is no word of this one, though a removal may have replaced it.
  if (compareStamps(mine.stamp, record.stamp) <= 0) return false;
  return compareStamps(held.stamp, mine.stamp) === 0 && isReplacedBy(record, mine);
}

/** A holder cannot keep a placed version: the next one shall. */
export function placeElsewhere(peer: Peer, files: readonly HeldVersion[]): void {
  for (const placement of [...peer.placements.values()]) {
    if (!files.some((f) => f.name === placement.record.name)) continue;
    offerPlacement(peer, placement);
    giveReceipt(peer, placement, false);
  }
}

/** Offers a placed version that is not in the table here to the holders that have not got it. */
function offerPlacement(peer: Peer, placement: Placement): void {
  const { record, origin, request, durable, body } = placement;
  const missing = otherHolders(peer, record).filter((m) => !durable.has(m.birth));
  const whole = durable.has(peer.self.birth) || record.removed || body !== null;
  if (whole) {
    const message: Offer = { tag: "offer", records: [record], origin: null };
    for (const { address } of missing) send(peer, address, "stream", message, bodyOf(placement));
    return;
  }
  // One of them shall say first what the content is: what the origin has may change meanwhile.
  const some = record.sha256 === UNKNOWN_SHA256 ? missing.slice(0, 1) : missing;
  const message: Offer = { tag: "offer", records: [record], origin: { ...origin, request } };
  for (const { address } of some) send(peer, address, "stream", message);
}

/** The time for copies is over: a majority makes a receipt, less than that a failure. */
export function receiptOverdue(peer: Peer, request: RequestId): void {
  const placement = peer.placements.get(request);
  if (placement === undefined) return;
  // A content that still comes in has no limit but that of its way.
  const coming = [...peer.jobs.values()].some(
    (job) => job.kind === "placement" && job.request === request,
  );
  if (coming) peer.deadlines.set("receipt", request, peer.now + COPIES_WAIT_MS);
  else giveReceipt(peer, placement, true);
}

/**
 * Gives the receipt when all copies are durable, or some time after a majority is. The majority is of
 * as many as there can be: the copies wanted, or the members that can take one if they are fewer.
 */
function giveReceipt(peer: Peer, placement: Placement, overdue: boolean): void {
  const { record, request, origin, route, durable } = placement;
  const holders = holdersOf(peer, record);
  const keepsIt = holders.some((m) => m.id === peer.self.id);
  // The owner's own content has to be there, or have failed.
  if (keepsIt && !durable.has(peer.self.birth) && !overdue) return;
  const durableOn = peer.view.members.filter((m) => durable.has(m.birth)).map((m) => m.id);
  const wanted = peer.config.copies;
  const majority = Math.floor(holders.length / 2) + 1;
  const enough = durableOn.length >= majority;
  if (!holders.every((h) => durable.has(h.birth)) && !overdue) {
    if (enough) peer.deadlines.setEarlier("receipt", request, peer.now + RECEIPT_GRACE_MS);
    return;
  }
  endPlacement(peer, request);
  const copies = clockwise(peer, record.key, durableOn);
  const outcome: AnswerOutcome = enough
    ? { kind: "stored", record, copies, wanted }
    : { kind: "failed", why: sentences.tooFewCopies(record.name, copies.length, wanted) };
  peer.receipts.set(request, answer(peer, origin.address, request, route, outcome));
  forgetOldest(peer.receipts, REQUESTS_REMEMBERED);
}

/** True if this owner keeps the file itself: its disk takes it. */
function isHolder(peer: Peer, record: FileRecord): boolean {
  return holdersOf(peer, record).some((m) => m.id === peer.self.id);
}

function endPlacement(peer: Peer, request: RequestId): void {
  peer.placements.delete(request);
  peer.deadlines.clear("receipt", request);
}

function bodyOf({ body }: Placement): BodySource | null {
  return body === null ? null : { kind: "body", number: body.number };
}
