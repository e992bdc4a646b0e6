/**
 * One peer's protocol: state and input in, effects out. Nothing here reads a clock, draws chance or
 * waits: the same state and the same input give the same effects, always.
 */
import { receiveSuccessorChange, settleContest, tellJoiner, unlockGap } from "./admitting.ts";
import { receiveRouted, rerouteHop } from "./arriving.ts";
import { ASLEEP_MS } from "./config.ts";
import { copyHeld, fetchQueued, receiveHolding, receiveOffer, repair } from "./copies.ts";
import type { Deadline } from "./deadlines.ts";
import type { Effect, Input, StartInput } from "./io.ts";
import { joinOverdue, receiveIntroduction, receiveJoinAnswer } from "./joining.ts";
import {
  beginLeaving,
  departureHeard,
  departWhenSafe,
  endDeparture,
  leaveOverdue,
} from "./leaving.ts";
import type { Member } from "./member.ts";
import type { Message } from "./messages.ts";
import { absorb, afterAnswer, afterSilence, hear } from "./news.ts";
import { finishStep } from "./reporting.ts";
import {
  beginRequest,
  contentDelivered,
  contentTaken,
  endListing,
  receiveAnswer,
  receiveList,
  receiveListed,
  requestOverdue,
} from "./requests.ts";
import {
  askAwaited,
  beginRound,
  extendAwaited,
  noticeAwaited,
  receivePing,
  receiveRoundAnswer,
} from "./rounds.ts";
import { hopAcknowledged, hopsTo } from "./routing.ts";
import {
  checkReceipts,
  contentPlaced,
  contentServed,
  endInquiry,
  looked,
  placementFailed,
  receiptOverdue,
  receiveDelegate,
  receiveInquired,
} from "./serving.ts";
import { compareDigest, receiveSync, settleCheck } from "./spreading.ts";
import { begin, contactLost, persisted } from "./starting.ts";
import { createPeer, type Peer, send } from "./state.ts";
import {
  acceptVouched,
  advanceTrial,
  answerTrial,
  meetUnreachable,
  restartTrials,
  tellAsker,
  vouchFor,
} from "./trials.ts";

/** Makes a peer from its start. @returns it with the effects that begin its life */
export function startPeer(start: StartInput, at: number): { peer: Peer; effects: Effect[] } {
  const peer = createPeer(start, at);
  begin(peer);
  return { peer, effects: finishStep(peer) };
}

/** When the peer wants its next tick; infinity if it waits for messages alone. */
export function nextDeadline(peer: Peer): number {
  return peer.phase === "ended" ? Number.POSITIVE_INFINITY : peer.deadlines.next();
}

/**
 * Gives one input to a peer. Inputs come in the order of their times, in milliseconds on a clock that
 * never goes back.
 */
export function step(peer: Peer, input: Input): Effect[] {
  if (peer.phase === "ended") return [];
  peer.now = Math.max(peer.now, input.at);
  // Silence during a sleep of this very peer says nothing of the others.
  if (peer.now - peer.deadlines.next() > ASLEEP_MS) {
    restartTrials(peer);
    extendAwaited(peer);
  }
  take(peer, input);
  for (const deadline of peer.deadlines.takeDue(peer.now)) {
    if (!hasEnded(peer)) meetDeadline(peer, deadline);
  }
  for (let own = peer.loopback.shift(); own !== undefined; own = peer.loopback.shift()) {
    if (!hasEnded(peer)) receive(peer, peer.self, own);
  }
  return finishStep(peer);
}

function take(peer: Peer, input: Input): void {
  switch (input.type) {
    case "message":
      hear(peer, input.from, input.message.tag === "ping");
      receive(peer, input.from, input.message);
      return;
    case "unreachable":
      for (const trial of meetUnreachable(peer, input.address, input.how)) {
        afterSilence(peer, trial);
        settleContest(peer, trial, false);
      }
      for (const request of hopsTo(peer, input.address)) rerouteHop(peer, request);
      if (peer.joining?.contact === input.address) contactLost(peer, input.how);
      return;
    case "persisted":
      persisted(peer, input.incarnation);
      return;
    case "command":
      if (input.what.kind === "quit") beginLeaving(peer);
      else beginRequest(peer, input.command, input.what);
      return;
    case "fetched":
      fetched(peer, input);
      return;
    case "served":
      if (peer.pending.has(input.request)) contentTaken(peer, input.request);
      else contentServed(peer, input.request, input.ok);
      return;
    case "looked":
      looked(peer, input.request, input.size);
      return;
    case "start":
    case "tick":
  }
}

function receive(peer: Peer, from: Member, message: Message): void {
  switch (message.tag) {
    case "ping":
      receivePing(peer, from, message);
      return;
    case "pong": {
      receiveRoundAnswer(peer, from, message);
      tellAsker(peer, from, message);
      const trial = answerTrial(peer, from, message);
      if (trial !== null) {
        afterAnswer(peer, trial, from);
        settleContest(peer, trial, true);
      }
      compareDigest(peer, from, message.digest);
      return;
    }
    case "vouch":
      vouchFor(peer, from, message);
      return;
    case "vouched":
      acceptVouched(peer, message);
      return;
    case "gossip":
      absorb(peer, message.members, message.joining);
      return;
    case "sync":
      receiveSync(peer, from, message);
      return;
    case "introduce":
      introduce(peer, from, message.request);
      return;
    case "introduction":
      receiveIntroduction(peer, message);
      return;
    case "routed":
      receiveRouted(peer, from, message);
      return;
    case "ack":
      acknowledged(peer, from, message.request);
      return;
    case "answer":
      receiveAnswer(peer, from, message);
      return;
    case "join-answer":
      receiveJoinAnswer(peer, from, message);
      return;
    case "join-done":
      if (peer.lock?.request === message.request) unlockGap(peer);
      return;
    case "successor-change":
      receiveSuccessorChange(peer, from, message);
      return;
    case "depart":
      // Its header said that it has left, which was heard already.
      send(peer, from.address, "stream", { tag: "ack", request: message.request });
      return;
    case "inquire": {
      const record = peer.files.get(message.name) ?? null;
      const { request } = message;
      send(peer, from.address, "stream", { tag: "inquired", request, record });
      return;
    }
    case "inquired":
      receiveInquired(peer, from, message);
      return;
    case "delegate":
      receiveDelegate(peer, message);
      return;
    case "offer":
      receiveOffer(peer, from, message.records);
      return;
    case "holding":
      checkReceipts(peer, receiveHolding(peer, from, message.files));
      departWhenSafe(peer);
      return;
    case "list":
      receiveList(peer, from, message);
      return;
    case "listed":
      receiveListed(peer, from, message);
      return;
    // Contents travel on connections of their own, which the driver serves.
    case "fetch":
    case "content":
    case "content-end":
    case "content-refused":
  }
}

function meetDeadline(peer: Peer, { kind, key }: Deadline): void {
  switch (kind) {
    case "round":
      beginRound(peer);
      return;
    case "settle":
      settleCheck(peer);
      return;
    case "trial": {
      const trial = advanceTrial(peer, key);
      if (trial === null) return;
      afterSilence(peer, trial);
      settleContest(peer, trial, false);
      return;
    }
    case "awaited":
      askAwaited(peer, key);
      return;
    case "awaited-notice":
      noticeAwaited(peer);
      return;
    case "join":
      if (joinOverdue(peer)) contactLost(peer, "timeout");
      return;
    case "lock":
      unlockGap(peer);
      return;
    case "change":
      tellJoiner(peer);
      return;
    case "hop":
      rerouteHop(peer, key);
      return;
    case "request":
      requestOverdue(peer, key);
      return;
    case "inquiry":
      endInquiry(peer, key);
      return;
    case "list":
      endListing(peer, key);
      return;
    case "receipt":
      receiptOverdue(peer, key);
      return;
    case "repair":
      repair(peer);
      departWhenSafe(peer);
      return;
    case "leave":
      leaveOverdue(peer);
      return;
    case "depart":
      endDeparture(peer);
  }
}

function acknowledged(peer: Peer, from: Member, request: number): void {
  if (peer.lock?.request === request && !peer.lock.told) tellJoiner(peer);
  else if (peer.departing?.request === request) departureHeard(peer, from);
  else hopAcknowledged(peer, request);
}

function fetched(peer: Peer, input: Extract<Input, { type: "fetched" }>): void {
  const job = peer.jobs.get(input.job);
  if (job === undefined) return;
  peer.jobs.delete(input.job);
  const { result } = input;
  if (job.kind === "deliver") contentDelivered(peer, job.request, result);
  else if (job.kind === "placement") {
    if (result.ok) {
      const { size, sha256 } = result;
      contentPlaced(peer, job.request, { ...job.record, size, sha256 });
    } else placementFailed(peer, job.request, result.why);
  } else {
    // A copy that failed is offered again by those who hold it.
    if (result.ok) copyHeld(peer, job.record, job.from);
    fetchQueued(peer);
  }
  departWhenSafe(peer);
}

function introduce(peer: Peer, from: Member, request: number): void {
  if (peer.phase !== "in") return;
  const { bits, strategy, pingIntervalMs, copies } = peer.config;
  send(peer, from.address, "stream", {
    tag: "introduction",
    request,
    bits,
    strategy,
    pingIntervalMs,
    copies,
    proposedId: peer.view.widestGapMiddle(bits),
  });
}

function hasEnded(peer: Peer): boolean {
  return peer.phase === "ended";
}
