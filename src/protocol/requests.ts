/** The requests of this very peer: sent, sent again while nobody answers, and brought to an outcome. */
import { arrive } from "./arriving.ts";
import {
  CONTENT_FAILURES,
  LIST_RECORDS,
  LIST_WAIT_MS,
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
  REQUESTS_IN_FLIGHT,
} from "./config.ts";
import { beginFetch } from "./copies.ts";
import type { Outcome } from "./events.ts";
import { compareStamps, type FileRecord } from "./files.ts";
import type { Command, Input } from "./io.ts";
import type { Member } from "./member.ts";
import type { Answer, Ask, List, Listed, RequestId, Routed } from "./messages.ts";
import { randomRequest } from "./random.ts";
import { sentences } from "./sentences.ts";
import {
  emit,
  isIn,
  type Listing,
  line,
  type Peer,
  type Pending,
  seeFirst,
  send,
} from "./state.ts";
import { lines } from "./transcript.ts";

/** A command that asks something of the ring. `command` is the driver's number for it. */
export function beginRequest(
  peer: Peer,
  command: number,
  what: Exclude<Command, { kind: "quit" }>,
): void {
  const full = peer.pending.size + peer.listings.size >= REQUESTS_IN_FLIGHT;
  const request = randomRequest(peer.random);
  if (!isIn(peer)) end(peer, command, { kind: "failed", why: sentences.notIn() });
  else if (full) end(peer, command, { kind: "failed", why: sentences.tooManyRequests() });
  else if (what.kind === "list") beginListing(peer, command, request);
  else {
    if (what.kind === "store" && what.size !== null) {
      peer.effects.push({ type: "serve", request, what: { kind: "command", command } });
    }
    const times = { startedAt: peer.now, progressAt: peer.now };
    const pending: Pending = {
      command,
      ask: what,
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
  const { ask } = pending;
  const what = ask.kind === "store" ? "Store" : ask.kind === "request" ? "Request" : "Lookup";
  const object = ask.kind === "store" || ask.kind === "request" ? ask.name : "";
  const why = sentences.noOwnerAnswers(`${what} ${object}`.trim());
  endRequest(peer, request, pending, { kind: "failed", why });
}

/** Word from where the request ended. */
export function receiveAnswer(peer: Peer, from: Member, answer: Answer): void {
  const pending = peer.pending.get(answer.request);
  if (pending === undefined) return;
  const { outcome, route, request } = answer;
  const { ask } = pending;
  pending.progressAt = peer.now;
  pending.route = route;
  if (outcome.kind === "owner" && ask.kind === "lookup") {
    const { key } = ask;
    endRequest(peer, request, pending, { kind: "owner", key, owner: from.id, route });
  } else if (ask.kind === "store") {
    receiveStoreAnswer(peer, from, answer, pending);
  } else if (ask.kind === "request" && !pending.moving) {
    receiveFileAnswer(peer, from, answer, pending);
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
      peer.deadlines.set("request", request, peer.now + REQUEST_RETRY_MS);
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

/** "Which files do you hold?" */
export function receiveList(peer: Peer, from: Member, list: List): void {
  const records = [...peer.files.values()].slice(0, LIST_RECORDS);
  send(peer, from.address, "stream", { tag: "listed", request: list.request, records });
}

export function receiveListed(peer: Peer, from: Member, listed: Listed): void {
  const listing = peer.listings.get(listed.request);
  if (listing === undefined || !listing.silent.delete(from.id)) return;
  noteListed(listing, from.id, listed.records);
  if (listing.silent.size === 0) endListing(peer, listed.request);
}

/** All have answered, or have had their time. */
export function endListing(peer: Peer, request: RequestId): void {
  const listing = peer.listings.get(request);
  if (listing === undefined) return;
  peer.listings.delete(request);
  peer.deadlines.clear("list", request);
  const files = [...listing.found.values()];
  files.sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  end(peer, listing.command, { kind: "listed", files, silent: listing.silent.size });
}

function sendRequest(peer: Peer, request: RequestId, pending: Pending): void {
  peer.deadlines.set("request", request, peer.now + REQUEST_RETRY_MS);
  const { id, address } = peer.self;
  const origin = { id, address };
  const { ask } = pending;
  const routed: Routed = { tag: "routed", request, origin, route: [id], ask };
  arrive(peer, routed, seeFirst(peer, request));
}

function receiveStoreAnswer(peer: Peer, from: Member, answer: Answer, pending: Pending): void {
  const { outcome, request, route } = answer;
  if (pending.ask.kind !== "store") return;
  if (outcome.kind === "placed" && pending.ask.size === null) {
    endRequest(peer, request, pending, { kind: "placed", owner: from.id, route });
  } else if (outcome.kind === "stored") {
    const { record, copies, wanted } = outcome;
    endRequest(peer, request, pending, { kind: "stored", record, copies, wanted, route });
  } else if (outcome.kind === "failed") {
    endRequest(peer, request, pending, outcome);
  }
}

function receiveFileAnswer(peer: Peer, from: Member, answer: Answer, pending: Pending): void {
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
  beginFetch(peer, { kind: "deliver", request }, from, ask.name, size, into);
}

function beginListing(peer: Peer, command: number, request: RequestId): void {
  const others = peer.view.members.filter((m) => m.id !== peer.self.id);
  const silent = new Set(others.map((m) => m.id));
  const listing: Listing = { command, silent, found: new Map() };
  noteListed(listing, peer.self.id, [...peer.files.values()]);
  peer.listings.set(request, listing);
  peer.deadlines.set("list", request, peer.now + LIST_WAIT_MS);
  for (const { address } of others) send(peer, address, "stream", { tag: "list", request });
  if (silent.size === 0) endListing(peer, request);
}

function noteListed(listing: Listing, holder: number, records: readonly FileRecord[]): void {
  for (const record of records) {
    const found = listing.found.get(record.name);
    const order = found === undefined ? 1 : compareStamps(record.stamp, found.record.stamp);
    if (order > 0) listing.found.set(record.name, { record, holders: [holder] });
    else if (order === 0 && found !== undefined) {
      listing.found.set(record.name, { record, holders: [...found.holders, holder] });
    }
  }
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
  return ask.kind === "store" || ask.kind === "request" ? ask.name : "";
}

function end(peer: Peer, command: number, outcome: Outcome): void {
  emit(peer, { event: "outcome", command, outcome });
}
