/**
 * The way to a member: by datagram, or by stream where datagrams do not come through. Some networks drop
 * UDP one way or both; there a ring works over TCP alone, only slower. That they do not come through is
 * learnt from a probe which only the stream answered, and it is looked at again with each round.
 */
import { standingOf } from "../model/absence.ts";
import { boundTable } from "../model/bounded.ts";
import {
  DATAGRAM_PROBES,
  DATAGRAMS_MISSED,
  MUTED_MS,
  MUTED_ROUNDS,
  PROBES_AT_ONCE,
} from "../model/config.ts";
import type { Address, Member } from "../model/member.ts";
import type { Channel } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { note, type Peer, send } from "../state.ts";
import { ownRoom } from "./room.ts";

/** The way that messages to an address take which may be lost. */
export function wayTo(peer: Peer, address: Address): Channel {
  const { muted, unansweredByAll } = peer.membership.datagrams;
  const known = muted.get(address);
  if (known !== undefined && known.until < peer.now) muted.delete(address);
  return unansweredByAll || muted.has(address) ? "stream" : "datagram";
}

/** @param round one of a round, which the transcript shows */
export function sendPing(
  peer: Peer,
  to: Address,
  nonce: number,
  channel: Channel,
  round = false,
): void {
  const { digest } = peer.membership.view;
  const standing = standingOf(peer.membership.absence, peer.now);
  send(peer, to, channel, { tag: "ping", nonce, round, digest, room: ownRoom(peer), ...standing });
}

/** With a round's ping by stream: do datagrams come through after all? */
export function probeDatagrams(peer: Peer, member: Member): void {
  const {
    membership: { datagrams },
  } = peer;
  const muted = datagrams.muted.get(member.address);
  if (muted !== undefined && muted.missed >= DATAGRAMS_MISSED && !datagrams.said) {
    datagrams.said = true;
    note(
      peer,
      datagrams.unansweredByAll ? sentences.noDatagrams() : sentences.noDatagramsTo(member.id),
    );
  }
  const pings = datagrams.said || muted === undefined ? 1 : DATAGRAM_PROBES;
  if (muted !== undefined) muted.missed += pings;
  for (let i = 0; i < pings; i++) {
    sendPing(peer, member.address, randomBits(peer.random), "datagram");
  }
}

/** A ping by datagram was answered by one: both ways are open. */
export function datagramAnswered(peer: Peer, address: Address): void {
  const {
    membership: { datagrams },
  } = peer;
  datagrams.answeredAt = peer.now;
  datagrams.unansweredByAll = false;
  datagrams.muted.delete(address);
  if (!datagrams.said || [...datagrams.muted.values()].some(({ until }) => until >= peer.now))
    return;
  datagrams.said = false;
  note(peer, sentences.datagramsAgain());
}

/**
 * A ping by stream was answered by one, and datagrams to the same address were not meanwhile: they do not come
 * through; and if nobody else has answered one since then, none do.
 * @param since when the first of them was sent
 */
export function datagramsLost(peer: Peer, address: Address, since: number): void {
  const {
    membership: { datagrams },
  } = peer;
  if (wayTo(peer, address) === "stream") {
    stayMuted(peer, address);
    return;
  }
  if (datagrams.answeredAt < since) datagrams.unansweredByAll = true;
  mute(peer, address);
}

/** A ping by stream was answered by one: whoever is spoken to so is for a while longer. */
export function stayMuted(peer: Peer, address: Address): void {
  if (peer.membership.datagrams.muted.has(address)) mute(peer, address);
}

/** An address is spoken to by stream for a while: its datagrams do not come here, or ours not there. */
export function mute(peer: Peer, address: Address): void {
  const { muted } = peer.membership.datagrams;
  const missed = muted.get(address)?.missed ?? 0;
  const until = peer.now + MUTED_MS + MUTED_ROUNDS * peer.config.pingIntervalMs;
  muted.delete(address);
  muted.set(address, { until, missed });
  boundTable(muted, PROBES_AT_ONCE);
}
