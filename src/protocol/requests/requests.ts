import { askName, isWrite, whatOf } from "../model/asks.ts";
import { REQUEST_GIVE_UP_MS, REQUEST_RETRY_MS, REQUESTS_IN_FLIGHT } from "../model/config.ts";
import type { Outcome } from "../model/events.ts";
import { baseName } from "../model/files.ts";
import type { RequestCommand } from "../model/io.ts";
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
  const full =
    peer.requests.pending.size + peer.requests.listings.size + peer.requests.surveys.size >=
    REQUESTS_IN_FLIGHT;
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
    peer.requests.pending.set(request, pending);
    if (!waits) sendRequest(peer, request, pending);
  }
}

/** No answer for a while: the same request again, or an end to it. */
export function requestOverdue(peer: Peer, request: RequestId): void {
  const pending = peer.requests.pending.get(request);
  if (pending === undefined || pending.moving) return;
  if (peer.now - pending.progressAt < REQUEST_GIVE_UP_MS) {
    sendRequest(peer, request, pending);
    return;
  }
  const what = whatOf(pending.ask);
  const maybe = isWrite(pending.ask);
  const why = maybe ? sentences.noAnswer(what) : sentences.noOwnerAnswers(what);
  endRequest(peer, request, pending, { kind: "failed", why, maybe });
}

function sendRequest(peer: Peer, request: RequestId, pending: Pending): void {
  const { id, address, instance } = peer.self;
  const { ask, body } = pending;
  pending.begun = true;
  pending.sentAt = peer.now;
  pending.tries += 1;
  pending.lost ||= pending.out;
  pending.out = true;
  pending.confirmed = null;
  peer.deadlines.set("request", request, peer.now + REQUEST_RETRY_MS);
  const routed: Routed = {
    tag: "routed",
    request,
    origin: { id, address, instance },
    route: [id],
    ask,
    leftMs: REQUEST_RETRY_MS,
    counter: peer.replication.counter,
    avoid: [],
    // The answer of the try before may have found no way.
    back: pending.tries > 1,
    lost: false,
  };
  const validUntil = peer.now + REQUEST_RETRY_MS;
  arrive(peer, { routed, body, first: seeFirst(peer, request), validUntil });
}

/** The next store or removal of a name may begin. @param ended the one before it */
function beginNext(peer: Peer, ended: RequestId, name: string): void {
  const request = leaveLine(peer, ended, name);
  const pending = request === undefined ? undefined : peer.requests.pending.get(request);
  if (request === undefined || pending === undefined || pending.begun) return;
  pending.progressAt = peer.now;
  sendRequest(peer, request, pending);
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
  if (isWrite(ask)) beginNext(peer, request, baseName(ask.name));
}

function end(peer: Peer, command: number, outcome: Outcome): void {
  emit(peer, { event: "outcome", command, outcome });
}

/** Nothing was done. */
export function failed(why: string): Outcome {
  return { kind: "failed", why, maybe: false };
}
