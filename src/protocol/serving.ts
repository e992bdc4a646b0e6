/** What an owner does with a request: it serves its copy, or finds who has one. */
import { REQUESTS_IN_FLIGHT, REQUESTS_REMEMBERED } from "./config.ts";
import { type FileRecord, isFourDigits } from "./files.ts";
import { answer, beginInquiry, routeHere } from "./inquiring.ts";
import type { Served } from "./io.ts";
import type { AnswerOutcome, Delegate, RequestId, Routed } from "./messages.ts";
import { boundTable, type Inquiry, line, type Peer, send } from "./state.ts";
import { lines } from "./transcript.ts";

/** A request that belongs here: serves it, or asks the other holders first. */
export function serveRequest(peer: Peer, routed: Routed): void {
  const { ask, request } = routed;
  if (ask.kind !== "request" || peer.serving.has(request) || peer.inquiries.has(request)) return;
  const record = peer.files.get(ask.name);
  if (record !== undefined) {
    serveHere(peer, routed, record);
    return;
  }
  const inquiry = beginInquiry(peer, routed, ask.name, ask.key);
  if (inquiry !== null) serveFound(peer, inquiry);
}

/** The other holders have been asked: the best of them serves, or the working directory. */
export function serveFound(peer: Peer, inquiry: Inquiry): void {
  const { routed, name, best } = inquiry;
  const { request, origin } = routed;
  if (best !== null && best.holder.id === peer.self.id) {
    serveHere(peer, routed, best.record);
  } else if (best !== null) {
    line(peer, lines.notStoredHere(name));
    const route = routeHere(peer, routed.route);
    send(peer, best.holder.address, "stream", { tag: "delegate", request, name, origin, route });
  } else if (isFourDigits(name)) {
    peer.looks.set(request, routed);
    boundTable(peer.looks, REQUESTS_IN_FLIGHT);
    peer.effects.push({ type: "look", request, name });
  } else {
    missing(peer, routed, name);
  }
}

/** What the working directory holds of a name that no holder has. */
export function looked(peer: Peer, request: RequestId, size: number | null): void {
  const routed = peer.looks.get(request);
  if (routed?.ask.kind !== "request") return;
  peer.looks.delete(request);
  const { name } = routed.ask;
  if (size === null) {
    missing(peer, routed, name);
    return;
  }
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

function missing(peer: Peer, routed: Routed, name: string): void {
  line(peer, lines.notStoredHere(name));
  const route = routeHere(peer, routed.route);
  answer(peer, routed.origin.address, routed.request, route, { kind: "missing" });
}
