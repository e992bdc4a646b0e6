/**
 * Trying one member: pings, each with its time to be answered, a long last try, by stream and through others too, then a verdict.
 * What an answer or a silence means depends on the reason (see ProbeReason in state.ts).
 */

import { PROBES_AT_ONCE, REFUSALS, TAKEN_PROBE_MS } from "../model/config.ts";
import { compareMembers, type Member, makeMember } from "../model/member.ts";
import type { Channel, PingReqAck, Pong } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { type Peer, send } from "../state.ts";
import {
  INDIRECT_EVERY,
  INDIRECT_PROBERS,
  LAST_TRY_EVERY_MS,
  LOSSY_EVERY_MS,
  LOSSY_MS,
  PROBE_WAIT_LEAST_MS,
  PROBE_WAIT_MOST_MS,
  PROBE_WAIT_ROUND_TRIPS,
  PROBED_AFTER_FAILURE,
  PROBES_BEFORE_LAST_TRY,
  REFUTE_MS,
  SILENCE_MS,
  SUSPECT_PINGS,
} from "./patience.ts";
import { endProbe, learn, probeKey } from "./records.ts";
import type { Probe, ProbeReason } from "./state.ts";
import { sendPing, streamAnswered, wayTo } from "./ways.ts";

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
    endProbe(peer, tried);
  if (peer.membership.probes.has(key) || peer.membership.probes.size >= PROBES_AT_ONCE) return;
  const probe: Probe = {
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
  peer.membership.probes.set(key, probe);
  const way = wayTo(peer, target.address);
  for (const channel of new Set(channels.map((c) => (c === "datagram" ? way : c)))) {
    pingTarget(peer, probe, channel);
  }
  armProbe(peer, probe);
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

/** The probe's next move at its deadline. @returns the probe if it ended in silence */
export function advanceProbe(peer: Peer, key: number): Probe | null {
  const probe = peer.membership.probes.get(key);
  if (probe === undefined) return null;
  if (probe.refusals >= REFUSALS) {
    endInSilence(peer, key, probe, "refused");
    return probe;
  }
  if (peer.now < probe.until) {
    if (probe.sent < PROBES_BEFORE_LAST_TRY) pingAgain(peer, probe);
    else tryHarder(peer, probe);
    armProbe(peer, probe);
    return null;
  }
  endInSilence(peer, key, probe, probe.reason === "suspicion" ? "suspicion" : "lost");
  return probe;
}

/** No answer: a member that was believed to be there is dead. */
export function endInSilence(
  peer: Peer,
  key: number,
  probe: Probe,
  why: "refused" | "lost" | "suspicion",
): void {
  peer.membership.probes.delete(key);
  peer.deadlines.clear("probe", key);
  if (probe.reason === "watch" || probe.reason === "suspicion") died(peer, probe.target, why);
}

/** An answer: the probe of its sender ends well if it is to one of its pings and from the same instance. */
export function answerProbe(peer: Peer, from: Member, pong: Pong, channel: Channel): Probe | null {
  for (const reason of ["watch", "unverified", "claimant"] as const) {
    const probe = peer.membership.probes.get(probeKey(reason, from.id));
    const sentAt = probe?.nonces.get(pong.nonce);
    if (probe === undefined || sentAt === undefined || from.instance !== probe.target.instance)
      continue;
    peer.membership.roundTrips.set(from.id, peer.now - sentAt);
    if (probe.sent > 1) peer.membership.datagrams.lostAt = peer.now;
    if (channel === "stream") streamAnswered(peer, from.address, probe);
    endProbe(peer, probe);
    return probe;
  }
  return null;
}

/** Another had an answer from a member that is silent to us: it lives. @returns the probe that this ends */
export function acceptRelayed(peer: Peer, { nonce, target }: PingReqAck): Probe | null {
  for (const reason of ["watch", "unverified"] as const) {
    const probe = peer.membership.probes.get(probeKey(reason, target.id));
    if (!probe?.nonces.has(nonce) || probe.target.instance !== target.instance) continue;
    endProbe(peer, probe);
    return probe;
  }
  return null;
}

/** After a sleep of this very peer: all probes begin anew, for the silence was its own. */
export function restartProbes(peer: Peer): void {
  for (const probe of peer.membership.probes.values()) {
    probe.sent = 0;
    probe.lastTry = false;
    probe.refusals = 0;
    probe.until = verdictAt(peer, probe.reason, probe.target);
    pingTarget(peer, probe, wayTo(peer, probe.target.address));
    armProbe(peer, probe);
  }
}

/** Takes a present member for dead on this peer's own evidence, and looks at once whom else it has lost. */
export function died(peer: Peer, member: Member, why: "refused" | "lost" | "suspicion"): void {
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

/** One more ping of a probe; its answer ends the probe as any other does. */
export function pingTarget(peer: Peer, probe: Probe, channel: Channel): void {
  const nonce = randomBits(peer.random);
  probe.nonces.set(nonce, peer.now);
  sendPing(peer, probe.target.address, nonce, channel);
}

function armProbe(peer: Peer, probe: Probe): void {
  probe.sent += 1;
  const { reason, target, until } = probe;
  const lossy = peer.now - peer.membership.datagrams.lostAt < LOSSY_MS;
  let wait = lossy ? LOSSY_EVERY_MS : LAST_TRY_EVERY_MS;
  if (probe.sent <= PROBES_BEFORE_LAST_TRY) wait = probeWaitOf(peer, target);
  // One ping is enough where nobody is to be held for dead.
  if (reason === "claimant") wait = TAKEN_PROBE_MS;
  peer.deadlines.set("probe", probeKey(reason, target.id), Math.min(peer.now + wait, until));
}

function probeWaitOf(peer: Peer, target: Member): number {
  const wait = PROBE_WAIT_ROUND_TRIPS * (peer.membership.roundTrips.get(target.id) ?? 0);
  return Math.max(PROBE_WAIT_LEAST_MS, Math.min(PROBE_WAIT_MOST_MS, wait));
}

/** When the silence of a probe that begins now is a verdict. */
function verdictAt(peer: Peer, reason: ProbeReason, target: Member): number {
  if (reason === "claimant") return peer.now + TAKEN_PROBE_MS;
  if (reason !== "suspicion") return peer.now + SILENCE_MS;
  return peer.now + Math.max(REFUTE_MS, PROBES_BEFORE_LAST_TRY * probeWaitOf(peer, target));
}

/** By datagram whatever is known of them: where they are lost, so may be what goes by stream. */
function pingAgain(peer: Peer, probe: Probe): void {
  for (const channel of new Set(["datagram", wayTo(peer, probe.target.address)] as const)) {
    pingTarget(peer, probe, channel);
  }
}

/** All ways there are: now and then a stream is tried as well, and others are asked, each time other ones. */
function tryHarder(peer: Peer, probe: Probe): void {
  const { target, reason } = probe;
  probe.lastTry = true;
  pingTarget(peer, probe, "datagram");
  if (probe.sent === SUSPECT_PINGS && reason === "watch" && isWatched(peer, target)) tryNext(peer);
  if ((probe.sent - PROBES_BEFORE_LAST_TRY) % INDIRECT_EVERY !== 0) return;
  pingTarget(peer, probe, "stream");
  // Those who spread word have tried it themselves.
  if (reason === "suspicion") return;
  const unfit = (m: Member) => m.id === target.id || m.id === peer.self.id;
  for (const other of peer.membership.view.sample(peer.random, INDIRECT_PROBERS, unfit)) {
    const nonce = randomBits(peer.random);
    probe.nonces.set(nonce, peer.now);
    // Both ways, since either may be what is broken.
    for (const channel of new Set([wayTo(peer, other.address), "stream"] as const)) {
      send(peer, other.address, channel, { tag: "ping-req", nonce, target });
    }
  }
}
