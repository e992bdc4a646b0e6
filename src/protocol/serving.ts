/** What an owner does with the names that are its own: places a store, answers a request. */
import {
  COPIES_WAIT_MS,
  INQUIRE_MS,
  RECEIPT_GRACE_MS,
  REQUESTS_IN_FLIGHT,
  REQUESTS_REMEMBERED,
} from "./config.ts";
import { beginFetch, hasConfirmed, holdRecord, offerRecord, otherHolders } from "./copies.ts";
import { compareStamps, type FileRecord, isFourDigits } from "./files.ts";
import type { Served } from "./io.ts";
import type { Member } from "./member.ts";
import type { Answer, AnswerOutcome, Delegate, Inquired, RequestId, Routed } from "./messages.ts";
import { sentences } from "./sentences.ts";
import { boundTable, type Inquiry, line, type Peer, type Placement, send } from "./state.ts";
import { lines } from "./transcript.ts";

/** A store that belongs here: gives it a stamp and fetches its content from the origin. */
export function placeStore(peer: Peer, routed: Routed, first: boolean): void {
  const { ask, request, origin } = routed;
  if (ask.kind !== "store") return;
  const given = peer.receipts.get(request);
  if (given !== undefined) {
    send(peer, origin.address, "stream", given);
    return;
  }
  if (first) line(peer, lines.storeAccepted(ask.name));
  const route = routeHere(peer, routed.route);
  answer(peer, origin.address, request, route, { kind: "placed" });
  if (ask.size === null || peer.placements.has(request)) return;
  const { name, key, size } = ask;
  peer.counter += 1;
  const stamp = {
    counter: peer.counter,
    owner: peer.self.id,
    incarnation: peer.self.incarnation,
  };
  const record: FileRecord = { name, key, stamp, size, sha256: "" };
  const placement = { request, origin: origin.address, route, name, record: null };
  peer.placements.set(request, placement);
  boundTable(peer.placements, REQUESTS_IN_FLIGHT);
  const into = { kind: "store", name, key, stamp, sha256: null } as const;
  beginFetch(peer, { kind: "placement", request, record }, origin, name, size, into);
}

/** The content of a placed store is durable here: the other holders shall have it. */
export function contentPlaced(peer: Peer, request: RequestId, record: FileRecord): void {
  holdRecord(peer, record);
  const placement = peer.placements.get(request);
  if (placement === undefined) return;
  placement.record = record;
  offerRecord(peer, record);
  peer.deadlines.set("receipt", request, peer.now + COPIES_WAIT_MS);
  giveReceipt(peer, placement, false);
}

/** The content could not be fetched: the origin is told, and nothing is kept. */
export function placementFailed(peer: Peer, request: RequestId, why: string): void {
  const placement = peer.placements.get(request);
  if (placement === undefined) return;
  peer.placements.delete(request);
  answer(peer, placement.origin, request, placement.route, { kind: "failed", why });
}

/** Copies were confirmed: gives the receipts that this completes. */
export function checkReceipts(peer: Peer, names: readonly string[]): void {
  for (const placement of [...peer.placements.values()]) {
    if (names.includes(placement.name)) giveReceipt(peer, placement, false);
  }
}

/** The time for copies is over: a majority makes a receipt, less than that a failure. */
export function receiptOverdue(peer: Peer, request: RequestId): void {
  const placement = peer.placements.get(request);
  if (placement !== undefined) giveReceipt(peer, placement, true);
}

/** A request that belongs here: serves it, or asks the other holders first. */
export function serveRequest(peer: Peer, routed: Routed): void {
  const { ask, request } = routed;
  if (ask.kind !== "request" || peer.serving.has(request) || peer.inquiries.has(request)) return;
  const record = peer.files.get(ask.name);
  if (record !== undefined) {
    serveHere(peer, routed, record);
    return;
  }
  const others = peer.view.after(ask.key - 1, peer.config.copies + 1);
  const asked = new Set(others.filter((m) => m.id !== peer.self.id).map((m) => m.id));
  const inquiry: Inquiry = { routed, name: ask.name, asked, best: null };
  peer.inquiries.set(request, inquiry);
  boundTable(peer.inquiries, REQUESTS_IN_FLIGHT);
  peer.deadlines.set("inquiry", request, peer.now + INQUIRE_MS);
  for (const { id, address } of others) {
    if (asked.has(id)) send(peer, address, "stream", { tag: "inquire", request, name: ask.name });
  }
  if (asked.size === 0) endInquiry(peer, request);
}

/** Another holder's word about a name that is not here. */
export function receiveInquired(peer: Peer, from: Member, inquired: Inquired): void {
  const inquiry = peer.inquiries.get(inquired.request);
  if (inquiry === undefined || !inquiry.asked.delete(from.id)) return;
  const { record } = inquired;
  const { best } = inquiry;
  if (record !== null && (best === null || compareStamps(record.stamp, best.record.stamp) > 0)) {
    inquiry.best = { record, holder: from };
  }
  if (inquiry.asked.size === 0) endInquiry(peer, inquired.request);
}

/** All have answered, or have had their time: the best holder serves, or the working directory. */
export function endInquiry(peer: Peer, request: RequestId): void {
  const inquiry = peer.inquiries.get(request);
  if (inquiry === undefined) return;
  peer.deadlines.clear("inquiry", request);
  const { routed, name, best } = inquiry;
  if (best !== null) {
    peer.inquiries.delete(request);
    line(peer, lines.notStoredHere(name));
    const { origin } = routed;
    const route = routeHere(peer, routed.route);
    send(peer, best.holder.address, "stream", { tag: "delegate", request, name, origin, route });
  } else if (isFourDigits(name)) {
    peer.effects.push({ type: "look", request, name });
  } else {
    missing(peer, request, inquiry);
  }
}

/** What the working directory holds of a name that no holder has. */
export function looked(peer: Peer, request: RequestId, size: number | null): void {
  const inquiry = peer.inquiries.get(request);
  if (inquiry === undefined) return;
  if (size === null) {
    missing(peer, request, inquiry);
    return;
  }
  peer.inquiries.delete(request);
  const { name, routed } = inquiry;
  const found = { kind: "found", size, sha256: null, stamp: null } as const;
  serve(peer, routed, name, { kind: "local", name }, found);
}

/** The owner's word to serve a request that came to it. */
export function receiveDelegate(peer: Peer, delegate: Delegate): void {
  const { request, name, origin, route } = delegate;
  const record = peer.files.get(name);
  if (record === undefined || peer.serving.has(request)) return;
  const ask = { kind: "request", name, key: record.key } as const;
  serveHere(peer, { tag: "routed", request, origin, route, ask }, record);
}

/** A content offered under a request's id has left. */
export function contentServed(peer: Peer, request: RequestId, ok: boolean): void {
  if (peer.serving.delete(request) && ok) line(peer, lines.fileSent());
}

/** The ids on the way up to this peer, itself included. */
export function routeHere(peer: Peer, route: readonly number[]): readonly number[] {
  return route.at(-1) === peer.self.id ? route : [...route, peer.self.id];
}

/** Tells the origin of a request how it ended, or goes on. */
export function answer(
  peer: Peer,
  to: string,
  request: RequestId,
  route: readonly number[],
  outcome: AnswerOutcome,
): Answer {
  const message: Answer = { tag: "answer", request, route, outcome };
  send(peer, to, "stream", message);
  return message;
}

function serveHere(peer: Peer, routed: Routed, record: FileRecord): void {
  const { name, stamp, size, sha256 } = record;
  serve(
    peer,
    routed,
    name,
    { kind: "version", name, stamp },
    { kind: "found", size, sha256, stamp },
  );
}

function serve(
  peer: Peer,
  routed: Routed,
  name: string,
  what: Served,
  outcome: Extract<AnswerOutcome, { kind: "found" }>,
): void {
  const { request, origin } = routed;
  line(peer, lines.storedHere(name));
  // An owner that asks for its own file sends nothing.
  if (origin.id !== peer.self.id) {
    line(peer, lines.sendingFile(name, origin.id));
    peer.serving.add(request);
    boundTable(peer.serving, REQUESTS_REMEMBERED);
  }
  peer.effects.push({ type: "serve", request, what });
  answer(peer, origin.address, request, routeHere(peer, routed.route), outcome);
}

function missing(peer: Peer, request: RequestId, inquiry: Inquiry): void {
  peer.inquiries.delete(request);
  const { routed, name } = inquiry;
  line(peer, lines.notStoredHere(name));
  const route = routeHere(peer, routed.route);
  answer(peer, routed.origin.address, request, route, { kind: "missing" });
}

/**
 * Gives the receipt when all copies are durable, or some time after a majority is. The majority is of
 * as many as there can be: the copies wanted, or the members if they are fewer.
 */
function giveReceipt(peer: Peer, placement: Placement, overdue: boolean): void {
  const { record, request, origin, route, name } = placement;
  if (record === null) return;
  const others = otherHolders(peer, record.key);
  const copies = [peer.self, ...others.filter((h) => hasConfirmed(peer, name, h))].map((m) => m.id);
  const wanted = peer.config.copies;
  const majority = Math.floor(Math.min(wanted, others.length + 1) / 2) + 1;
  const enough = copies.length >= majority;
  if (copies.length < others.length + 1 && !overdue) {
    if (enough) peer.deadlines.setEarlier("receipt", request, peer.now + RECEIPT_GRACE_MS);
    return;
  }
  peer.placements.delete(request);
  peer.deadlines.clear("receipt", request);
  const outcome: AnswerOutcome = enough
    ? { kind: "stored", record, copies, wanted }
    : { kind: "failed", why: sentences.tooFewCopies(name, copies.length, wanted) };
  peer.receipts.set(request, answer(peer, origin, request, route, outcome));
  boundTable(peer.receipts, REQUESTS_REMEMBERED);
}
