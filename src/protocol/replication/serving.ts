/** What an owner does with a request: it serves its copy, or finds who has one. */
import { answer, clockwise, routeHere } from "../answering.ts";
import { isWrite, whatOf } from "../model/asks.ts";
import { boundTable } from "../model/bounded.ts";
import { REQUESTS_REMEMBERED } from "../model/config.ts";
import { compareVersions, type FileRecord, isFourDigits, writeId } from "../model/files.ts";
import type { Arrival, Served } from "../model/io.ts";
import type { Member } from "../model/member.ts";
import type { AnswerOutcome, Delegate, RequestId, Routed } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { askedFor, isNothing } from "../model/siblings.ts";
import { lines } from "../model/transcript.ts";
import { type Peer, requestLine, send } from "../state.ts";
import { answerForGood } from "./acknowledging.ts";
import { beginInquiry, damagedAt, heardToHave, heardToHold } from "./inquiring.ts";
import { placeForReading, underWay } from "./placing.ts";
import { lostReplicas, majority } from "./quorum.ts";
import { confirm } from "./replica-set.ts";
import { fitsBody } from "./replicating.ts";
import { replicasElsewhere } from "./safety.ts";
import type { Inquiry, Reading } from "./state.ts";
import { isAuthoritative } from "./tenure.ts";
import { baseOf } from "./wanting.ts";

/** A request that belongs here: serves it, or asks those that may hold the name first. */
export function serveRequest(peer: Peer, arrival: Arrival): void {
  const { ask, request } = arrival.routed;
  if (ask.kind !== "request" || isAtWork(peer, request)) return;
  const name = baseOf(peer, ask.name);
  const record = askedFor(ask.name, peer.replication.files.siblings(name));
  const safe = record === undefined || isSafe(peer, record);
  // What this very peer has given its version may be on other disks before it is on its own, and be read there.
  const certain = () => underWay(peer, name).every((v) => isHere(peer, v));
  if (isAuthoritative(peer, { name, key: ask.key }) && safe && certain()) {
    serveRecord(peer, arrival, record, []);
    return;
  }
  const inquest = beginInquiry(peer, arrival, name);
  if (inquest !== null) serveFound(peer, inquest.inquiry);
}

/** A quorum has said what it has: the newest is served, once it is on a majority. */
export function serveFound(peer: Peer, inquiry: Inquiry): void {
  const { arrival, siblings } = inquiry;
  const { ask } = arrival.routed;
  if (ask.kind !== "request" || tellDamaged(peer, inquiry)) return;
  const record = askedFor(ask.name, siblings);
  if (record === undefined) {
    serveRecord(peer, arrival, record, []);
    return;
  }
  const replicas = heardToHold(peer, inquiry, record);
  const mine = peer.replication.files.find(record);
  if (mine !== undefined && compareVersions(mine.version, record.version) === 0) {
    for (const replica of replicas) if (replica.id !== peer.self.id) confirm(peer, mine, replica);
  }
  if (heardToHave(peer, inquiry, record).length < majority(peer)) {
    placeForReading(peer, inquiry, record);
  } else serveRecord(peer, arrival, record, replicas);
}

/** What was read is on a majority now, or could not be brought there in time. */
export function readPlaced(peer: Peer, { placement, enough, replicas }: Reading): void {
  const { arrival, record, durable } = placement;
  const { ask } = arrival.routed;
  if (!enough) {
    const needed = majority(peer);
    answer(peer, arrival.routed, { kind: "unavailable", answered: replicas.length, needed });
    return;
  }
  const members = peer.membership.view.members.filter((m) => durable.has(m.instance));
  if (ask.kind === "where") tellWhere(peer, arrival, record, members);
  else serveRecord(peer, arrival, record, members);
}

/**
 * Where all that is known of a name is that its copies were damaged: it was there, so it is not to be
 * called missing before others that held it are back. @returns whether that was said
 */
export function tellDamaged(peer: Peer, inquiry: Inquiry): boolean {
  const { routed } = inquiry.arrival;
  const damaged = damagedAt(peer, inquiry);
  if (damaged.length === 0) return false;
  const why = sentences.replicasDamaged(whatOf(routed.ask), damaged);
  const refusal: AnswerOutcome = { kind: "failed", why, maybe: false };
  // What was refused is not executed by a second copy of it, when the file is whole again.
  if (isWrite(routed.ask)) answerForGood(peer, routed, refusal);
  else answer(peer, routed, refusal);
  return true;
}

/** What is said of a name that nobody here knows of, where those that may are lost together; else null. */
export function lostWith(peer: Peer, { ask }: Routed): AnswerOutcome | null {
  const lost = ask.kind === "join" ? [] : lostReplicas(peer, ask.key);
  if (lost.length === 0) return null;
  return { kind: "failed", why: sentences.heldByLost(whatOf(ask), lost), maybe: false };
}

/** One who asks where a name is reads it as well: what is told of is on a majority first. */
export function whereFound(peer: Peer, inquiry: Inquiry): void {
  const { arrival, siblings } = inquiry;
  const { ask } = arrival.routed;
  if (ask.kind !== "where" || tellDamaged(peer, inquiry)) return;
  const record = askedFor(ask.name, siblings);
  const lost = record === undefined ? lostWith(peer, arrival.routed) : null;
  if (lost !== null) answer(peer, arrival.routed, lost);
  else if (record === undefined) tellWhere(peer, arrival, null, []);
  else if (heardToHave(peer, inquiry, record).length >= majority(peer)) {
    tellWhere(peer, arrival, record, heardToHold(peer, inquiry, record));
  } else placeForReading(peer, inquiry, record);
}

function tellWhere(
  peer: Peer,
  { routed }: Arrival,
  record: FileRecord | null,
  replicated: readonly Member[],
): void {
  const { ask } = routed;
  if (ask.kind !== "where") return;
  const ids = replicated.map((m) => m.id);
  const there = record === null || record.removed || !isNothing(ask.name, record) ? record : null;
  answer(peer, routed, { kind: "where", record: there, replicas: clockwise(peer, ask.key, ids) });
}

/** What the working directory holds of a name that no replica has. */
export function looked(peer: Peer, request: RequestId, size: number | null): void {
  const routed = peer.replication.looks.get(request);
  if (routed?.ask.kind !== "request") return;
  peer.replication.looks.delete(request);
  const { name } = routed.ask;
  if (size === null) {
    absent(peer, routed, name);
    return;
  }
  const found = { kind: "found", size, write: null, replicas: [] } as const;
  serve(peer, routed, name, { kind: "local", name }, found);
}

/** The owner's word to serve a request that came to it. */
export function receiveDelegate(peer: Peer, delegate: Delegate): void {
  const { request, asked, write, origin, route, back } = delegate;
  const record = peer.replication.files.find(write);
  if (record === undefined || record.removed) return;
  const ask = { kind: "request", name: asked, key: record.key } as const;
  const routed: Routed = {
    tag: "routed",
    request,
    origin,
    route,
    ask,
    back,
    lost: false,
    leftMs: 0,
    counter: 0,
    avoid: [],
  };
  serveHere(peer, routed, record, true, []);
}

/** A content served under a request's id has left. */
export function contentServed(peer: Peer, request: RequestId, ok: boolean): void {
  if (peer.replication.serving.delete(request) && ok) requestLine(peer, lines.fileSent());
}

/** True of a read that this peer works on. */
export function isAtWork(peer: Peer, request: RequestId): boolean {
  return peer.replication.inquiries.has(request) || peer.replication.placements.has(request);
}

/** True of a write that is durable here, under this version or a greater one. */
export function isHere(peer: Peer, record: FileRecord): boolean {
  const mine = peer.replication.files.find(record);
  return mine !== undefined && compareVersions(mine.version, record.version) >= 0;
}

/** True of a write that a majority is known to have: no later reader will miss it. */
export function isSafe(peer: Peer, record: FileRecord): boolean {
  return replicasElsewhere(peer, record) + 1 >= majority(peer);
}

/** What is known to be the newest of a name: a content, its removal, or nothing. */
function serveRecord(
  peer: Peer,
  arrival: Arrival,
  record: FileRecord | undefined,
  replicas: readonly Member[],
): void {
  const { routed, first } = arrival;
  const { ask, request, origin, back } = routed;
  if (ask.kind !== "request") return;
  if (record === undefined) serveAbsent(peer, routed, ask.name);
  else if (isNothing(ask.name, record)) missing(peer, routed, ask.name);
  else if (peer.replication.files.find(record) !== undefined)
    serveHere(peer, routed, record, first, replicas);
  else {
    const [nearest] = clockwise(
      peer,
      ask.key,
      replicas.map((m) => m.id),
    );
    const replica = replicas.find((m) => m.id === nearest);
    if (replica === undefined) return;
    requestLine(peer, lines.notStoredHere(ask.name));
    const route = routeHere(peer, routed.route);
    const write = writeId(record);
    const asked = ask.name;
    const delegate = { tag: "delegate", request, asked, write, origin, route, back } as const;
    send(peer, replica.address, "stream", delegate);
  }
}

function serveHere(
  peer: Peer,
  routed: Routed,
  record: FileRecord,
  first: boolean,
  replicas: readonly Member[],
): void {
  const { ask, origin } = routed;
  if (ask.kind !== "request") return;
  const write = writeId(record);
  const others = replicas.filter((m) => m.id !== peer.self.id).map((m) => m.id);
  const nearest = clockwise(peer, record.key, others);
  const found = { kind: "found", size: record.size, write, replicas: nearest } as const;
  const source = { kind: "write", write } as const;
  if (!fitsBody(record) || origin.id === peer.self.id) {
    serve(peer, routed, ask.name, source, found);
    return;
  }
  if (first) {
    requestLine(peer, lines.storedHere(ask.name));
    requestLine(peer, lines.sendingFile(ask.name, origin.id));
  }
  answer(peer, routed, found, source);
  if (first) requestLine(peer, lines.fileSent());
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
  const again = peer.replication.serving.has(request);
  if (!again) requestLine(peer, lines.storedHere(name));
  // An owner that asks for its own file sends nothing.
  if (!again && origin.id !== peer.self.id) {
    requestLine(peer, lines.sendingFile(name, origin.id));
    peer.replication.serving.add(request);
    boundTable(peer.replication.serving, REQUESTS_REMEMBERED);
  }
  peer.effects.push({ type: "serve", request, what });
  answer(peer, routed, outcome);
}

/** No replica has it: the working directory may, in a numbered ring. */
function serveAbsent(peer: Peer, routed: Routed, name: string): void {
  const { request } = routed;
  if (!isFourDigits(name)) {
    absent(peer, routed, name);
    return;
  }
  peer.replication.looks.set(request, routed);
  peer.effects.push({ type: "look", request, name });
}

function absent(peer: Peer, routed: Routed, name: string): void {
  const lost = lostWith(peer, routed);
  if (lost === null) missing(peer, routed, name);
  else answer(peer, routed, lost);
}

function missing(peer: Peer, routed: Routed, name: string): void {
  requestLine(peer, lines.notStoredHere(name));
  answer(peer, routed, { kind: "missing" });
}
