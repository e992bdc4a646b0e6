/**
 * What it means that a connection was refused or not answered. A process that has ended refuses every
 * one, at once, and its own streams break. A single refusal may be a firewall's, or a reset's on the way:
 * so there are two more dials and a ping, all at once.
 */

import { boundTable } from "../model/bounded.ts";
import {
  PROBES_AT_ONCE,
  REFUSAL_BURST_MS,
  REFUSAL_LEAST_MS,
  REFUSAL_MOST_MS,
  REFUSALS,
  STREAMS_FORGOTTEN_MS,
  STREAMS_MISSED,
  STREAMS_ROW_MS,
} from "../model/config.ts";
import type { Unreachable } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { Channel } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { note, type Peer } from "../state.ts";
import { PROBE_WAIT_ROUND_TRIPS } from "./patience.ts";
import { endInSilence, pingTarget, probeMember } from "./probing.ts";
import { probeKey } from "./records.ts";
import type { Probe } from "./state.ts";

/**
 * An address could not be reached over a stream. A member that is only awaited may be about to start.
 * @param broke a stream that came from there has just ended, and none is open
 * @returns the probes that have thereby ended in silence
 */
export function meetUnreachable(
  peer: Peer,
  address: Address,
  how: Unreachable,
  broke: boolean,
): Probe[] {
  const ended: Probe[] = [];
  const member = memberAt(peer, address);
  const counts =
    member !== undefined && member.id !== peer.self.id && !peer.membership.awaited.has(member.id);
  if (counts) probeMember(peer, member, "watch", ["datagram"]);
  for (const probe of [...peer.membership.probes.values()]) {
    if (probe.target.address !== address) continue;
    if (how === "timeout") probe.unanswered = true;
    else if (refused(peer, probe, broke)) ended.push(probe);
  }
  return ended;
}

/** An answer to a ping: one by datagram where streams are refused says that only those are blocked. */
export function streamsBlocked(peer: Peer, from: Member, probe: Probe, channel: Channel): void {
  const {
    membership: { streamless },
  } = peer;
  if (channel === "stream") {
    streamless.delete(from.id);
    return;
  }
  const refusing = probe.refusals >= REFUSALS;
  if (!refusing && !probe.unanswered) return;
  const known = streamless.get(from.id);
  const fresh = known === undefined || peer.now - known.at > STREAMS_FORGOTTEN_MS;
  const state = fresh ? { missed: 0, at: peer.now, said: false } : known;
  if (peer.now - state.at > STREAMS_ROW_MS) state.missed = 0;
  state.missed += refusing ? STREAMS_MISSED : 1;
  state.at = peer.now;
  streamless.set(from.id, state);
  boundTable(streamless, PROBES_AT_ONCE);
  if (state.said || state.missed < STREAMS_MISSED) return;
  state.said = true;
  note(peer, sentences.noStreams(from.id, from.address));
}

/** @returns whether the probe has ended */
function refused(peer: Peer, probe: Probe, broke: boolean): boolean {
  if (peer.now - probe.refusedAt > REFUSAL_BURST_MS) {
    probe.refusedAt = peer.now;
    probe.refusals = 0;
    pingTarget(peer, probe, "datagram");
    // Both are dials: the stream is none any more.
    pingTarget(peer, probe, "stream");
    peer.effects.push({ type: "dial", address: probe.target.address });
  }
  probe.refusals += 1;
  if (probe.refusals !== REFUSALS) return false;
  const key = probeKey(probe.reason, probe.target.id);
  if (broke) {
    endInSilence(peer, key, probe, "refused");
    return true;
  }
  const roundTrip = peer.membership.roundTrips.get(probe.target.id) ?? Number.POSITIVE_INFINITY;
  const wait = Math.max(
    REFUSAL_LEAST_MS,
    Math.min(REFUSAL_MOST_MS, PROBE_WAIT_ROUND_TRIPS * roundTrip),
  );
  peer.deadlines.set("probe", key, probe.refusedAt + wait);
  return false;
}

/** The present member at an address: most often one that is being tried, else it has to be looked for. */
function memberAt(peer: Peer, address: Address): Member | undefined {
  for (const { target } of peer.membership.probes.values()) {
    const member = target.address === address ? peer.membership.view.find(target.id) : undefined;
    if (member?.address === address) return member;
  }
  return peer.membership.view.at(address);
}
