/**
 * The way of a request through the ring: a pure choice of the next hop from the view, and the hops that
 * are under way. A hop that is not acknowledged is routed around.
 */

import { isUnanswering, noteUnanswered, unanswering } from "../membership/unanswered.ts";
import { AVOIDED, HOP_ACK_MS, REQUESTS_IN_FLIGHT, ROUTE_MOST } from "../model/config.ts";
import type { Arrival } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { Ask, RequestId, Routed } from "../model/messages.ts";
import type { View } from "../model/view.ts";
import { type Peer, send } from "../state.ts";
import type { Hop } from "./state.ts";

/** What decides on a request's way. */
type Way = Pick<Routed, "ask" | "avoid">;

/** True if the request ends at this peer: a join at the new peer's predecessor, all else at the owner. */
export function belongsHere(peer: Peer, way: Way): boolean {
  return destination(peer.membership.view, way)?.id === peer.self.id;
}

/** Where a request belongs, by this view: for an owner that does not answer the next member stands in. */
export function destination(view: View, { ask, avoid }: Way): Member | undefined {
  if (ask.kind === "join") return view.predecessor(ask.joiner.id) ?? view.find(ask.joiner.id);
  if (avoid.length === 0) return view.owner(ask.key);
  const replicaSet = view.replicaSet(ask.key, 1 + avoid.length);
  return replicaSet.find((m) => !avoid.includes(m.id)) ?? replicaSet[0];
}

/** A request on its way past the owners that are silent, as this peer knows: the next member stands in at once. */
export function pastSilent(peer: Peer, arrival: Arrival): Arrival {
  const { routed } = arrival;
  const { ask } = routed;
  if (!hasStandIn(ask)) return arrival;
  let { avoid } = routed;
  while (avoid.length < AVOIDED) {
    const owner = destination(peer.membership.view, { ask, avoid });
    if (owner === undefined || avoid.includes(owner.id) || !isUnanswering(peer, owner.id)) break;
    avoid = [...avoid, owner.id];
  }
  return avoid === routed.avoid
    ? arrival
    : { ...arrival, routed: { ...routed, avoid, back: true } };
}

/** Nobody stands in for whom a lookup seeks: it is told who the owner is, or nothing. */
function hasStandIn({ kind }: Ask): boolean {
  return kind !== "join" && kind !== "lookup";
}

/**
 * The next peer on a request's way, by the ring's strategy: the first successor; the destination
 * itself; or the member the greatest power of two of places ahead that does not pass it (Stoica et al.,
 * "Chord", 2001: at most ceil(log2 N) hops). Members in `tried` are passed over.
 */
export function nextHop(peer: Peer, way: Way, tried: readonly number[]): Member | undefined {
  const {
    self,
    config,
    membership: { view },
  } = peer;
  const { ask } = way;
  const closed = new Set([...tried, ...unanswering(peer)]);
  if (ask.kind === "join") closed.add(ask.joiner.id);
  const shut = [...closed].map((id) => view.placesTo(self.id, id)).filter((place) => place > 0);
  shut.sort((a, b) => a - b);
  const open = (places: number) => openAhead(view, self.id, places, shut);
  const target = destination(view, way);
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
export function passOn(peer: Peer, arrival: Arrival, tried: number[]): boolean {
  const { routed, body } = arrival;
  const to = nextHop(peer, routed, tried);
  if (to === undefined || routed.route.length > hopLimit(peer.membership.view.size)) return false;
  // Its origin sends it again.
  if (peer.requests.hops.size >= REQUESTS_IN_FLIGHT && !peer.requests.hops.has(routed.request)) {
    return false;
  }
  // Only until it is sent another way: so there is one copy at a time that may be executed unasked.
  const validUntil = Math.min(arrival.validUntil, peer.now + HOP_ACK_MS);
  peer.requests.hops.set(routed.request, { arrival, tried, to, validUntil });
  peer.deadlines.set("hop", routed.request, peer.now + HOP_ACK_MS);
  const route =
    routed.route.at(-1) === peer.self.id ? routed.route : [...routed.route, peer.self.id];
  // Hop by hop a content would cross the ring: there the owner fetches it from the origin.
  const brings =
    peer.config.strategy !== "successor" || destination(peer.membership.view, routed) === to;
  const content = body !== null && brings ? ({ kind: "body", number: body.number } as const) : null;
  const leftMs = Math.max(0, validUntil - peer.now);
  send(peer, to.address, "stream", { ...routed, route, leftMs }, content);
  return true;
}

/** The next peer has taken the request over. @returns who, if that was not known */
export function hopAcknowledged(peer: Peer, request: RequestId): Member | null {
  const hop = peer.requests.hops.get(request);
  if (hop === undefined) return null;
  peer.requests.hops.delete(request);
  peer.deadlines.clear("hop", request);
  return hop.to;
}

/** A hop that failed, with its next peer noted as tried. @returns how to go on; null if there was none */
export function takeFailedHop(peer: Peer, request: RequestId): Hop | null {
  const hop = peer.requests.hops.get(request);
  if (hop === undefined) return null;
  hopAcknowledged(peer, request);
  const { arrival, to, validUntil } = hop;
  noteUnanswered(peer, to);
  const own = peer.requests.pending.get(request);
  if (own !== undefined) own.lost = true;
  const { routed } = arrival;
  const owner = hasStandIn(routed.ask) && destination(peer.membership.view, routed)?.id === to.id;
  const avoid = owner ? [...routed.avoid, to.id].slice(-AVOIDED) : routed.avoid;
  const on: Arrival = {
    ...arrival,
    routed: { ...routed, avoid, back: true, lost: true },
    // The copy that went there may be about to be executed: the origin decides between the two.
    validUntil: validUntil > peer.now ? Number.NEGATIVE_INFINITY : arrival.validUntil,
  };
  return { ...hop, arrival: on, tried: [...hop.tried, to.id] };
}

/** The requests whose hop leads to an address that cannot be reached. */
export function hopsTo(peer: Peer, address: Address): RequestId[] {
  return [...peer.requests.hops].filter(([, hop]) => hop.to.address === address).map(([id]) => id);
}

/**
 * Peers that a request may have passed where it is sent on: twice the members, for views that differ on
 * the way, and in a large ring so many that the next two still fit its route.
 */
function hopLimit(members: number): number {
  return Math.min(2 * members + 4, ROUTE_MOST - 2);
}
