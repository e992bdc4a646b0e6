/** What an owner does with a store: it gives the stamp, fetches the content, has it copied, gives the receipt. */
import {
  COPIES_WAIT_MS,
  RECEIPT_GRACE_MS,
  REQUESTS_IN_FLIGHT,
  REQUESTS_REMEMBERED,
} from "./config.ts";
import { beginFetch, hasConfirmed, holdRecord, offerRecord, otherHolders } from "./copies.ts";
import type { FileRecord } from "./files.ts";
import { answer, beginInquiry, routeHere } from "./inquiring.ts";
import type { AnswerOutcome, RequestId, Routed } from "./messages.ts";
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
  if (ask.size === null || peer.placements.has(request) || peer.inquiries.has(request)) return;
  const inquiry = beginInquiry(peer, routed, ask.name, ask.key);
  if (inquiry !== null) fetchPlaced(peer, inquiry);
}

/** The other holders have said what they have: the new version's stamp is above it all. */
export function fetchPlaced(peer: Peer, { routed, best }: Inquiry): void {
  const { ask, request, origin } = routed;
  if (ask.kind !== "store" || ask.size === null) return;
  const { name, key, size } = ask;
  peer.counter = Math.max(peer.counter, best?.record.stamp.counter ?? 0) + 1;
  const { id: owner, incarnation } = peer.self;
  const stamp = { counter: peer.counter, owner, incarnation };
  const record: FileRecord = { name, key, stamp, size, sha256: "" };
  const route = routeHere(peer, routed.route);
  peer.placements.set(request, { request, origin: origin.address, route, name, record: null });
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
  const sentence = sentences.notPlaced(placement.name, peer.self.id, why);
  answer(peer, placement.origin, request, placement.route, { kind: "failed", why: sentence });
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
