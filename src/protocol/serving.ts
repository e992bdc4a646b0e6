/** What an owner does with a request: it serves its copy, or finds who has one. */

import { knows } from "./comparing.ts";
import { REQUESTS_IN_FLIGHT, REQUESTS_REMEMBERED } from "./config.ts";
import { fitsBody } from "./copies.ts";
import { type FileRecord, isFourDigits } from "./files.ts";
import { type Arrival, answer, beginInquiry, clockwise, routeHere } from "./inquiring.ts";
import type { Served } from "./io.ts";
import type { AnswerOutcome, Delegate, RequestId, Routed } from "./messages.ts";
import { boundTable, line, type Peer, send } from "./state.ts";
import { lines } from "./transcript.ts";
import type { Inquiry } from "./work.ts";

/** A request that belongs here: serves it, or asks the other holders first. */
export function serveRequest(peer: Peer, arrival: Arrival): void {
  const { routed, first } = arrival;
  const { ask, request } = routed;
  if (ask.kind !== "request" || peer.inquiries.has(request)) return;
  if (knows(peer, ask.name)) {
    serveRecord(peer, routed, peer.files.get(ask.name), first);
    return;
  }
  const inquiry = beginInquiry(peer, arrival, ask.name);
  if (inquiry !== null) serveFound(peer, inquiry);
}

/** The other holders have been asked: the best of them serves, or the working directory. */
export function serveFound(peer: Peer, inquiry: Inquiry): void {
  const { routed, name, best, first } = inquiry;
  const { request, origin } = routed;
  const [nearest] = clockwise(peer, best?.record.key ?? 0, best?.holders.map((m) => m.id) ?? []);
  const holder = best?.holders.find((m) => m.id === nearest) ?? peer.self;
  if (holder.id === peer.self.id || best?.record.removed) {
    serveRecord(peer, routed, best?.record, first);
  } else {
    line(peer, lines.notStoredHere(name));
    const route = routeHere(peer, routed.route);
    send(peer, holder.address, "stream", { tag: "delegate", request, name, origin, route });
  }
}

/** What is known of a name, to one who asks where it is. */
export function tellWhere(peer: Peer, { routed, best }: Inquiry): void {
  const { request, origin, route } = routed;
  const record = best?.record ?? null;
  const holders = clockwise(peer, best?.record.key ?? 0, best?.holders.map((m) => m.id) ?? []);
  const outcome = { kind: "where", record, holders } as const;
  answer(peer, origin.address, request, routeHere(peer, route), outcome);
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
  if (record === undefined || record.removed) return;
  const ask = { kind: "request", name, key: record.key } as const;
  serveHere(peer, { tag: "routed", request, origin, route, ask }, record, true);
}

/** A content offered under a request's id has left. */
export function contentServed(peer: Peer, request: RequestId, ok: boolean): void {
  if (peer.serving.delete(request) && ok) line(peer, lines.fileSent());
}

/** What this peer knows to be the newest of a name: a version, its removal, or nothing. */
function serveRecord(
  peer: Peer,
  routed: Routed,
  record: FileRecord | undefined,
  first: boolean,
): void {
  if (routed.ask.kind !== "request") return;
  const { name } = routed.ask;
  if (record === undefined) serveAbsent(peer, routed, name);
  else if (record.removed) missing(peer, routed, name);
  else serveHere(peer, routed, record, first);
}

function serveHere(peer: Peer, routed: Routed, record: FileRecord, first: boolean): void {
  const { name, stamp, size, sha256 } = record;
  const found = { kind: "found", size, sha256, stamp } as const;
  const version = { kind: "version", name, stamp } as const;
  const { request, origin } = routed;
  if (!fitsBody(record) || origin.id === peer.self.id) {
    serve(peer, routed, name, version, found);
    return;
  }
  if (first) {
    line(peer, lines.storedHere(name));
    line(peer, lines.sendingFile(name, origin.id));
  }
  answer(peer, origin.address, request, routeHere(peer, routed.route), found, version);
  if (first) line(peer, lines.fileSent());
}

function serve(
  peer: Peer,
  routed: Routed,
  name: string,
  what: Served,
  outcome: Extract<AnswerOutcome, { kind: "found" }>,
): void {
  const { request, origin } = routed;
  // One that asks again has not got it all: that is no other sending.
  const again = peer.serving.has(request);
  if (!again) line(peer, lines.storedHere(name));
  // An owner that asks for its own file sends nothing.
  if (!again && origin.id !== peer.self.id) {
    line(peer, lines.sendingFile(name, origin.id));
    peer.serving.add(request);
    boundTable(peer.serving, REQUESTS_REMEMBERED);
  }
  peer.effects.push({ type: "serve", request, what });
  answer(peer, origin.address, request, routeHere(peer, routed.route), outcome);
}

/** No holder has it: the working directory may, in a numbered ring. */
function serveAbsent(peer: Peer, routed: Routed, name: string): void {
  const { request } = routed;
  if (!isFourDigits(name)) {
    missing(peer, routed, name);
    return;
  }
  peer.looks.set(request, routed);
  boundTable(peer.looks, REQUESTS_IN_FLIGHT);
  peer.effects.push({ type: "look", request, name });
}

function missing(peer: Peer, routed: Routed, name: string): void {
  line(peer, lines.notStoredHere(name));
  const route = routeHere(peer, routed.route);
  answer(peer, routed.origin.address, routed.request, route, { kind: "missing" });
}
