/** The requests of this very peer: sent, sent again while nobody answers, and brought to an outcome. */
import { arrive } from "./arriving.ts";
import {
  BODY_BYTES,
  CONTENT_FAILURES,
  CONTENT_RETRY_MS,
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
  REQUESTS_IN_FLIGHT,
} from "./config.ts";
import type { Outcome } from "./events.ts";
import { beginDelivery } from "./fetching.ts";
import type { Body, Command, Input } from "./io.ts";
import { beginListing } from "./listing.ts";
import type { Member } from "./member.ts";
import type { Answer, AnswerOutcome, Ask, RequestId, Routed } from "./messages.ts";
import { randomRequest } from "./random.ts";
import { hopAcknowledged } from "./routing.ts";
import { sentences } from "./sentences.ts";
import { emit, isIn, line, type Peer, seeFirst } from "./state.ts";
import { beginSurvey, surveyAnswered } from "./surveying.ts";
import { lines } from "./transcript.ts";
import type { Pending } from "./work.ts";

/** A command that asks something of the ring. `command` is the driver's number for it. */
export function beginRequest(
  peer: Peer,
  command: number,
  what: Exclude<Command, { kind: "quit" }>,
): void {
  const full = peer.pending.size + peer.listings.size + peer.surveys.size >= REQUESTS_IN_FLIGHT;
  const request = randomRequest(peer.random);
  if (!isIn(peer)) end(peer, command, { kind: "failed", why: sentences.notIn() });
  else if (full) end(peer, command, { kind: "failed", why: sentences.tooManyRequests() });
  else if (what.kind === "list") beginListing(peer, command, request);
  else if (what.kind === "survey") beginSurvey(peer, command, request, what.keys);
  else {
    if (what.kind === "store" && what.size !== null) {
      peer.effects.push({ type: "serve", request, what: { kind: "command", command } });
    }
    const times = { startedAt: peer.now, progressAt: peer.now };
    const { ask, body } = askOf(what);
    const pending: Pending = {
      command,
      ask,
      body,
      ...times,
      failures: 0,
      moving: false,
      server: null,
      route: [],
    };
    peer.pending.set(request, pending);
    sendRequest(peer, request, pending);
  }
}

/** No answer for a while: the same request again, or an end to it. */
export function requestOverdue(peer: Peer, request: RequestId): void {
  const pending = peer.pending.get(request);
  if (pending === undefined || pending.moving) return;
  if (peer.now - pending.progressAt < REQUEST_GIVE_UP_MS) {
    sendRequest(peer, request, pending);
    return;
  }
  const { kind } = pending.ask;
  const what = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
  const why = sentences.noOwnerAnswers(`${what} ${askName(pending.ask)}`.trim());
  endRequest(peer, request, pending, { kind: "failed", why });
}

/** Word from where the request ended. */
export function receiveAnswer(peer: Peer, from: Member, answer: Answer, body: Body | null): void {
  // An answer from where the request ended says that the hop there has been taken.
  hopAcknowledged(peer, answer.request);
  const pending = peer.pending.get(answer.request);
  if (pending === undefined) {
    surveyAnswered(peer, from, answer);
    return;
  }
  const { outcome, route, request } = answer;
  const { ask } = pending;
  pending.progressAt = peer.now;
  pending.route = route;
  if (outcome.kind === "owner" && ask.kind === "lookup") {
    const { key } = ask;
    endRequest(peer, request, pending, { kind: "owner", key, owner: from.id, route });
  } else if (ask.kind === "store" || ask.kind === "remove") {
    receiveStoreAnswer(peer, from, answer, pending);
  } else if (ask.kind === "request" && !pending.moving) {
    receiveFileAnswer(peer, from, answer, pending, body);
  } else if (ask.kind === "where" && outcome.kind === "where") {
    const wanted = peer.config.copies;
    endRequest(peer, request, pending, { ...outcome, owner: from.id, wanted, route });
  }
}

/** The content asked for has come, or its sender failed: then the ring is asked again. */
export function contentDelivered(
  peer: Peer,
  request: RequestId,
  result: Extract<Input, { type: "fetched" }>["result"],
): void {
  const pending = peer.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "request") return;
  pending.moving = false;
  if (!result.ok) {
    pending.failures += 1;
    if (result.here || pending.failures > CONTENT_FAILURES) {
      const why = sentences.notDelivered(pending.ask.name, result.why);
      endRequest(peer, request, pending, { kind: "failed", why });
    } else {
      const wait = CONTENT_RETRY_MS * 2 ** (pending.failures - 1);
      peer.deadlines.set("request", request, peer.now + Math.min(wait, REQUEST_RETRY_MS));
    }
    return;
  }
  line(peer, lines.fileReceived(pending.ask.name));
  const { size, sha256 } = result;
  const { server, route } = pending;
  const from = server ?? peer.self.id;
  endRequest(peer, request, pending, { kind: "received", request, from, size, sha256, route });
}

/** This peer's own content has been taken by the owner: from here on the owner's receipt is awaited. */
export function contentTaken(peer: Peer, request: RequestId): void {
  const pending = peer.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "store") return;
  pending.moving = false;
  pending.progressAt = peer.now;
  peer.deadlines.set("request", request, peer.now + REQUEST_RETRY_MS);
}

function sendRequest(peer: Peer, request: RequestId, pending: Pending): void {
  peer.deadlines.set("request", request, peer.now + REQUEST_RETRY_MS);
  const { id, address } = peer.self;
  const origin = { id, address };
  const { ask, body } = pending;
  const routed: Routed = { tag: "routed", request, origin, route: [id], ask };
  arrive(peer, { routed, body, first: seeFirst(peer, request) });
}

function receiveStoreAnswer(peer: Peer, from: Member, answer: Answer, pending: Pending): void {
  const { outcome, request, route } = answer;
  const { ask } = pending;
  if (outcome.kind === "placed" && ask.kind === "store" && ask.size === null) {
    endRequest(peer, request, pending, { kind: "placed", owner: from.id, route });
  } else if (outcome.kind === "stored") {
    const { record, copies, wanted } = outcome;
    endRequest(peer, request, pending, { kind: "stored", record, copies, wanted, route });
  } else if (outcome.kind === "missing") {
    endRequest(peer, request, pending, { kind: "missing", owner: from.id, route });
  } else if (outcome.kind === "failed") {
    endRequest(peer, request, pending, outcome);
  }
}

function receiveFileAnswer(
  peer: Peer,
  from: Member,
  answer: Answer,
  pending: Pending,
  body: Body | null,
): void {
  const { outcome, request, route } = answer;
  const { ask } = pending;
  if (ask.kind !== "request") return;
  if (outcome.kind === "missing") {
    endRequest(peer, request, pending, { kind: "missing", owner: from.id, route });
    return;
  }
  if (outcome.kind !== "found") return;
  pending.moving = true;
  peer.deadlines.clear("request", request);
  if (from.id !== peer.self.id && pending.server !== from.id) {
    line(peer, lines.peerHadFile(from.id, ask.name));
    line(peer, lines.receivingFile(ask.name, from.id));
  }
  pending.server = from.id;
  const { size, sha256 } = outcome;
  const into = { kind: "deliver", command: pending.command, sha256 } as const;
  const source = sourceOf(request, ask.name, outcome, body);
  beginDelivery(peer, { kind: "deliver", request }, from, source, { file: ask.name, size, into });
}

/** Where a content that was found is: here already, as the version that it is, or under the request's id. */
function sourceOf(
  request: RequestId,
  name: string,
  { size, sha256, stamp }: Extract<AnswerOutcome, { kind: "found" }>,
  body: Body | null,
): Parameters<typeof beginDelivery>[3] {
  if (body !== null && body.size === size && body.sha256 === sha256) {
    return { kind: "body", number: body.number };
  }
  // A small content that did not come with the answer is offered under no request.
  if (stamp !== null && size > 0 && size <= BODY_BYTES) return { kind: "version", name, stamp };
  return { kind: "ticket", request };
}

/** What goes to the ring of a command, and what stays with this peer. */
function askOf(what: Exclude<Command, { kind: "quit" | "list" | "survey" }>): {
  ask: Exclude<Ask, { kind: "join" }>;
  body: Body | null;
} {
  if (what.kind !== "store") return { ask: what, body: null };
  const { body, ...ask } = what;
  return { ask, body };
}

function endRequest(peer: Peer, request: RequestId, pending: Pending, outcome: Outcome): void {
  peer.pending.delete(request);
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
}

function askName(ask: Ask): string {
  return "name" in ask ? ask.name : "";
}

function end(peer: Peer, command: number, outcome: Outcome): void {
  emit(peer, { event: "outcome", command, outcome });
}
