/** The pings of a probe, how long is waited for each, and how long for all of them. */

import { REFUSAL_LEAST_MS, REFUSAL_MOST_MS } from "../model/config.ts";
import type { Doubt } from "../model/events.ts";
import type { Member } from "../model/member.ts";
import type { Channel } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { emit, type Peer, send } from "../state.ts";
import { type Pause, REASONS } from "./machine.ts";
import {
  INDIRECT_PROBERS,
  LAST_TRY_EVERY_MS,
  LOSSY_EVERY_MS,
  LOSSY_MS,
  PROBE_WAIT_LEAST_MS,
  PROBE_WAIT_MOST_MS,
  PROBE_WAIT_ROUND_TRIPS,
  PROBES_BEFORE_LAST_TRY,
} from "./patience.ts";
import { probeKey } from "./records.ts";
import type { Probe, ProbeReason } from "./state.ts";
import { sendPing, wayTo } from "./ways.ts";

/** One more ping of a probe; its answer ends the probe as any other does. */
export function pingTarget(peer: Peer, probe: Probe, channel: Channel): void {
  sendPing(peer, probe.target.address, newNonce(peer, probe), channel);
}

/** By datagram whatever is known of them: where they are lost, so may be what goes by stream. */
export function pingAgain(peer: Peer, probe: Probe): void {
  for (const channel of new Set(["datagram", wayTo(peer, probe.target.address)] as const)) {
    pingTarget(peer, probe, channel);
  }
}

/** By stream as well, and others are asked to try, each time other ones. */
export function tryEveryWay(peer: Peer, probe: Probe): void {
  const { target, reason } = probe;
  pingTarget(peer, probe, "stream");
  if (!REASONS[reason].asksOthers) return;
  const unfit = (m: Member) => m.id === target.id || m.id === peer.self.id;
  const others = peer.membership.view.sample(peer.random, INDIRECT_PROBERS, unfit);
  tellDoubt(
    peer,
    probe,
    "asking",
    others.map(({ id }) => id),
  );
  for (const other of others) {
    const nonce = newNonce(peer, probe);
    // Both ways, since either may be what is broken.
    for (const channel of new Set([wayTo(peer, other.address), "stream"] as const)) {
      send(peer, other.address, channel, { tag: "ping-req", nonce, target });
    }
  }
}

/**
 * Tells the readers of events that a member is in doubt, or no more. Of one that is only awaited, or that has yet
 * to be believed, there can be none.
 */
export function tellDoubt(
  peer: Peer,
  probe: Probe,
  doubt: Doubt,
  asked: readonly number[] = [],
): void {
  const { id } = probe.target;
  const { view, awaited } = peer.membership;
  if (view.find(id) === undefined || awaited.has(id)) return;
  probe.doubt = doubt;
  emit(peer, { event: "probe", id, doubt, asked });
}

/** Sets the deadline of a phase that is entered. */
export function waitFor(peer: Peer, probe: Probe, pause: Pause): void {
  peer.deadlines.set(
    "probe",
    probeKey(probe.reason, probe.target.id),
    pause === "confirmation"
      ? probe.refusedAt + confirmationMs(peer, probe.target)
      : Math.min(peer.now + pauseMs(peer, probe, pause), probe.until),
  );
}

/** When the silence of a probe that begins now is a verdict. */
export function verdictAt(peer: Peer, reason: ProbeReason, target: Member): number {
  const { silenceMs, pingsOnce } = REASONS[reason];
  const pings = pingsOnce ? 0 : PROBES_BEFORE_LAST_TRY;
  return peer.now + Math.max(silenceMs, pings * probeWaitOf(peer, target));
}

function newNonce(peer: Peer, probe: Probe): number {
  const nonce = randomBits(peer.random);
  probe.nonces.set(nonce, peer.now);
  return nonce;
}

function pauseMs(peer: Peer, { reason, target }: Probe, pause: "answer" | "next-try"): number {
  const { silenceMs, pingsOnce } = REASONS[reason];
  if (pingsOnce) return silenceMs;
  if (pause === "answer") return probeWaitOf(peer, target);
  const lossy = peer.now - peer.membership.datagrams.lostAt < LOSSY_MS;
  return lossy ? LOSSY_EVERY_MS : LAST_TRY_EVERY_MS;
}

function probeWaitOf(peer: Peer, target: Member): number {
  const wait = PROBE_WAIT_ROUND_TRIPS * (peer.membership.roundTrips.get(target.id) ?? 0);
  return Math.max(PROBE_WAIT_LEAST_MS, Math.min(PROBE_WAIT_MOST_MS, wait));
}

function confirmationMs(peer: Peer, target: Member): number {
  const roundTrip = peer.membership.roundTrips.get(target.id) ?? Number.POSITIVE_INFINITY;
  return Math.max(REFUSAL_LEAST_MS, Math.min(REFUSAL_MOST_MS, PROBE_WAIT_ROUND_TRIPS * roundTrip));
}
