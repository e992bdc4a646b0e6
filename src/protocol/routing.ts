/**
 * The way of a request through the ring: a pure choice of the next hop from the view, and the hops that
 * are under way. A hop that is not acknowledged is routed around.
 */
import { HOP_ACK_MS, hopLimit, REQUESTS_IN_FLIGHT } from "./config.ts";
import type { Body } from "./io.ts";
import type { Address, Member } from "./member.ts";
import type { Ask, RequestId, Routed } from "./messages.ts";
import { boundTable, type Peer, send } from "./state.ts";
import type { View } from "./view.ts";
import type { Hop } from "./work.ts";

/** True if the request ends at this peer: a join at the new peer's predecessor, all else at the owner. */
export function belongsHere(peer: Peer, ask: Ask): boolean {
  return destination(peer.view, ask)?.id === peer.self.id;
}

/** Where a request belongs, by this view. */
export function destination(view: View, ask: Ask): Member | undefined {
  if (ask.kind !== "join") return view.owner(ask.key);
  return view.predecessor(ask.joiner.id) ?? view.find(ask.joiner.id);
}

/**
 * The next peer on a request's way, by the ring's strategy: the first successor; the destination
 * itself; or the member the greatest power of two of places ahead that does not pass it (Stoica et al.,
 * "Chord", 2001: at most ceil(log2 N) hops). Members in `tried` are passed over.
 */
export function nextHop(peer: Peer, ask: Ask, tried: readonly number[]): Member | undefined {
  const { view, self, config } = peer;
  const closed = new Set(ask.kind === "join" ? [...tried, ask.joiner.id] : tried);
  const shut = [...closed].map((id) => view.placesTo(self.id, id)).filter((place) => place > 0);
  shut.sort((a, b) => a - b);
  const open = (places: number) => openAhead(view, self.id, places, shut);
  const target = destination(view, ask);
  if (config.strategy === "successor" || target === undefined || closed.has(target.id)) {
    return open(1);
  }
  const far = view.placesTo(self.id, target.id);
  const places = far - shut.filter((place) => place < far).length;
  if (places < 1) return open(1);
  return open(config.strategy === "direct" ? places : 2 ** Math.floor(Math.log2(places)));
}

/** The member so many places ahead, where those at the places `shut`, nearest first, do not count. */
function openAhead(view: View, id: number, places: number, shut: readonly number[]) {
  let place = places;
  for (const passed of shut) if (passed <= place) place += 1;
  return view.ahead(id, place);
}

/** Sends a request on its way. @returns false if there is nobody left to send it to, or it went too far */
export function passOn(peer: Peer, routed: Routed, body: Body | null, tried: number[]): boolean {
  const to = nextHop(peer, routed.ask, tried);
  if (to === undefined || routed.route.length > hopLimit(peer.view.size)) return false;
  peer.hops.set(routed.request, { routed, body, tried, to });
  boundTable(peer.hops, REQUESTS_IN_FLIGHT);
  peer.deadlines.set("hop", routed.request, peer.now + HOP_ACK_MS);
  const route =
    routed.route.at(-1) === peer.self.id ? routed.route : [...routed.route, peer.self.id];
  // Hop by hop a content would cross the ring: there the owner fetches it from the origin.
  const brings = peer.config.strategy !== "successor" || destination(peer.view, routed.ask) === to;
  const content = body !== null && brings ? ({ kind: "body", number: body.number } as const) : null;
  send(peer, to.address, "stream", { ...routed, route }, content);
  return true;
}

/** The next peer has taken the request over. */
export function hopAcknowledged(peer: Peer, request: RequestId): void {
  peer.hops.delete(request);
  peer.deadlines.clear("hop", request);
}

/** Takes out a hop that failed, with its next peer noted as tried. */
export function takeFailedHop(peer: Peer, request: RequestId): Hop | null {
  const hop = peer.hops.get(request);
  if (hop === undefined) return null;
  hopAcknowledged(peer, request);
  hop.tried.push(hop.to.id);
  return hop;
}

/** The requests whose hop leads to an address that cannot be reached. */
export function hopsTo(peer: Peer, address: Address): RequestId[] {
  return [...peer.hops].filter(([, hop]) => hop.to.address === address).map(([id]) => id);
}
