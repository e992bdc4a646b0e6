/**
 * Trying one member: pings, each with its time to be answered, a long last try, by stream and through others too, then
 * a verdict. Which of them, when, and what ends it, say the tables of machine.ts; here is what becomes an
 * event of theirs, and what their actions do.
 */

import { boundTable } from "../model/bounded.ts";
import { PROBES_AT_ONCE, STREAMS_MISSED, SYNC_MEMBERS } from "../model/config.ts";
import { compareMembers, type Member, makeMember } from "../model/member.ts";
import type { Channel, PingReqAck, Pong } from "../model/messages.ts";
import type { Peer } from "../state.ts";
import {
  type Action,
  PAUSES,
  type ProbeEvent,
  REASONS,
  REFUSAL_TABLE,
  SILENCE_TABLE,
  type Transition,
} from "./machine.ts";
import {
  DOUBTED_AFTER,
  INDIRECT_EVERY,
  PROBED_AFTER_FAILURE,
  PROBES_BEFORE_LAST_TRY,
  SUSPECT_PINGS,
} from "./patience.ts";
import { pingAgain, pingTarget, tellDoubt, tryEveryWay, verdictAt, waitFor } from "./pinging.ts";
import { endProbe, learn, probeKey } from "./records.ts";
import type {
  Death,
  Judged,
  Probe,
  ProbeEnd,
  ProbeReason,
  RefusalPhase,
  SilencePhase,
} from "./state.ts";
import { blameStreams } from "./streamless.ts";
import { datagramsLost, stayMuted, wayTo } from "./ways.ts";

/** By whom a ping was answered, and when that was sent. */
type Answer = { readonly from: Member; readonly sentAt: number };

/** What is done at each: an action without its line here is a mistake that the compiler sees. */
const ACTIONS: Readonly<Record<Action, (peer: Peer, probe: Probe, answer: Answer) => void>> = {
  ping: (peer, probe) => pingTarget(peer, probe, "datagram"),
  "ping-again": (peer, probe) => {
    pingAgain(peer, probe);
    if (probe.missed === DOUBTED_AFTER) tellDoubt(peer, probe, "silent");
  },
  "try-neighbours": (peer, { missed, reason, target }) => {
    if (missed !== SUSPECT_PINGS || !REASONS[reason].triesNeighbours) return;
    if (isWatched(peer, target)) tryNext(peer);
  },
  "try-every-way": (peer, probe) => {
    if ((probe.missed - PROBES_BEFORE_LAST_TRY) % INDIRECT_EVERY === 0) tryEveryWay(peer, probe);
  },
  "begin-anew": (peer, probe) => {
    probe.missed = 0;
    probe.until = verdictAt(peer, probe.reason, probe.target);
    pingTarget(peer, probe, wayTo(peer, probe.target.address));
  },
  measure: (peer, _, { from, sentAt }) => {
    peer.membership.roundTrips.set(from.id, peer.now - sentAt);
    boundTable(peer.membership.roundTrips, SYNC_MEMBERS);
  },
  "note-loss": (peer) => {
    peer.membership.datagrams.lostAt = peer.now;
  },
  "stay-muted": (peer, _, { from }) => stayMuted(peer, from.address),
  mute: (peer, { startedAt }, { from }) => datagramsLost(peer, from.address, startedAt),
  "look-closer": (peer, probe) => {
    tellDoubt(peer, probe, "refused");
    probe.refusedAt = peer.now;
    pingTarget(peer, probe, "datagram");
    // Both are dials: the stream is none any more.
    pingTarget(peer, probe, "stream");
    peer.effects.push({ type: "dial", address: probe.target.address });
  },
  "note-timeout": (_, probe) => {
    probe.timedOut = true;
  },
  "blame-refusals": (peer, _, { from }) => blameStreams(peer, from, STREAMS_MISSED),
  "blame-timeout": (peer, { timedOut }, { from }) => {
    if (timedOut) blameStreams(peer, from, 1);
  },
  "clear-streams": (peer, _, { from }) => peer.membership.streamless.delete(from.id),
};

/** However many new members speak, or are spoken of, those that are known are watched. */
function placesFor(reason: ProbeReason): number {
  return reason === "unverified" || reason === "stranger" ? PROBES_AT_ONCE / 2 : PROBES_AT_ONCE;
}

/**
 * Begins to try a member, unless it is being tried. `channels` carry the first ping; where datagrams do
 * not come through, the stream does.
 */
export function probeMember(
  peer: Peer,
  target: Member,
  reason: ProbeReason,
  channels: readonly Channel[],
): void {
  const key = probeKey(reason, target.id);
  if (target.id === peer.self.id && reason !== "claimant") return;
  const tried = peer.membership.probes.get(key);
  if (tried !== undefined && reason === "unverified" && isLater(target, tried.target))
    befall(peer, tried, "restart");
  if (peer.membership.probes.has(key) || peer.membership.probes.size >= placesFor(reason)) return;
  const probe: Probe = {
    reason,
    target,
    startedAt: peer.now,
    silence: "waiting",
    refusals: "unrefused",
    end: null,
    until: verdictAt(peer, reason, target),
    nonces: new Map(),
    missed: 0,
    refusedAt: Number.NEGATIVE_INFINITY,
    timedOut: false,
    unanswered: false,
    doubt: null,
  };
  peer.membership.probes.set(key, probe);
  if (reason === "suspicion") tellDoubt(peer, probe, "word");
  const way = wayTo(peer, target.address);
  for (const channel of new Set(channels.map((c) => (c === "datagram" ? way : c)))) {
    pingTarget(peer, probe, channel);
  }
  waitFor(peer, probe, PAUSES.waiting);
}

/**
 * Tries a member that others say is dead with nothing but a dial: a refusal with their word is worth three
 * refusals without. If somebody takes the dial, it is pinged as any other a moment later.
 */
export function suspectQuietly(peer: Peer, target: Member): void {
  if (peer.membership.probes.has(target.id)) return;
  probeMember(peer, target, "suspicion", []);
  const probe = peer.membership.probes.get(target.id);
  if (probe === undefined) return;
  probe.refusals = "refused-twice";
  probe.refusedAt = peer.now;
  peer.effects.push({ type: "dial", address: target.address });
}

/** True of another run, or another address, of a new member that is being tried: the answer can only be its own. */
function isLater(target: Member, tried: Member): boolean {
  const other = target.instance !== tried.instance || target.address !== tried.address;
  return other && compareMembers(target, tried) > 0;
}

/** Adds a round's ping to the probe of a successor, which begins with it if there is none. */
export function watchWith(peer: Peer, target: Member, nonce: number): void {
  const probe = peer.membership.probes.get(target.id);
  if (probe !== undefined) probe.nonces.set(nonce, peer.now);
  else {
    probeMember(peer, target, "watch", []);
    peer.membership.probes.get(target.id)?.nonces.set(nonce, peer.now);
  }
}

/**
 * Something befalls a probe: both tables are asked, that of refusals first, until one ends it.
 * @param answer to one of its pings, if it is that
 * @returns what its end means, if this is its end
 */
export function befall(
  peer: Peer,
  probe: Probe,
  event: ProbeEvent,
  answer: Answer = { from: probe.target, sentAt: peer.now },
): Judged | null {
  if (probe.end !== null) return null;
  const refusal = REFUSAL_TABLE[probe.refusals][event];
  probe.refusals = refusal?.to ?? probe.refusals;
  follow(peer, probe, refusal, answer);
  if (refusal?.end !== undefined) return judge(peer, probe, refusal.end, answer);
  const silence = SILENCE_TABLE[probe.silence][event];
  probe.silence = silence?.to ?? probe.silence;
  follow(peer, probe, silence, answer);
  return silence?.end === undefined ? null : judge(peer, probe, silence.end, answer);
}

/** Its actions, and the deadline of the next phase. */
function follow(
  peer: Peer,
  probe: Probe,
  transition: Transition<SilencePhase | RefusalPhase>,
  answer: Answer,
): void {
  if (transition === null) return;
  if (transition.end !== undefined) endProbe(peer, probe, transition.end);
  for (const action of transition.do ?? []) ACTIONS[action](peer, probe, answer);
  const pause = transition.to === undefined ? null : PAUSES[transition.to];
  if (pause !== null) waitFor(peer, probe, pause);
}

/** What the reason for the probe makes of its end. A death is one at once; the rest is for those above. */
function judge(peer: Peer, probe: Probe, end: ProbeEnd, { from }: Answer): Judged | null {
  const { reason, target, doubt } = probe;
  const verdict = end === "superseded" ? null : REASONS[reason].verdicts[end];
  if (doubt !== null && (end === "answered" || end === "relayed"))
    tellDoubt(peer, probe, "answered");
  if (verdict === "lost" || verdict === "suspicion" || verdict === "refused")
    died(peer, target, verdict);
  return verdict === null ? null : { verdict, target, from };
}

/** The deadline of a probe has come. */
export function advanceProbe(peer: Peer, key: number): Judged | null {
  const probe = peer.membership.probes.get(key);
  if (probe === undefined) return null;
  probe.missed += 1;
  return befall(peer, probe, peer.now < probe.until ? "deadline" : "last-deadline");
}

/** An answer: it befalls the probe of its sender if it is to one of its pings and from the same instance. */
export function answerProbe(peer: Peer, from: Member, pong: Pong, channel: Channel): Judged | null {
  for (const reason of ["watch", "unverified", "claimant"] as const) {
    const probe = peer.membership.probes.get(probeKey(reason, from.id));
    const sentAt = probe?.nonces.get(pong.nonce);
    if (probe === undefined || sentAt === undefined || from.instance !== probe.target.instance)
      continue;
    const event = channel === "stream" ? "answer-by-stream" : "answer";
    return befall(peer, probe, event, { from, sentAt });
  }
  return null;
}

/** Another had an answer from a member that is silent to us: it lives. */
export function acceptRelayed(peer: Peer, { nonce, target }: PingReqAck): Judged | null {
  for (const reason of ["watch", "unverified"] as const) {
    const probe = peer.membership.probes.get(probeKey(reason, target.id));
    if (!probe?.nonces.has(nonce) || probe.target.instance !== target.instance) continue;
    return befall(peer, probe, "relayed-answer");
  }
  return null;
}

/** After a sleep of this very peer: all probes begin anew, for the silence was its own. */
export function restartProbes(peer: Peer): void {
  for (const probe of peer.membership.probes.values()) befall(peer, probe, "sleep");
}

/** Takes a present member for dead on this peer's own evidence, and looks at once whom else it has lost. */
export function died(peer: Peer, member: Member, why: Death): void {
  const watched = isWatched(peer, member);
  const present = peer.membership.view.find(member.id);
  if (present === undefined || present.instance !== member.instance) return;
  if (learn(peer, makeMember({ ...present, state: "dead" }), why) && watched) tryNext(peer);
}

function isWatched(peer: Peer, member: Member): boolean {
  return peer.membership.view.after(peer.self.id, 2).some((m) => m.id === member.id);
}

/** Where one has failed, its neighbours may have as well. */
function tryNext(peer: Peer): void {
  for (const next of peer.membership.view.after(peer.self.id, PROBED_AFTER_FAILURE)) {
    if (!peer.membership.awaited.has(next.id))
      probeMember(peer, next, "watch", ["stream", "datagram"]);
  }
}
