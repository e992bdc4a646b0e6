/** A request on its way has come to this peer: it ends here, or goes on. */
import { admit } from "./admitting.ts";
import { answer, routeHere } from "./inquiring.ts";
import { type Member, makeMember } from "./member.ts";
import type { Routed } from "./messages.ts";
import { fetchPlaced, placeStore } from "./placing.ts";
import { belongsHere, passOn, takeFailedHop } from "./routing.ts";
import { serveFound, serveRequest } from "./serving.ts";
import { type Inquiry, isIn, line, type Peer, seeFirst, send } from "./state.ts";
import { lines } from "./transcript.ts";

/** A request from another peer: the hop is acknowledged, then it is dealt with. */
export function receiveRouted(peer: Peer, from: Member, routed: Routed): void {
  const { request, ask } = routed;
  if (!isIn(peer)) {
    if (ask.kind !== "join") return;
    const outcome = { kind: "busy" } as const;
    send(peer, from.address, "stream", { tag: "join-answer", request, outcome });
    return;
  }
  send(peer, from.address, "stream", { tag: "ack", request });
  arrive(peer, asSeenFrom(from, routed), seeFirst(peer, request));
}

/** Deals with a request here. `first`: it has not been here before, so the transcript tells of it. */
export function arrive(peer: Peer, routed: Routed, first: boolean): void {
  const { ask, request, origin } = routed;
  if (!belongsHere(peer, ask)) {
    if (passOn(peer, routed, []) && first) tellOfPassing(peer, routed);
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
      placeStore(peer, routed, first);
      return;
    case "request":
      serveRequest(peer, routed);
  }
}

/** What the other holders have of a name is known: its store, or its request, goes on. */
export function inquiryEnded(peer: Peer, inquiry: Inquiry | null): void {
  if (inquiry?.routed.ask.kind === "store") fetchPlaced(peer, inquiry);
  else if (inquiry !== null) serveFound(peer, inquiry);
}

/** The next peer did not take a request over: another one is tried, which may be this very peer. */
export function rerouteHop(peer: Peer, request: number): void {
  const hop = takeFailedHop(peer, request);
  if (hop === null) return;
  if (belongsHere(peer, hop.routed.ask)) arrive(peer, hop.routed, true);
  else passOn(peer, hop.routed, hop.tried);
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
