/** What comes of the requests of this very peer: answers, contents, and an outcome. */
import { passBack } from "../answering.ts";
import { isRefusal, isWrite } from "../model/asks.ts";
import {
  BODY_BYTES,
  CONTENT_FAILURES,
  CONTENT_RETRY_MS,
  REQUEST_RETRY_MS,
} from "../model/config.ts";
import type { Alternatives, Body, Input } from "../model/io.ts";
import type { Member } from "../model/member.ts";
import type { Answer, AnswerOutcome, RequestId } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { lines } from "../model/transcript.ts";
import { beginDelivery, sourceOf } from "../replication/fetching.ts";
import { type Peer, requestLine } from "../state.ts";
import { endRequest, endUnanswered, failed, handOver, isCutOff, sendAgainAt } from "./requests.ts";
import { hopAcknowledged } from "./routing.ts";
import type { Pending } from "./state.ts";
import { surveyAnswered } from "./surveying.ts";

/** Word from where the request ended, or of one that waits for it behind this peer. */
export function receiveAnswer(peer: Peer, from: Member, answer: Answer, body: Body | null): void {
  const content = body === null ? null : ({ kind: "body", number: body.number } as const);
  // An answer from where the request ended says that the hop there has been taken.
  hopTaken(peer, answer.request);
  if (passBack(peer, answer, content)) return;
  const pending = peer.requests.pending.get(answer.request);
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
  pending.unavailable = null;
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
    const wanted = peer.config.replicationFactor;
    endRequest(peer, request, pending, { ...outcome, owner: ended, wanted, route });
  }
}

/** The next peer has taken a request over: if it is this very peer's, the answer comes from there. */
export function hopTaken(peer: Peer, request: RequestId): void {
  const to = hopAcknowledged(peer, request);
  if (to !== null) handOver(peer, request, to);
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
  pending.handed = null;
  pending.unavailable = { answered, needed };
  if (isCutOff(peer, pending)) {
    endUnanswered(peer, request, pending);
    return;
  }
  const again = Math.min(peer.now + CONTENT_RETRY_MS, pending.sentAt + REQUEST_RETRY_MS);
  sendAgainAt(peer, request, pending, again);
}

/** The content asked for has come, or its sender failed: then the ring is asked again. */
export function contentDelivered(
  peer: Peer,
  request: RequestId,
  result: Extract<Input, { type: "fetched" }>["result"],
): void {
  const pending = peer.requests.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "request") return;
  pending.moving = false;
  // It may have moved for long before its sender died: it was no silence.
  pending.progressAt = peer.now;
  pending.waitsFrom = peer.now;
  pending.unavailable = null;
  if (!result.ok) {
    pending.failures += 1;
    if (!result.here && deliverFromAnother(peer, request, pending)) return;
    if (result.here || pending.failures > CONTENT_FAILURES) {
      const why = sentences.notDelivered(pending.ask.name, result.why);
      endRequest(peer, request, pending, failed(why));
    } else {
      const wait = CONTENT_RETRY_MS * 2 ** (pending.failures - 1);
      sendAgainAt(peer, request, pending, peer.now + Math.min(wait, REQUEST_RETRY_MS));
    }
    return;
  }
  requestLine(peer, lines.fileReceived(pending.ask.name));
  const { size, sha256 } = result;
  const { server, route } = pending;
  const from = result.from ?? server ?? peer.self.id;
  endRequest(peer, request, pending, { kind: "received", request, from, size, sha256, route });
}

/** Another replica may be reached where the first could not be. @returns whether one is tried */
function deliverFromAnother(peer: Peer, request: RequestId, pending: Pending): boolean {
  const { sources, ask, command } = pending;
  const id = sources?.replicas.shift();
  const from = id === undefined ? undefined : peer.membership.view.find(id);
  if (sources === null || from === undefined || ask.kind !== "request") return false;
  const { write, size } = sources;
  tellServer(peer, pending, from.id, ask.name);
  pending.moving = true;
  peer.deadlines.clear("request", request);
  const into = { kind: "deliver", command, sha256: write.sha256 } as const;
  const source = { kind: "write", write } as const;
  const content = { file: ask.name, size, into, alternatives: alternatives(peer, pending) };
  beginDelivery(peer, { kind: "deliver", request }, from, source, content);
  return true;
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
  const { size, write, replicas } = outcome;
  if (write !== null) pending.sources = { write, size, replicas: [...replicas] };
  const into = {
    kind: "deliver",
    command: pending.command,
    sha256: write?.sha256 ?? null,
  } as const;
  const source = sourceOf(request, outcome, body);
  const at = server === from.id ? from : (peer.membership.view.find(server) ?? from);
  const content = { file: ask.name, size, into, alternatives: alternatives(peer, pending) };
  beginDelivery(peer, { kind: "deliver", request }, at, source, content);
}

/** The other peers that are known to hold what was found; null for a small content, which is not worth it. */
function alternatives(peer: Peer, { sources }: Pending): Alternatives | null {
  if (sources === null || sources.size <= BODY_BYTES) return null;
  const { write } = sources;
  const members = sources.replicas.map((id) => peer.membership.view.find(id));
  const replicas = members.flatMap((member) =>
    member === undefined || member.id === peer.self.id
      ? []
      : [{ id: member.id, address: member.address }],
  );
  return replicas.length === 0 ? null : { write, replicas };
}

/** Notes whom a content comes from, and says so if it is another than before. */
function tellServer(peer: Peer, pending: Pending, server: number, name: string): void {
  if (server !== peer.self.id && pending.server !== server) {
    requestLine(peer, lines.peerHadFile(server, name));
    requestLine(peer, lines.receivingFile(name, server));
  }
  pending.server = server;
}

/** This peer's own content has been taken by the owner: from here on the owner's acknowledgement is awaited. */
export function contentTaken(peer: Peer, request: RequestId): void {
  const pending = peer.requests.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "store") return;
  pending.moving = false;
  pending.progressAt = peer.now;
  pending.waitsFrom = peer.now;
  sendAgainAt(peer, request, pending, peer.now + REQUEST_RETRY_MS);
}

/** Nobody has had the content, and nobody ever will: the store ends, however far it has come. */
export function contentSpoilt(peer: Peer, request: RequestId): void {
  const pending = peer.requests.pending.get(request);
  if (pending === undefined || pending.ask.kind !== "store") return;
  const why = sentences.spoilt(pending.ask.name);
  endRequest(peer, request, pending, { kind: "failed", why, maybe: false });
}
