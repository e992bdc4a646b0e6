/**
 * One peer's protocol: state and input in, effects out. Nothing here reads a clock, draws chance or
 * waits: the same state and the same input give the same effects, always.
 */

import { met, probeJudged } from "./lifecycle/admitting.ts";
import { beginLeaving, departWhenSafe, reviewDeparture } from "./lifecycle/leaving.ts";
import { hearFormer, silentNoMore, waitForReturn } from "./lifecycle/returning.ts";
import { wake } from "./lifecycle/sleep.ts";
import { begin, contactLost, formerPlaceEmpty, persisted } from "./lifecycle/starting.ts";
import { meetsFormerSelf } from "./membership/former.ts";
import { greetedInVain } from "./membership/greeting.ts";
import { asHeard, postpone, takePostponed } from "./membership/late.ts";
import { hear } from "./membership/news.ts";
import { meetUnreachable } from "./membership/refusals.ts";
import { takeRoom } from "./membership/rounds.ts";
import { soughtInVain } from "./membership/seeking.ts";
import { isAsking, takeFamiliar, waitForMember } from "./membership/strangers.ts";
import type { Postponed } from "./model/absence.ts";
import { agedHere } from "./model/ages.ts";
import { OWN_MESSAGES } from "./model/config.ts";
import type { Effect, Input, StartInput } from "./model/io.ts";
import type { Message } from "./model/messages.ts";
import type { SharedViews } from "./model/view.ts";
import { meetDeadline } from "./overdue.ts";
import { receive } from "./receiving.ts";
import { checkAcknowledgements, takeReadings } from "./replication/acknowledging.ts";
import { fetchQueued } from "./replication/fetching.ts";
import { reviewInquiries } from "./replication/inquiring.ts";
import { contentPlaced, placeElsewhere, placementFailed } from "./replication/placing.ts";
import { replicaDamaged } from "./replication/repairing.ts";
import { replicaHeld, replicaRefused } from "./replication/replicating.ts";
import { contentServed, looked, readPlaced } from "./replication/serving.ts";
import { finishStep } from "./reporting.ts";
import { inquiryEnded, rerouteHop } from "./requests/arriving.ts";
import { contentDelivered, contentSpoilt, contentTaken } from "./requests/outcomes.ts";
import { beginRequest } from "./requests/requests.ts";
import { hopsTo } from "./requests/routing.ts";
import { createPeer, type Peer } from "./state.ts";

/**
 * Makes a peer from its start.
 * @param views where several peers in one process share their tables
 * @returns it with the effects that begin its life
 */
export function startPeer(
  start: StartInput,
  at: number,
  views: SharedViews | null = null,
): { peer: Peer; effects: Effect[] } {
  const peer = createPeer(start, at, views);
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
  const {
    lifecycle: { returning },
  } = peer;
  take(peer, input);
  for (const deadline of peer.deadlines.takeDue(peer.now)) {
    if (!hasEnded(peer)) meetDeadline(peer, deadline);
  }
  // It is in a ring again: what was asked meanwhile is asked now.
  if (returning !== null && peer.lifecycle.returning === null) {
    for (const { command, what } of returning.commands) beginRequest(peer, command, what);
  }
  goOn(peer);
  for (let i = 0; i < OWN_MESSAGES && !hasEnded(peer); i++) {
    const own = peer.loopback[i];
    if (own === undefined) break;
    receive(peer, own, { from: peer.self, body: null, channel: "stream", heldMs: 0 });
    goOn(peer);
  }
  if (peer.loopback.length > 0) peer.loopback.length = 0;
  return finishStep(peer);
}

/** What has waited for copies, or for a view, goes on. */
function goOn(peer: Peer): void {
  const inquests = reviewInquiries(peer);
  if (inquests !== null) {
    for (const inquest of inquests) inquiryEnded(peer, inquest);
    reviewDeparture(peer);
  }
  for (const reading of takeReadings(peer)) readPlaced(peer, reading);
}

function take(peer: Peer, input: Input): void {
  switch (input.type) {
    case "message":
      if (meetsFormerSelf(peer, input.from, input.message)) return;
      hear(peer, input.from, tells(input.message) ? input.channel : null);
      hearFormer(peer, input.from, input.message);
      receiveKnown(peer, input);
      return;
    case "unreachable":
      for (const judged of meetUnreachable(peer, input.address, input.how, input.broke)) {
        probeJudged(peer, judged);
      }
      for (const request of hopsTo(peer, input.address)) rerouteHop(peer, request);
      if (peer.lifecycle.joining?.contact === input.address) contactLost(peer, input.how);
      else if (input.how === "refused") silentNoMore(peer, input.address);
      if (input.how === "refused") soughtInVain(peer, input.address);
      formerPlaceEmpty(peer, input.address);
      greetedInVain(peer, input.address);
      return;
    case "greeted":
      met(peer, input);
      return;
    case "persisted":
      persisted(peer, input.incarnation);
      return;
    case "command":
      if (input.what.kind === "quit") beginLeaving(peer);
      else if (!waitForReturn(peer, input.command, input.what)) {
        beginRequest(peer, input.command, input.what);
      }
      return;
    case "fetched":
      fetched(peer, input);
      return;
    case "damaged":
      replicaDamaged(peer, input.write);
      return;
    case "room":
      takeRoom(peer, input.bytes);
      return;
    case "served":
      if (peer.requests.pending.has(input.request)) contentTaken(peer, input.request);
      else contentServed(peer, input.request, input.ok);
      return;
    case "spoilt":
      contentSpoilt(peer, input.request);
      return;
    case "looked":
      looked(peer, input.request, input.size);
      return;
    case "woke":
      wake(peer, input.sleptMs);
      return;
    case "start":
    case "tick":
      return;
    default:
      input satisfies never;
  }
}

/** Deals with a message, once it is known what its sender has been through, if that matters. */
function receiveKnown(peer: Peer, input: Extract<Input, { type: "message" }>): void {
  const { from, body, channel, heldMs } = input;
  const came = { from, message: agedHere(input.message, -peer.now), body, channel, heldMs };
  if (!(waitForMember(peer, came) || postpone(peer, came))) receiveAsHeard(peer, came);
  for (const waited of takePostponed(peer)) receiveAsHeard(peer, waited);
  for (const waited of takeFamiliar(peer)) {
    if (!postpone(peer, waited)) receiveAsHeard(peer, waited);
  }
}

/** True of messages whose sender hears at once if the ring knows better of it: it waits for an answer. */
function tells(message: Message): boolean {
  return message.tag === "ping" || isAsking(message);
}

function receiveAsHeard(peer: Peer, { message, ...came }: Postponed): void {
  receive(peer, asHeard(peer, came.from, message), came);
}

function fetched(peer: Peer, input: Extract<Input, { type: "fetched" }>): void {
  const job = peer.replication.jobs.take(input.job);
  if (job === undefined) return;
  const { result } = input;
  if (job.kind === "deliver") contentDelivered(peer, job.request, result);
  else if (!result.ok) {
    if (job.kind === "placement") placementFailed(peer, job.request, result.why, result.here);
    // One that failed on its way is replicated again by those who hold it.
    else if (result.here) {
      replicaRefused(peer, job.record, job.from);
      placeElsewhere(peer, [job.record]);
    }
  } else {
    if (job.kind === "placement") contentPlaced(peer, job.request, job.record);
    else {
      replicaHeld(peer, job.record, job.from);
      checkAcknowledgements(peer, peer.self, [job.record]);
    }
  }
  if (job.kind !== "deliver") fetchQueued(peer);
  departWhenSafe(peer);
}

function hasEnded(peer: Peer): boolean {
  return peer.phase === "ended";
}
