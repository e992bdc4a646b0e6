/**
 * A request that comes late must not be executed for an origin that has given it up: it may have been
 * answered elsewhere, and undo what came since. So it is executed only while nobody else can, or when its
 * origin, asked, still waits for it.
 */
import { addressOnWay, routeHere } from "../answering.ts";
import { CONFIRM_MS, REQUEST_RETRY_MS } from "../model/config.ts";
import type { Arrival } from "../model/io.ts";
import type { Confirm, Confirmed, RequestId } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { type Peer, send } from "../state.ts";

/** True as long as the request may be executed without asking. */
export function isDue(peer: Peer, { validUntil, routed }: Arrival): boolean {
  const own = routed.origin.instance === peer.self.instance;
  return peer.now <= validUntil && (!own || peer.requests.pending.has(routed.request));
}

/** Asks the origin of a request, by the way that it came, whether it still waits. */
export function askOrigin(peer: Peer, arrival: Arrival): void {
  const { request, route, origin, back } = arrival.routed;
  const nonce = randomBits(peer.random);
  peer.replication.doubts.set(request, { arrival, askedAt: peer.now, nonce });
  peer.deadlines.set("confirm", request, peer.now + CONFIRM_MS);
  const onward = routeHere(peer, route);
  const via = back ? onward.slice(0, -1) : onward.slice(0, 1);
  const address = via.length <= 1 ? origin.address : addressOnWay(peer, via.at(-1));
  if (address === undefined) return;
  const asked = back && onward.length > 1 ? onward : [origin.id, peer.self.id];
  const rest = { onward: asked, via: via.slice(0, -1) };
  send(peer, address, "stream", { tag: "confirm", request, nonce, ...rest });
}

/** The origin does not answer: it sends the request again if it still waits. */
export function forgetDoubt(peer: Peer, request: RequestId): void {
  peer.replication.doubts.delete(request);
  peer.deadlines.clear("confirm", request);
}

/** Another asks whether this peer, or one behind it, still waits. */
export function receiveConfirm(peer: Peer, { request, nonce, onward, via }: Confirm): void {
  const next = via.at(-1);
  if (next !== undefined) {
    const address = addressOnWay(peer, next);
    if (address === undefined) return;
    const rest = { onward, via: via.slice(0, -1) };
    send(peer, address, "stream", { tag: "confirm", request, nonce, ...rest });
    return;
  }
  const pending = peer.requests.pending.get(request);
  const asker = onward.at(-1) ?? peer.self.id;
  const waits = pending?.begun && (pending.confirmed === null || pending.confirmed === asker);
  if (pending !== undefined && waits) {
    pending.confirmed = asker;
    pending.out = true;
  }
  // Only until it sends the request again.
  const leftMs = waits ? Math.max(0, pending.sentAt + REQUEST_RETRY_MS - peer.now) : 0;
  sendConfirmed(peer, { tag: "confirmed", request, nonce, leftMs, onward: onward.slice(1) });
}

/** Word of the origin. @returns the request that may be gone on with, with its new time; null otherwise */
export function receiveConfirmed(peer: Peer, confirmed: Confirmed): Arrival | null {
  const { request, nonce, leftMs, onward } = confirmed;
  if (onward.length > 0) {
    sendConfirmed(peer, confirmed);
    return null;
  }
  const doubt = peer.replication.doubts.get(request);
  if (doubt?.nonce !== nonce) return null;
  forgetDoubt(peer, request);
  // It was said after it was asked for: so its time is counted from the asking.
  const validUntil = doubt.askedAt + leftMs;
  // The transcript has told of it already.
  return leftMs > 0 && validUntil >= peer.now
    ? { ...doubt.arrival, first: false, validUntil }
    : null;
}

/** The way of such word names those that it has still to pass, the next first. */
function sendConfirmed(peer: Peer, confirmed: Confirmed): void {
  const { onward } = confirmed;
  const address = addressOnWay(peer, onward[0]);
  if (address === undefined) return;
  send(peer, address, "stream", { ...confirmed, onward: onward.slice(1) });
}
