/**
 * Answers on their way to the origin of a request: straight there, or back the way that it came. An answer
 * says that a hop was taken; where none comes in a moment, an acknowledgement does.
 */
import { ACK_DELAY_MS, REQUESTS_IN_FLIGHT, ROUTE_MOST } from "./model/config.ts";
import type { BodySource } from "./model/io.ts";
import type { Address } from "./model/member.ts";
import type { Answer, AnswerOutcome, RequestId, Routed } from "./model/messages.ts";
import { type Peer, send } from "./state.ts";

/** Tells the origin of a request how it ended, or goes on. */
export function answer(
  peer: Peer,
  { request, route, origin, back, lost }: Routed,
  outcome: AnswerOutcome,
  body: BodySource | null = null,
): Answer {
  const passed = routeHere(peer, route);
  const via = back ? knownOf(peer, passed.slice(0, -1)) : [];
  const message: Answer = { tag: "answer", request, route: passed, outcome, via, lost };
  const next = via.at(-1);
  const address =
    next === undefined || next === origin.id ? origin.address : addressOnWay(peer, next);
  if (address !== undefined) sendOn(peer, address, message, body);
  return message;
}

/** An answer that others wait for. @returns false if it is for this very peer */
export function passBack(peer: Peer, message: Answer, body: BodySource | null): boolean {
  if (message.via.length === 0) return false;
  const via = knownOf(peer, message.via);
  const address = addressOnWay(peer, via.at(-1));
  if (address !== undefined) sendOn(peer, address, { ...message, via }, body);
  return true;
}

/** A way back without those at its end that have gone since. */
function knownOf(peer: Peer, via: readonly number[]): readonly number[] {
  const last = via.findLastIndex((id) => addressOnWay(peer, id) !== undefined);
  return last + 1 === via.length ? via : via.slice(0, last + 1);
}

/** The ids on the way up to this peer, itself included; the last of them, where there are too many for the wire. */
export function routeHere(peer: Peer, route: readonly number[]): readonly number[] {
  return route.at(-1) === peer.self.id ? route : [...route.slice(1 - ROUTE_MOST), peer.self.id];
}

/** Ids in the order in which they come from a key on. */
export function clockwise(peer: Peer, key: number, ids: readonly number[]): number[] {
  if (ids.length < 2) return [...ids];
  const circle = 2 ** peer.config.bits;
  return ids.toSorted((a, b) => ((a - key + circle) % circle) - ((b - key + circle) % circle));
}

function sendOn(peer: Peer, to: Address, message: Answer, body: BodySource | null): void {
  const { via, request } = message;
  if (peer.acks.get(request)?.to === to) peer.acks.delete(request);
  send(
    peer,
    to,
    "stream",
    via.length === 0 ? message : { ...message, via: via.slice(0, -1) },
    body,
  );
}

/** Where a peer on the way of a request listens; undefined of one that is not known any more. */
export function addressOnWay(peer: Peer, id: number | undefined): string | undefined {
  if (id === undefined) return undefined;
  return id === peer.self.id ? peer.self.address : peer.membership.view.find(id)?.address;
}

/** A hop is acknowledged in a moment, unless its answer goes there before. */
export function acknowledgeSoon(peer: Peer, request: RequestId, to: Address): void {
  peer.acks.delete(request);
  // Where so many wait, its answer may well come later than in a moment.
  if (peer.acks.size >= REQUESTS_IN_FLIGHT) {
    send(peer, to, "stream", { tag: "ack", request });
    return;
  }
  peer.acks.set(request, { to, at: peer.now + ACK_DELAY_MS });
  peer.deadlines.setEarlier("acks", 0, peer.now + ACK_DELAY_MS);
}

/** Acknowledges the hops whose time has come, without an answer that says as much. */
export function acknowledgeDue(peer: Peer): void {
  for (const [request, { to, at }] of peer.acks) {
    if (at > peer.now) {
      peer.deadlines.set("acks", 0, at);
      return;
    }
    peer.acks.delete(request);
    send(peer, to, "stream", { tag: "ack", request });
  }
}
