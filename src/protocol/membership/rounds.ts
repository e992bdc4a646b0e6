/** Rounds of pings to the two successors, their answers, and the asking after members that are awaited. */

import { standingOf } from "../model/absence.ts";
import { boundTable } from "../model/bounded.ts";
import {
  AWAITED_FIRST_RETRY_MS,
  AWAITED_NOTICE_MS,
  AWAITED_RETRY_MS,
  AWAITED_STREAM_MS,
  DEPARTED_BY_STREAM,
  LOST_BY_STREAM,
  LOST_TRY_FOR_MS,
  LOST_TRY_MS,
  PROBES_AT_ONCE,
  RESTORED_GRACE_MS,
  ROUND_AFTER_CHANGE_MS,
} from "../model/config.ts";
import type { Member } from "../model/member.ts";
import type { Channel, Ping, Pong } from "../model/messages.ts";
import { randomBelow, randomBits } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { lines } from "../model/transcript.ts";
import { isIn, line, note, type Peer, send } from "../state.ts";
import { DEPARTED_ASKERS, TREE_WATCH_MS } from "./large.ts";
import { noteStanding } from "./late.ts";
import { SILENCE_MS, WATCH_MS } from "./patience.ts";
import { died, probeMember, watchWith } from "./probing.ts";
import { isLarge } from "./relaying.ts";
import { noteRoom, ownRoom } from "./room.ts";
import { mute, probeDatagrams, sendPing, wayTo } from "./ways.ts";

/** Pings both successors, and one departed member, so that the halves of a split ring find each other. */
export function beginRound(peer: Peer): void {
  const {
    self,
    membership: { view, awaited },
  } = peer;
  const { pingIntervalMs } = peer.config;
  peer.deadlines.set("round", 0, peer.now + pingIntervalMs);
  const watchMs = watchMsOf(peer);
  if (pingIntervalMs > watchMs) peer.deadlines.set("watch", 0, peer.now + watchMs);
  probeOneDeparted(peer);
  const successors = view.after(self.id, 2);
  if (successors.length === 0) return;
  line(peer, lines.pingsSent(...view.successorPair(self.id)), true);
  peer.membership.roundSent.clear();
  for (const successor of successors) {
    const nonce = randomBits(peer.random);
    peer.membership.roundSent.set(successor.id, nonce);
    const way = wayTo(peer, successor.address);
    sendPing(peer, successor.address, nonce, way, true);
    if (way === "stream") probeDatagrams(peer, successor);
    if (!awaited.has(successor.id)) watchWith(peer, successor, nonce);
  }
}

/** Between two rounds that are far apart: who has stopped to answer is not found out by the next one only. */
export function watchSilently(peer: Peer): void {
  const { view, awaited, tree } = peer.membership;
  const watchMs = watchMsOf(peer);
  let next = peer.now + watchMs;
  for (const successor of view.after(peer.self.id, isLarge(peer) ? 1 : 2)) {
    // In a large ring with changes it is heard all the time: news comes from there.
    const due = (tree.heardAt.get(successor.id) ?? Number.NEGATIVE_INFINITY) + watchMs;
    if (due > peer.now) next = Math.min(next, due);
    else if (!awaited.has(successor.id)) probeMember(peer, successor, "watch", ["datagram"]);
  }
  peer.deadlines.set("watch", 0, next);
}

function watchMsOf(peer: Peer): number {
  return isLarge(peer) ? TREE_WATCH_MS : WATCH_MS;
}

/** Another round soon: the two successors are others than before, or have begun to answer. */
export function roundSoon(peer: Peer): void {
  peer.deadlines.setEarlier("round", 0, peer.now + ROUND_AFTER_CHANGE_MS);
}

/** Answered the way it was asked. */
export function receivePing(peer: Peer, from: Member, ping: Ping, channel: Channel): void {
  // A joiner answers nobody before it is in: its answer would carry no incarnation.
  if (!isIn(peer)) return;
  noteStanding(peer, from, ping, false);
  const { nonce, round } = ping;
  if (round && peer.membership.roundHeard.get(from.id) !== nonce) {
    peer.membership.roundHeard.set(from.id, nonce);
    boundTable(peer.membership.roundHeard, PROBES_AT_ONCE);
    line(peer, lines.pingReceived(from.id), true);
  }
  noteRoom(peer, from, ping.room);
  // Rounds go by stream where datagrams have failed: ours would fail there as well.
  if (round && channel === "stream") mute(peer, from.address);
  const { digest } = peer.membership.view;
  const room = ownRoom(peer);
  const standing = standingOf(peer.membership.absence, peer.now);
  send(peer, from.address, channel, { tag: "pong", nonce, round, digest, room, ...standing });
}

/**
 * The disk has room for so many bytes. Those beside this peer, whose files it should hold or who should
 * hold its own, hear at once of what makes a difference to them; all others with their next ping.
 */
export function takeRoom(peer: Peer, bytes: number): void {
  const before = peer.membership.room;
  peer.membership.room = bytes;
  if (!isIn(peer) || (bytes > before / 2 && bytes / 2 < before) || bytes === before) return;
  const {
    self,
    config,
    membership: { view },
  } = peer;
  const beside = [
    ...view.before(self.id, config.replicationFactor),
    ...view.after(self.id, config.replicationFactor),
  ];
  for (const { address } of new Set(beside)) {
    sendPing(peer, address, randomBits(peer.random), wayTo(peer, address));
  }
}

/** Prints a round's answer, once. */
export function receiveRoundAnswer(peer: Peer, from: Member, pong: Pong): void {
  noteStanding(peer, from, pong, true);
  noteRoom(peer, from, pong.room);
  if (!pong.round || peer.membership.roundSent.get(from.id) !== pong.nonce) return;
  peer.membership.roundSent.delete(from.id);
  line(peer, lines.pongReceived(from.id), true);
}

/** Begins to await a present member. `until`: when it is given up; infinity for one named by hand. */
export function awaitMember(peer: Peer, id: number, until: number): void {
  peer.changed = true;
  peer.membership.awaited.set(id, { since: peer.now, until, retryMs: AWAITED_FIRST_RETRY_MS });
  peer.deadlines.set("awaited", id, peer.now);
  if (until === Number.POSITIVE_INFINITY) {
    peer.deadlines.set("awaited-notice", 0, peer.now + AWAITED_NOTICE_MS);
  }
}

/** Asks an awaited member again, or gives it up. */
export function askAwaited(peer: Peer, id: number): void {
  const awaited = peer.membership.awaited.get(id);
  const member = peer.membership.view.find(id);
  if (awaited === undefined || member === undefined) return;
  // In the end others are asked too: they may reach it.
  if (peer.now >= awaited.until - SILENCE_MS) probeMember(peer, member, "watch", ["datagram"]);
  if (peer.now >= awaited.until) {
    if (!peer.membership.probes.has(id)) died(peer, member, "lost");
    return;
  }
  const way = wayTo(peer, member.address);
  sendPing(peer, member.address, randomBits(peer.random), way);
  if (way === "datagram" && awaited.retryMs >= AWAITED_STREAM_MS) {
    sendPing(peer, member.address, randomBits(peer.random), "stream");
  }
  const waited = peer.now - awaited.since >= AWAITED_NOTICE_MS;
  const most = waited ? Math.max(AWAITED_RETRY_MS, peer.config.pingIntervalMs) : AWAITED_RETRY_MS;
  peer.deadlines.set("awaited", id, Math.min(peer.now + awaited.retryMs, awaited.until));
  awaited.retryMs = Math.min(awaited.retryMs * 2, most);
}

/** After a sleep of this very peer: those that it awaits get their time anew. */
export function extendAwaited(peer: Peer): void {
  for (const awaited of peer.membership.awaited.values()) {
    if (awaited.until !== Number.POSITIVE_INFINITY) awaited.until = peer.now + RESTORED_GRACE_MS;
  }
}

/** Says who has not started after all this time. */
export function noticeAwaited(peer: Peer): void {
  const ids = [...peer.membership.awaited].filter(([, a]) => a.until === Number.POSITIVE_INFINITY);
  if (ids.length > 0) note(peer, sentences.missing(ids.map(([id]) => id)));
}

/** Round by round, each of the departed in its turn. */
function probeOneDeparted(peer: Peer): void {
  if (!isAsker(peer)) return;
  const departed = peer.membership.departed.after(peer.membership.probedDeparted);
  if (departed === undefined) return;
  peer.membership.probedDeparted = departed.id;
  askDeparted(peer, departed, DEPARTED_BY_STREAM);
}

/**
 * Pings those that were lost of late beside this peer: they may have been cut off, and be back. Where a
 * ring is cut in parts, some on either side are neighbours of each other. All of them each time: in a small
 * part of a ring most of those that are missed may be dead, and only one behind a cut that is over by now.
 */
export function tryLost(peer: Peer): void {
  const lost = peer.membership.departed
    .lostSince(peer.now - LOST_TRY_FOR_MS)
    .filter(({ id }) => isBeside(peer, id));
  if (lost.length === 0) return;
  peer.deadlines.set("lost", 0, peer.now + LOST_TRY_MS);
  const oneIn = Math.ceil(lost.length / LOST_BY_STREAM);
  if (!isIn(peer)) return;
  for (const member of lost) if (isAsker(peer)) askDeparted(peer, member, oneIn);
}

/** True if a member with this id would be one of the two before or behind this peer. */
function isBeside({ self, membership: { view } }: Peer, id: number): boolean {
  const near = [...view.before(id, 2), ...view.after(id, 2)];
  return near.some((m) => m.id === self.id);
}

/** True of the few that ask in a large ring, others each time: one of them is enough. */
function isAsker(peer: Peer): boolean {
  return !isLarge(peer) || randomBelow(peer.random, peer.membership.view.size) < DEPARTED_ASKERS;
}

/** @param oneIn so many times by stream too: datagrams may be what parts the ring */
function askDeparted(peer: Peer, departed: Member, oneIn: number): void {
  const way = wayTo(peer, departed.address);
  sendPing(peer, departed.address, randomBits(peer.random), way);
  if (way === "datagram" && randomBelow(peer.random, oneIn) === 0) {
    sendPing(peer, departed.address, randomBits(peer.random), "stream");
  }
}
