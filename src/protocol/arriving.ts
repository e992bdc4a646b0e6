/** A request on its way has come to this peer: it ends here, or goes on. */
import { admit } from "./admitting.ts";
import { type Arrival, answer, beginInquiry, routeHere } from "./inquiring.ts";
import type { Body } from "./io.ts";
import { type Member, makeMember } from "./member.ts";
import type { Routed } from "./messages.ts";
import { placeFound, placeStore } from "./placing.ts";
import { belongsHere, passOn, takeFailedHop } from "./routing.ts";
import { serveFound, serveRequest, tellWhere } from "./serving.ts";
import { isIn, line, type Peer, seeFirst, send } from "./state.ts";
import { lines } from "./transcript.ts";
import type { Inquiry } from "./work.ts";

/** A request from another peer: it is dealt with, and the hop acknowledged, unless its answer goes there. */
export function receiveRouted(peer: Peer, from: Member, routed: Routed, body: Body | null): void {
  const { request, ask } = routed;
  if (!isIn(peer)) {
    if (ask.kind !== "join") return;
    const outcome = { kind: "busy" } as const;
    send(peer, from.address, "stream", { tag: "join-answer", request, outcome });
    return;
  }
  const ack = (): void => send(peer, from.address, "stream", { tag: "ack", request });
  // A join is not answered by an answer.
  if (ask.kind === "join") ack();
  const before = peer.effects.length;
  arrive(peer, { routed: asSeenFrom(from, routed), body, first: seeFirst(peer, request) });
  if (ask.kind !== "join" && !isAnswered(peer, before, from, request)) ack();
}

/** True if this step has answered the request already, to the very peer that sent it. */
function isAnswered(peer: Peer, before: number, from: Member, request: number): boolean {
  for (let i = before; i < peer.effects.length; i++) {
    const effect = peer.effects[i];
    if (effect?.type !== "send" || effect.to !== from.address) continue;
    if (effect.message.tag === "answer" && effect.message.request === request) return true;
  }
  return false;
}

/** Deals with a request here: it ends at this peer, or goes on. */
export function arrive(peer: Peer, arrival: Arrival): void {
  const { routed, body, first } = arrival;
  const { ask, request, origin } = routed;
  if (!belongsHere(peer, ask)) {
    if (passOn(peer, routed, body, []) && first) tellOfPassing(peer, routed);
    return;
  }
  switch (ask.kind) {
    case "join":
      admit(peer, routed, ask.joiner);
      return;
    case "lookup":
      answer(peer, origin.address, request, routeHere(peer, routed.route), { kind: "owner" });
      return;
    case "store":
    case "remove":
      placeStore(peer, arrival);
      return;
    case "request":
      serveRequest(peer, arrival);
      return;
    case "where":
      if (!peer.inquiries.has(request)) inquiryEnded(peer, beginInquiry(peer, arrival, ask.name));
  }
}

/** What the other holders have of a name is known: what was asked about it goes on. */
export function inquiryEnded(peer: Peer, inquiry: Inquiry | null): void {
  if (inquiry === null) return;
  const { kind } = inquiry.routed.ask;
  if (kind === "where") tellWhere(peer, inquiry);
  // Who hears from nobody may be cut off: others may know better, and the origin asks again.
  else if (inquiry.answers === 0 && inquiry.asked.size > 0) return;
  else if (kind === "request") serveFound(peer, inquiry);
  else placeFound(peer, inquiry);
}

/** The next peer did not take a request over: another one is tried, which may be this very peer. */
export function rerouteHop(peer: Peer, request: number): void {
  const hop = takeFailedHop(peer, request);
  if (hop === null) return;
  const { routed, body } = hop;
  if (belongsHere(peer, routed.ask)) arrive(peer, { routed, body, first: true });
  else passOn(peer, routed, body, hop.tried);
}

function tellOfPassing(peer: Peer, { ask, origin }: Routed): void {
  const own = origin.id === peer.self.id;
  if (ask.kind === "join") line(peer, lines.joinForwarded(ask.joiner.id));
  else if (ask.kind === "store") line(peer, lines.storeForwarded(ask.name));
  else if (ask.kind === "request")
    line(peer, own ? lines.requestSent(ask.name) : lines.notStoredHere(ask.name));
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
