/** The requests of this very peer: sent, sent again while nobody answers, and brought to an outcome. */
import { passBack } from "../answering.ts";
import {
  CONTENT_FAILURES,
  CONTENT_RETRY_MS,
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
  REQUESTS_IN_FLIGHT,
  UNAVAILABLE_MS,
} from "../model/config.ts";
import type { Outcome } from "../model/events.ts";
import { baseName } from "../model/files.ts";
import type { Body, Input, RequestCommand } from "../model/io.ts";
import type { Member } from "../model/member.ts";
import type { Answer, AnswerOutcome, RequestId, Routed } from "../model/messages.ts";
import { randomRequest } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { lines } from "../model/transcript.ts";
import { beginDelivery, sourceOf } from "../replication/fetching.ts";
import {
  askName,
  askOf,
  isRefusal,
  isWrite,
  newPending,
  whatOf,
  writeUnderWay,
} from "../replication/operations.ts";
import { emit, isIn, line, type Peer, seeFirst } from "../state.ts";
import type { Pending } from "../work.ts";
import { arrive } from "./arriving.ts";
import { beginListing } from "./listing.ts";
import { hopAcknowledged } from "./routing.ts";
import { beginSurvey, surveyAnswered } from "./surveying.ts";

/** A command that asks something of the ring. `command` is the driver's number for it. */
export function beginRequest(peer: Peer, command: number, what: RequestCommand): void {
  const full = peer.pending.size + peer.listings.size + peer.surveys.size >= REQUESTS_IN_FLIGHT;
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
    const waits = isWrite(ask) && writeUnderWay(peer, baseName(ask.name));
    peer.pending.set(request, pending);
    if (!waits) sendRequest(peer, request, pending);
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
  const what = whatOf(pending.ask);
  const maybe = isWrite(pending.ask);
  const why = maybe ? sentences.noAnswer(what) : sentences.noOwnerAnswers(what);
  endRequest(peer, request, pending, { kind: "failed", why, maybe });
}

/** Word from where the request ended, or of one that waits for it behind this peer. */
export function receiveAnswer(peer: Peer, from: Member, answer: Answer, body: Body | null): void {
  const content = body === null ? null : ({ kind: "body", number: body.number } as const);
  // An answer from where the request ended says that the hop there has been taken.
  hopAcknowledged(peer, answer.request);
  if (passBack(peer, answer, content)) return;
  const pending = peer.pending.get(answer.request);
  if (pending === undefined) {
    surveyAnswered(peer, from, answer);
    return;
  }
  const { outcome, route, request } = answer;
  const { ask } = pending;
  pending.lost ||= answer.lost;
  const ended = route.at(-1) ?? from.id;
  // Another may be about to execute what this one refuses: it was told that this peer waits for it.
  if (isRefusal(outcome) && pending.confirmed !== null && pending.confirmed !== ended) return;
  if (outcome.kind === "unavailable") {
    receiveUnavailable(peer, request, pending, outcome);
    return;
  }
  pending.progressAt = peer.now;
  pending.route = route;
  if (outcome.kind === "owner" && ask.kind === "lookup") {
    const { key } = ask;
    endRequest(peer, request, pending, { kind: "owner", key, owner: ended, route });
  } else if (isWrite(ask)) {
    receiveStoreAnswer(peer, ended, answer, pending);
  } else if (outcome.kind === "failed") {
    endRequest(peer, request, pending, { ...outcome });
  } else if (ask.kind === "request" && !pending.moving) {
    receiveFileAnswer(peer, from, answer, pending, body);
  } else if (ask.kind === "where" && outcome.kind === "where") {
    const wanted = peer.config.copies;
    endRequest(peer, request, pending, { ...outcome, owner: ended, wanted, route });
  }
}

/** Too few have answered: it is tried again, but a person is told soon. */
function receiveUnavailable(
  peer: Peer,
  request: RequestId,
  pending: Pending,
  { answered, needed }: Extract<AnswerOutcome, { kind: "unavailable" }>,
): void {
  if (pending.moving) return;
  pending.out = false;
  pending.unavailableSince ??= peer.now;
  if (peer.now - pending.unavailableSince < UNAVAILABLE_MS) {
    const again = Math.min(peer.now + CONTENT_RETRY_MS, pending.sentAt + REQUEST_RETRY_MS);
    peer.deadlines.set("request", request, again);
    return;
  }
  const maybe = isWrite(pending.ask) && pending.lost;
  const why = sentences.notNow(whatOf(pending.ask), answered, needed, maybe);
  endRequest(peer, request, pending, { kind: "failed", why, maybe });
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
  // It may have moved for long before its sender died: it was no silence.
  pending.progressAt = peer.now;
  pending.unavailableSince = null;
  if (!result.ok) {
    pending.failures += 1;
    if (!result.here && deliverFromAnother(peer, request, pending)) return;
    if (result.here || pending.failures > CONTENT_FAILURES) {
      const why = sentences.notDelivered(pending.ask.name, result.why);
      endRequest(peer, request, pending, failed(why));
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

/** Another holder may be reached where the first could not be. @returns whether one is tried */
function deliverFromAnother(peer: Peer, request: RequestId, pending: Pending): boolean {
  const { sources, ask, command } = pending;
  const id = sources?.holders.shift();
  const from = id === undefined ? undefined : peer.view.find(id);
  if (sources === null || from === undefined || ask.kind !== "request") return false;
  const { version, size } = sources;
  tellServer(peer, pending, from.id, ask.name);
  pending.moving = true;
  peer.deadlines.clear("request", request);
  const into = { kind: "deliver", command, sha256: version.sha256 } as const;
  const source = { kind: "version", version } as const;
  beginDelivery(peer, { kind: "deliver", request }, from, source, { file: ask.name, size, into });
  return true;
}

function sendRequest(peer: Peer, request: RequestId, pending: Pending): void {
  const { id, address, birth } = peer.self;
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
    origin: { id, address, birth },
    route: [id],
    ask,
    leftMs: REQUEST_RETRY_MS,
    counter: peer.counter,
    avoid: [],
    // The answer of the try before may have found no way.
    back: pending.tries > 1,
    lost: false,
  };
  const validUntil = peer.now + REQUEST_RETRY_MS;
  arrive(peer, { routed, body, first: seeFirst(peer, request), validUntil });
}

function receiveStoreAnswer(peer: Peer, ended: number, answer: Answer, pending: Pending): void {
  const { outcome, request, route } = answer;
  const { ask } = pending;
  if (outcome.kind === "placed" && ask.kind === "store" && ask.content === null) {
    endRequest(peer, request, pending, { kind: "placed", owner: ended, route });
  } else if (outcome.kind === "stored") {
    endRequest(peer, request, pending, { ...outcome, route });
  } else if (outcome.kind === "missing") {
    endRequest(peer, request, pending, { kind: "missing", owner: ended, route });
  } else if (outcome.kind === "failed") {
    // An earlier copy, which nobody has refused, may have been executed.
    const maybe = outcome.maybe || pending.lost;
    const why = maybe && !outcome.maybe ? sentences.maybeStill(outcome.why) : outcome.why;
    endRequest(peer, request, pending, { kind: "failed", why, maybe });
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
    const owner = route.at(-1) ?? from.id;
    endRequest(peer, request, pending, { kind: "missing", owner, route });
    return;
  }
  if (outcome.kind !== "found") return;
  pending.moving = true;
  peer.deadlines.clear("request", request);
  const server = route.at(-1) ?? from.id;
  tellServer(peer, pending, server, ask.name);
  const { size, version, holders } = outcome;
  if (version !== null) pending.sources = { version, size, holders: [...holders] };
  const into = {
    kind: "deliver",
    command: pending.command,
    sha256: version?.sha256 ?? null,
  } as const;
  const source = sourceOf(request, outcome, body);
  const at = server === from.id ? from : (peer.view.find(server) ?? from);
  beginDelivery(peer, { kind: "deliver", request }, at, source, { file: ask.name, size, into });
}

/** Notes whom a content comes from, and says so if it is another than before. */
function tellServer(peer: Peer, pending: Pending, server: number, name: string): void {
  if (server !== peer.self.id && pending.server !== server) {
    line(peer, lines.peerHadFile(server, name));
    line(peer, lines.receivingFile(name, server));
  }
  pending.server = server;
}

/** The next store or removal of a name may begin. */
function beginNext(peer: Peer, name: string): void {
  for (const [request, pending] of peer.pending) {
    const { ask, begun } = pending;
    if (!isWrite(ask) || baseName(ask.name) !== name) continue;
    if (begun) return;
    pending.progressAt = peer.now;
    sendRequest(peer, request, pending);
    return;
  }
}

function failed(why: string): Outcome {
  return { kind: "failed", why, maybe: false };
}

/** Tells what has come of a request, and lets the next of its name begin. */
export function endRequest(
  peer: Peer,
  request: RequestId,
  pending: Pending,
  outcome: Outcome,
): void {
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
  if (isWrite(ask)) beginNext(peer, baseName(ask.name));
}

function end(peer: Peer, command: number, outcome: Outcome): void {
  emit(peer, { event: "outcome", command, outcome });
}
