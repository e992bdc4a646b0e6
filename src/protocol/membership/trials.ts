/**
 * Trying one member: pings at a pace, a long last try, by stream and through others too, then a verdict.
 * What an answer or a silence means depends on the reason (see TrialReason in state.ts).
 */

import { boundTable } from "../model/bounded.ts";
import { REFUSALS, TAKEN_PROBE_MS, TRIALS_AT_ONCE } from "../model/config.ts";
import { compareMembers, type Member, makeMember } from "../model/member.ts";
import type { Channel, Pong, Vouch, Vouched } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { type Peer, send } from "../state.ts";
import {
  LAST_TRY_PACE_MS,
  LOSSY_MS,
  LOSSY_PACE_MS,
  PACE_FLOOR_MS,
  PACE_MOST_MS,
  PACE_ROUND_TRIPS,
  PROBED_AFTER_FAILURE,
  PROBES_BEFORE_LAST_TRY,
  REFUTE_MS,
  SILENCE_MS,
  SUSPECT_PINGS,
  VOUCHERS,
  VOUCHERS_EVERY,
} from "./patience.ts";
import { endTrial, learn, trialKey } from "./records.ts";
import type { Trial, TrialReason } from "./state.ts";
import { sendPing, streamAnswered, wayTo } from "./ways.ts";

/**
 * Begins to try a member, unless it is being tried. `channels` carry the first ping; where datagrams do
 * not come through, the stream does.
 */
export function tryMember(
  peer: Peer,
  target: Member,
  reason: TrialReason,
  channels: readonly Channel[],
): void {
  const key = trialKey(reason, target.id);
  if (target.id === peer.self.id && reason !== "rival") return;
  const tried = peer.membership.trials.get(key);
  if (tried !== undefined && reason === "newcomer" && isLater(target, tried.target))
    endTrial(peer, tried);
  if (peer.membership.trials.has(key) || peer.membership.trials.size >= TRIALS_AT_ONCE) return;
  const trial: Trial = {
    reason,
    target,
    startedAt: peer.now,
    until: verdictAt(peer, reason, target),
    nonces: new Map(),
    sent: 0,
    lastTry: false,
    refusals: 0,
    refusedAt: Number.NEGATIVE_INFINITY,
    unanswered: false,
  };
  peer.membership.trials.set(key, trial);
  const way = wayTo(peer, target.address);
  for (const channel of new Set(channels.map((c) => (c === "datagram" ? way : c)))) {
    pingTarget(peer, trial, channel);
  }
  armTrial(peer, trial);
}

/** True of another run, or another address, of a newcomer that is being tried: the answer can only be its own. */
function isLater(target: Member, tried: Member): boolean {
  const other = target.birth !== tried.birth || target.address !== tried.address;
  return other && compareMembers(target, tried) > 0;
}

/** Adds a round's ping to the trial of a successor, which begins with it if there is none. */
export function watchWith(peer: Peer, target: Member, nonce: number): void {
  const trial = peer.membership.trials.get(target.id);
  if (trial !== undefined) trial.nonces.set(nonce, peer.now);
  else {
    tryMember(peer, target, "watch", []);
    peer.membership.trials.get(target.id)?.nonces.set(nonce, peer.now);
  }
}

/** The trial's next move at its deadline. @returns the trial if it ended in silence */
export function advanceTrial(peer: Peer, key: number): Trial | null {
  const trial = peer.membership.trials.get(key);
  if (trial === undefined) return null;
  if (trial.refusals >= REFUSALS) {
    endInSilence(peer, key, trial, "refused");
    return trial;
  }
  if (peer.now < trial.until) {
    if (trial.sent < PROBES_BEFORE_LAST_TRY) pingAgain(peer, trial);
    else tryHarder(peer, trial);
    armTrial(peer, trial);
    return null;
  }
  endInSilence(peer, key, trial, trial.reason === "word" ? "word" : "lost");
  return trial;
}

/** No answer: a member that was believed to be there is dead. */
export function endInSilence(
  peer: Peer,
  key: number,
  trial: Trial,
  why: "refused" | "lost" | "word",
): void {
  peer.membership.trials.delete(key);
  peer.deadlines.clear("trial", key);
  if (trial.reason === "watch" || trial.reason === "word") died(peer, trial.target, why);
}

/** An answer: the trial of its sender ends well if it is to one of its pings and from the same birth. */
export function answerTrial(peer: Peer, from: Member, pong: Pong, channel: Channel): Trial | null {
  for (const reason of ["watch", "newcomer", "rival"] as const) {
    const trial = peer.membership.trials.get(trialKey(reason, from.id));
    const sentAt = trial?.nonces.get(pong.nonce);
    if (trial === undefined || sentAt === undefined || from.birth !== trial.target.birth) continue;
    peer.membership.roundTrips.set(from.id, peer.now - sentAt);
    if (trial.sent > 1) peer.membership.datagrams.lostAt = peer.now;
    if (channel === "stream") streamAnswered(peer, from.address, trial);
    endTrial(peer, trial);
    return trial;
  }
  return null;
}

/** Asked by another: tries the target once, the way it was asked, and tells if it answers. */
export function vouchFor(peer: Peer, from: Member, vouch: Vouch, channel: Channel): void {
  const nonce = randomBits(peer.random);
  const { target } = vouch;
  peer.membership.vouching.set(nonce, { asker: from.address, nonce: vouch.nonce, target, channel });
  boundTable(peer.membership.vouching, TRIALS_AT_ONCE);
  sendPing(peer, target.address, nonce, channel);
}

/** Passes an answer on to the one who asked for it. */
export function tellAsker(peer: Peer, from: Member, pong: Pong): void {
  const vouching = peer.membership.vouching.get(pong.nonce);
  if (vouching === undefined || vouching.target.birth !== from.birth) return;
  peer.membership.vouching.delete(pong.nonce);
  const { nonce, target, asker, channel } = vouching;
  send(peer, asker, channel, { tag: "vouched", nonce, target });
}

/** Another had an answer from a member that is silent to us: it lives. @returns the trial that this ends */
export function acceptVouched(peer: Peer, { nonce, target }: Vouched): Trial | null {
  for (const reason of ["watch", "newcomer"] as const) {
    const trial = peer.membership.trials.get(trialKey(reason, target.id));
    if (!trial?.nonces.has(nonce) || trial.target.birth !== target.birth) continue;
    endTrial(peer, trial);
    return trial;
  }
  return null;
}

/** After a sleep of this very peer: all trials begin anew, for the silence was its own. */
export function restartTrials(peer: Peer): void {
  for (const trial of peer.membership.trials.values()) {
    trial.sent = 0;
    trial.lastTry = false;
    trial.refusals = 0;
    trial.until = verdictAt(peer, trial.reason, trial.target);
    pingTarget(peer, trial, wayTo(peer, trial.target.address));
    armTrial(peer, trial);
  }
}

/** Takes a present member for dead on this peer's own evidence, and looks at once whom else it has lost. */
export function died(peer: Peer, member: Member, why: "refused" | "lost" | "word"): void {
  const watched = isWatched(peer, member);
  const present = peer.membership.view.find(member.id);
  if (present === undefined || present.birth !== member.birth) return;
  if (learn(peer, makeMember({ ...present, state: "dead" }), why) && watched) tryNext(peer);
}

function isWatched(peer: Peer, member: Member): boolean {
  return peer.membership.view.after(peer.self.id, 2).some((m) => m.id === member.id);
}

/** Where one has failed, its neighbours may have as well. */
function tryNext(peer: Peer): void {
  for (const next of peer.membership.view.after(peer.self.id, PROBED_AFTER_FAILURE)) {
    if (!peer.membership.awaited.has(next.id))
      tryMember(peer, next, "watch", ["stream", "datagram"]);
  }
}

/** One more ping of a trial; its answer ends the trial as any other does. */
export function pingTarget(peer: Peer, trial: Trial, channel: Channel): void {
  const nonce = randomBits(peer.random);
  trial.nonces.set(nonce, peer.now);
  sendPing(peer, trial.target.address, nonce, channel);
}

function armTrial(peer: Peer, trial: Trial): void {
  trial.sent += 1;
  const { reason, target, until } = trial;
  const lossy = peer.now - peer.membership.datagrams.lostAt < LOSSY_MS;
  let wait = lossy ? LOSSY_PACE_MS : LAST_TRY_PACE_MS;
  if (trial.sent <= PROBES_BEFORE_LAST_TRY) wait = paceOf(peer, target);
  // One ping is enough where nobody is to be held for dead.
  if (reason === "rival") wait = TAKEN_PROBE_MS;
  peer.deadlines.set("trial", trialKey(reason, target.id), Math.min(peer.now + wait, until));
}

function paceOf(peer: Peer, target: Member): number {
  const wait = PACE_ROUND_TRIPS * (peer.membership.roundTrips.get(target.id) ?? 0);
  return Math.max(PACE_FLOOR_MS, Math.min(PACE_MOST_MS, wait));
}

/** When the silence of a trial that begins now is a verdict. */
function verdictAt(peer: Peer, reason: TrialReason, target: Member): number {
  if (reason === "rival") return peer.now + TAKEN_PROBE_MS;
  if (reason !== "word") return peer.now + SILENCE_MS;
  return peer.now + Math.max(REFUTE_MS, PROBES_BEFORE_LAST_TRY * paceOf(peer, target));
}

/** By datagram whatever is known of them: where they are lost, so may be what goes by stream. */
function pingAgain(peer: Peer, trial: Trial): void {
  for (const channel of new Set(["datagram", wayTo(peer, trial.target.address)] as const)) {
    pingTarget(peer, trial, channel);
  }
}

/** All ways there are: now and then a stream is tried as well, and others are asked, each time other ones. */
function tryHarder(peer: Peer, trial: Trial): void {
  const { target, reason } = trial;
  trial.lastTry = true;
  pingTarget(peer, trial, "datagram");
  if (trial.sent === SUSPECT_PINGS && reason === "watch" && isWatched(peer, target)) tryNext(peer);
  if ((trial.sent - PROBES_BEFORE_LAST_TRY) % VOUCHERS_EVERY !== 0) return;
  pingTarget(peer, trial, "stream");
  // Those who spread word have tried it themselves.
  if (reason === "word") return;
  const unfit = (m: Member) => m.id === target.id || m.id === peer.self.id;
  for (const other of peer.membership.view.sample(peer.random, VOUCHERS, unfit)) {
    const nonce = randomBits(peer.random);
    trial.nonces.set(nonce, peer.now);
    // Both ways, since either may be what is broken.
    for (const channel of new Set([wayTo(peer, other.address), "stream"] as const)) {
      send(peer, other.address, channel, { tag: "vouch", nonce, target });
    }
  }
}
