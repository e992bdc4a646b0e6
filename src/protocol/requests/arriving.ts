/** A request on its way has come to this peer: it ends here, or goes on. */

import { acknowledgeSoon, answer } from "../answering.ts";
import { admit } from "../lifecycle/admitting.ts";
import { isWrite } from "../model/asks.ts";
import { forgetOldest } from "../model/bounded.ts";
import { REQUESTS_IN_FLIGHT, REQUESTS_REMEMBERED } from "../model/config.ts";
import type { Arrival, Body } from "../model/io.ts";
import { CONTENTS_MOVING } from "../model/limits.ts";
import { type Member, makeMember } from "../model/member.ts";
import type { RequestId, Routed } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { lines } from "../model/transcript.ts";
import { beginInquiry, type Inquest } from "../replication/inquiring.ts";
import { isAtWork, serveFound, serveRequest, whereFound } from "../replication/serving.ts";
import { witness } from "../replication/state.ts";
import { baseOf } from "../replication/wanting.ts";
import { placeFound, placeStore } from "../replication/writing.ts";
import { isIn, line, type Peer, requestLine, send } from "../state.ts";
import { belongsHere, passOn, pastSilent, takeFailedHop } from "./routing.ts";

/**
 * A request from another peer: it is dealt with, and the hop acknowledged, unless its answer goes there.
 * @param heldMs how long it was under way at most; null if that cannot be told
 */
export function receiveRouted(
  peer: Peer,
  from: Member,
  routed: Routed,
  body: Body | null,
  heldMs: number | null,
): void {
  const { request, ask } = routed;
  if (!isIn(peer)) {
    if (ask.kind !== "join") return;
    const outcome = { kind: "busy" } as const;
    send(peer, from.address, "stream", { tag: "join-answer", request, outcome });
    return;
  }
  // A join is not answered by an answer.
  if (ask.kind === "join") send(peer, from.address, "stream", { tag: "ack", request });
  else acknowledgeSoon(peer, request, from.address);
  const validUntil = heldMs === null ? Number.NEGATIVE_INFINITY : peer.now + routed.leftMs - heldMs;
  const first = seeFirst(peer, request);
  arrive(peer, { routed: asSeenFrom(from, routed), body, first, validUntil });
}

/** Deals with a request here: it ends at this peer, or goes on. */
export function arrive(peer: Peer, came: Arrival): void {
  const arrival = pastSilent(peer, came);
  const { routed, first } = arrival;
  const { ask, request } = routed;
  witness(peer.replication, routed.counter);
  if (!belongsHere(peer, routed)) {
    if (passOn(peer, arrival, []) && first) tellOfPassing(peer, routed);
    return;
  }
  // What goes on to another is that one's to answer, even if an earlier copy is still dealt with here.
  const inquiry = peer.replication.inquiries.get(request);
  if (inquiry !== undefined) inquiry.told = false;
  if (isTooMuch(peer, routed)) {
    answer(peer, routed, { kind: "failed", why: sentences.ownerBusy(peer.self.id), maybe: false });
    return;
  }
  switch (ask.kind) {
    case "join":
      admit(peer, routed, ask.joiner);
      return;
    case "lookup":
      answer(peer, routed, { kind: "owner" });
      return;
    case "store":
    case "remove":
      placeStore(peer, arrival);
      return;
    case "request":
      serveRequest(peer, arrival);
      return;
    case "where":
      if (isAtWork(peer, request)) return;
      inquiryEnded(peer, beginInquiry(peer, arrival, baseOf(peer, ask.name)));
  }
}

/** Enough is known of a name, or too little: what was asked about it goes on. */
export function inquiryEnded(peer: Peer, inquest: Inquest | null): void {
  if (inquest === null) return;
  const { inquiry, enough, needed } = inquest;
  const { routed } = inquiry.arrival;
  if (!enough) {
    if (inquiry.told) return;
    inquiry.told = true;
    answer(peer, routed, { kind: "unavailable", answered: inquiry.heard.size, needed });
    return;
  }
  const { kind } = routed.ask;
  if (kind === "where") whereFound(peer, inquiry);
  else if (kind === "request") serveFound(peer, inquiry);
  else placeFound(peer, inquiry);
}

/** The next peer did not take a request over: another one is tried, which may be this very peer. */
export function rerouteHop(peer: Peer, request: number): void {
  const hop = takeFailedHop(peer, request);
  if (hop === null) return;
  const { tried } = hop;
  const arrival = pastSilent(peer, hop.arrival);
  if (belongsHere(peer, arrival.routed)) arrive(peer, { ...arrival, first: true });
  else passOn(peer, arrival, tried);
}

function tellOfPassing(peer: Peer, { ask, origin }: Routed): void {
  const own = origin.id === peer.self.id;
  if (ask.kind === "join") line(peer, lines.joinForwarded(ask.joiner.id));
  else if (ask.kind === "store") requestLine(peer, lines.storeForwarded(ask.name));
  else if (ask.kind === "request")
    requestLine(peer, own ? lines.requestSent(ask.name) : lines.notStoredHere(ask.name));
}

/** The first peer on the way sees the origin's true address; the origin may know only a wildcard. */
function asSeenFrom(from: Member, routed: Routed): Routed {
  const { ask, origin, route } = routed;
  if (route.length !== 1 || origin.id !== from.id || origin.address === from.address) return routed;
  const { address } = from;
  const seen =
    ask.kind === "join" ? { ...ask, joiner: makeMember({ ...ask.joiner, address }) } : ask;
  return { ...routed, origin: { ...origin, address }, ask: seen };
}

/** As many are dealt with here as may be at a time: whoever asks hears so, and nothing that goes on is given up. */
function isTooMuch(peer: Peer, { request, ask }: Routed): boolean {
  const { inquiries, placements, looks, doubts, acknowledgements, jobs } = peer.replication;
  if (ask.kind === "join" || ask.kind === "lookup") return false;
  // What is being done, or was, is told as it is.
  if (isAtWork(peer, request) || doubts.has(request) || acknowledgements.has(request)) return false;
  if (isWrite(ask) && jobs.contents >= CONTENTS_MOVING) return true;
  return inquiries.size + placements.size + looks.size + doubts.size >= REQUESTS_IN_FLIGHT;
}

/** Notes a request as seen. @returns whether it is new */
export function seeFirst(peer: Peer, request: RequestId): boolean {
  if (peer.requests.seen.has(request)) return false;
  peer.requests.seen.add(request);
  forgetOldest(peer.requests.seen, REQUESTS_REMEMBERED);
  return true;
}
