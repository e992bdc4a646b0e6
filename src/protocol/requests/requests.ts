import { isUnanswering, noteUnanswered } from "../membership/unanswered.ts";
import { askName, isWrite, whatOf } from "../model/asks.ts";
import {
  HOP_ACK_MS,
  INQUIRE_MS,
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
  REQUESTS_IN_FLIGHT,
  UNAVAILABLE_MS,
} from "../model/config.ts";
import type { Outcome } from "../model/events.ts";
import { baseName } from "../model/files.ts";
import type { RequestCommand } from "../model/io.ts";
import { CONTENTS_MOVING } from "../model/limits.ts";
import type { Member } from "../model/member.ts";
import type { RequestId, Routed } from "../model/messages.ts";
import { randomRequest } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { emit, isIn, type Peer } from "../state.ts";
import { arrive, seeFirst } from "./arriving.ts";
import { beginListing } from "./listing.ts";
import { askOf, leaveLine, newPending, takeInLine } from "./operations.ts";
import type { Pending } from "./state.ts";
import { beginSurvey } from "./surveying.ts";

/** A command that asks something of the ring. `command` is the driver's number for it. */
export function beginRequest(peer: Peer, command: number, what: RequestCommand): void {
  const { pending: own, listings, surveys } = peer.requests;
  const moving = what.kind === "request" ? peer.replication.jobs.contents : 0;
  const full =
    own.size + listings.size + surveys.size >= REQUESTS_IN_FLIGHT || moving >= CONTENTS_MOVING;
  const request = randomRequest(peer.random);
  if (!isIn(peer)) end(peer, command, failed(sentences.notIn()));
  else if (full) end(peer, command, failed(sentences.tooManyRequests()));
  else if (what.kind === "list") beginListing(peer, command, request);
  else if (what.kind === "survey") beginSurvey(peer, command, request, what.keys);
  else {
    if (what.kind === "store" && what.size !== null) {
      peer.effects.push({ type: "serve", request, what: { kind: "command", command } });
    }
    const { ask, body } = askOf(peer, what);
    const pending = newPending(command, ask, body, peer.now);
    const waits = isWrite(ask) && takeInLine(peer, request, baseName(ask.name));
    own.set(request, pending);
    if (!waits) sendRequest(peer, request, pending);
  }
}

/** No answer for a while: the same request again, or an end to it. */
export function requestOverdue(peer: Peer, request: RequestId): void {
  const pending = peer.requests.pending.get(request);
  if (pending === undefined || pending.moving) return;
  const gaveUp = peer.now - pending.progressAt >= REQUEST_GIVE_UP_MS;
  if (gaveUp || isCutOff(peer, pending)) endUnanswered(peer, request, pending);
  else if (peer.now >= pending.againAt || isHandedInVain(peer, pending))
    sendRequest(peer, request, pending);
  else sendAgainAt(peer, request, pending, pending.againAt);
}

/** Has a request sent again at a time, and looked after before: whoever has taken it over may be gone. */
export function sendAgainAt(peer: Peer, request: RequestId, pending: Pending, at: number): void {
  pending.againAt = at;
  const limit = pending.waitsFrom + UNAVAILABLE_MS;
  const look = pending.handed === null ? at : peer.now + HOP_ACK_MS;
  const due = Math.min(at, look, limit > peer.now ? limit : at);
  peer.deadlines.set("request", request, due);
}

/** Another peer has taken over a request of this very peer: from there its answer comes. */
export function handOver(peer: Peer, request: RequestId, to: Member): void {
  const pending = peer.requests.pending.get(request);
  if (pending === undefined || pending.moving) return;
  pending.handed = to;
  sendAgainAt(peer, request, pending, pending.againAt);
}

/**
 * True of a request that was tried for long enough for a person, where too few answer, or some are silent. One with a
 * large content takes its time, and may well be under way.
 */
export function isCutOff(peer: Peer, pending: Pending): boolean {
  const { waitsFrom, unavailable, handed, ask, body } = pending;
  if (peer.now - waitsFrom < UNAVAILABLE_MS) return false;
  // Whoever has taken it over since may know more.
  if (unavailable !== null && handed === null) return true;
  if (ask.kind === "store" && ask.content !== null && body === null) return false;
  return ask.kind !== "lookup" && isPartOfRingSilent(peer, pending);
}

/** True if one that may hold the name is silent, or somebody has died since a person began to wait. */
function isPartOfRingSilent(peer: Peer, { ask, waitsFrom }: Pending): boolean {
  const { view, departed } = peer.membership;
  const replicas = view.replicaSet(ask.key, peer.config.replicationFactor + 1);
  const silent = replicas.some(({ id }) => isUnanswering(peer, id));
  return silent || departed.diedSince(waitsFrom).length > 0;
}

/** True if whoever has taken a request over is silent, or gone. Two that were told that it waits are one too many. */
function isHandedInVain(peer: Peer, { handed, confirmed }: Pending): boolean {
  if (handed === null || confirmed !== null) return false;
  noteUnanswered(peer, handed);
  const present = peer.membership.view.find(handed.id);
  return present?.instance !== handed.instance || isUnanswering(peer, handed.id);
}

/** Ends a request that had no answer in time, or too few. */
export function endUnanswered(peer: Peer, request: RequestId, pending: Pending): void {
  const what = whatOf(pending.ask);
  const { unavailable, out, lost } = pending;
  const maybe = isWrite(pending.ask) && (out || lost);
  let why = maybe ? sentences.noAnswer(what) : sentences.noOwnerAnswers(what);
  if (unavailable !== null) {
    why = sentences.notNow(what, unavailable.answered, unavailable.needed, maybe);
  }
  endRequest(peer, request, pending, { kind: "failed", why, maybe });
}

function sendRequest(peer: Peer, request: RequestId, pending: Pending): void {
  const { id, address, instance } = peer.self;
  const { ask, body } = pending;
  // Before its time another copy of it may be executed unasked: so this one may not.
  const early = pending.out && peer.now < pending.againAt;
  pending.begun = true;
  pending.sentAt = peer.now;
  pending.handed = null;
  pending.tries += 1;
  pending.lost ||= pending.out;
  pending.out = true;
  pending.confirmed = null;
  sendAgainAt(peer, request, pending, peer.now + REQUEST_RETRY_MS);
  const routed: Routed = {
    tag: "routed",
    request,
    origin: { id, address, instance },
    route: [id],
    ask,
    leftMs: early ? 0 : REQUEST_RETRY_MS,
    counter: peer.replication.counter,
    avoid: [],
    // The answer of the try before may have found no way.
    back: pending.tries > 1,
    lost: false,
  };
  const validUntil = early ? Number.NEGATIVE_INFINITY : peer.now + REQUEST_RETRY_MS;
  arrive(peer, { routed, body, first: seeFirst(peer, request), validUntil });
}

/**
 * The next store or removal of a name may begin. Where the one before it found too few, so would this one:
 * it has what is left of the time for which a person waits, and if that is none, it is not begun.
 * @param ended the one before it
 */
function beginNext(peer: Peer, ended: RequestId, name: string, cutOff: boolean): void {
  const request = leaveLine(peer, ended, name);
  const pending = request === undefined ? undefined : peer.requests.pending.get(request);
  if (request === undefined || pending === undefined || pending.begun) return;
  pending.progressAt = peer.now;
  if (!cutOff) pending.waitsFrom = peer.now;
  if (peer.now - pending.waitsFrom < UNAVAILABLE_MS - INQUIRE_MS) {
    sendRequest(peer, request, pending);
  } else endUnanswered(peer, request, pending);
}

/** Tells what has come of a request, and lets the next of its name begin. */
export function endRequest(
  peer: Peer,
  request: RequestId,
  pending: Pending,
  outcome: Outcome,
): void {
  peer.requests.pending.delete(request);
  peer.deadlines.clear("request", request);
  const { ask, route, startedAt, command } = pending;
  if (ask.kind !== "lookup" && route.length > 0) {
    emit(peer, {
      event: "route",
      what: `${ask.kind} ${askName(ask)}`,
      route,
      ms: peer.now - startedAt,
    });
  }
  end(peer, command, outcome);
  if (isWrite(ask)) {
    const cutOff = outcome.kind === "failed" && isPartOfRingSilent(peer, pending);
    beginNext(peer, request, baseName(ask.name), cutOff || pending.unavailable !== null);
  }
}

function end(peer: Peer, command: number, outcome: Outcome): void {
  emit(peer, { event: "outcome", command, outcome });
}

/** Nothing was done. */
export function failed(why: string): Outcome {
  return { kind: "failed", why, maybe: false };
}
