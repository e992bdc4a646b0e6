/**
 * One peer's protocol: state and input in, effects out. Nothing here reads a clock, draws chance or
 * waits: the same state and the same input give the same effects, always.
 */
import { settleContest } from "./admitting.ts";
import { rerouteHop } from "./arriving.ts";
import { ASLEEP_MS, OWN_MESSAGES } from "./config.ts";
import { copyHeld, copyRefused } from "./copies.ts";
import { fetchQueued } from "./fetching.ts";
import type { Effect, Input, StartInput } from "./io.ts";
import { beginLeaving, departWhenSafe } from "./leaving.ts";
import { afterSilence, hear } from "./news.ts";
import { meetDeadline } from "./overdue.ts";
import { contentPlaced, placementFailed } from "./placing.ts";
import { receive } from "./receiving.ts";
import { meetUnreachable } from "./refusals.ts";
import { copyDamaged } from "./repairing.ts";
import { finishStep } from "./reporting.ts";
import { beginRequest, contentDelivered, contentTaken } from "./requests.ts";
import { extendAwaited } from "./rounds.ts";
import { hopsTo } from "./routing.ts";
import { contentServed, looked } from "./serving.ts";
import { begin, contactLost, persisted } from "./starting.ts";
import { createPeer, type Peer } from "./state.ts";
import { restartTrials } from "./trials.ts";

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
    // Others may have owned its part of the circle meanwhile.
    peer.epoch += 1;
  }
  take(peer, input);
  for (const deadline of peer.deadlines.takeDue(peer.now)) {
    if (!hasEnded(peer)) meetDeadline(peer, deadline);
  }
  for (let i = 0; i < OWN_MESSAGES && !hasEnded(peer); i++) {
    const own = peer.loopback[i];
    if (own === undefined) break;
    receive(peer, peer.self, own, null, "stream");
  }
  if (peer.loopback.length > 0) peer.loopback.length = 0;
  return finishStep(peer);
}

function take(peer: Peer, input: Input): void {
  switch (input.type) {
    case "message":
      hear(peer, input.from, input.message.tag === "ping" ? input.channel : null);
      receive(peer, input.from, input.message, input.body, input.channel);
      return;
    case "unreachable":
      for (const trial of meetUnreachable(peer, input.address, input.how, input.broke)) {
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
    case "damaged":
      copyDamaged(peer, input.name, input.stamp);
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
      return;
    default:
      input satisfies never;
  }
}

function fetched(peer: Peer, input: Extract<Input, { type: "fetched" }>): void {
  const job = peer.jobs.get(input.job);
  if (job === undefined) return;
  peer.jobs.delete(input.job);
  const { result } = input;
  if (job.kind === "deliver") contentDelivered(peer, job.request, result);
  else if (!result.ok) {
    if (job.kind === "placement") placementFailed(peer, job.request, result.why, result.here);
    // One that failed on its way is offered again by those who hold it.
    else if (result.here) copyRefused(peer, job.record, job.from);
  } else {
    const { size, sha256 } = result;
    const record = { ...job.record, size, sha256 };
    if (job.kind === "placement") contentPlaced(peer, job.request, record);
    else copyHeld(peer, record, job.from);
  }
  if (job.kind === "copy") fetchQueued(peer);
  departWhenSafe(peer);
}

function hasEnded(peer: Peer): boolean {
  return peer.phase === "ended";
}
