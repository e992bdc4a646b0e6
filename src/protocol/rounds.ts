/** Rounds of pings to the two successors, their answers, and the asking after members that are awaited. */
import {
  AWAITED_FIRST_RETRY_MS,
  AWAITED_NOTICE_MS,
  AWAITED_RETRY_MS,
  RESTORED_GRACE_MS,
  ROOMS_KNOWN,
  ROUND_AFTER_CHANGE_MS,
} from "./config.ts";
import type { Member } from "./member.ts";
import type { Ping, Pong } from "./messages.ts";
import { randomBits } from "./random.ts";
import { sentences } from "./sentences.ts";
import { boundTable, isIn, line, note, type Peer, send } from "./state.ts";
import { lines } from "./transcript.ts";
import { died, sendPing, watchWith } from "./trials.ts";

/** Pings both successors, and one gone member, so that the halves of a split ring find each other. */
export function beginRound(peer: Peer): void {
  const { view, self, awaited } = peer;
  peer.deadlines.set("round", 0, peer.now + peer.config.pingIntervalMs);
  tryOneGone(peer);
  const successors = view.after(self.id, 2);
  if (successors.length === 0) return;
  line(peer, lines.pingsSent(...view.successorPair(self.id)), true);
  peer.roundSent.clear();
  for (const successor of successors) {
    const nonce = randomBits(peer.random);
    peer.roundSent.set(successor.id, nonce);
    sendPing(peer, successor.address, nonce, "datagram", true);
    if (!awaited.has(successor.id)) watchWith(peer, successor, nonce);
  }
}

/** Another round soon: the two successors are others than before, or have begun to answer. */
export function roundSoon(peer: Peer): void {
  peer.deadlines.setEarlier("round", 0, peer.now + ROUND_AFTER_CHANGE_MS);
}

export function receivePing(peer: Peer, from: Member, ping: Ping): void {
  // A joiner answers nobody before it is in: its answer would carry no incarnation.
  if (!isIn(peer)) return;
  const { nonce, round } = ping;
  if (round && peer.roundHeard.get(from.id) !== nonce) {
    peer.roundHeard.set(from.id, nonce);
    line(peer, lines.pingReceived(from.id), true);
  }
  peer.rooms.set(from.birth, ping.room);
  boundTable(peer.rooms, ROOMS_KNOWN);
  const { digest } = peer.view;
  const { room } = peer;
  send(peer, from.address, "datagram", { tag: "pong", nonce, round, digest, room });
}

/** Prints a round's answer, once. */
export function receiveRoundAnswer(peer: Peer, from: Member, pong: Pong): void {
  peer.rooms.set(from.birth, pong.room);
  boundTable(peer.rooms, ROOMS_KNOWN);
  if (!pong.round || peer.roundSent.get(from.id) !== pong.nonce) return;
  peer.roundSent.delete(from.id);
  line(peer, lines.pongReceived(from.id), true);
}

/** Begins to await a present member. `until`: when it is given up; infinity for one named by hand. */
export function awaitMember(peer: Peer, id: number, until: number): void {
  peer.changed = true;
  peer.awaited.set(id, { since: peer.now, until, retryMs: AWAITED_FIRST_RETRY_MS });
  peer.deadlines.set("awaited", id, peer.now);
  if (until === Number.POSITIVE_INFINITY) {
    peer.deadlines.set("awaited-notice", 0, peer.now + AWAITED_NOTICE_MS);
  }
}

/** Asks an awaited member again, or gives it up. */
export function askAwaited(peer: Peer, id: number): void {
  const awaited = peer.awaited.get(id);
  const member = peer.view.find(id);
  if (awaited === undefined || member === undefined) return;
  if (peer.now >= awaited.until) {
    peer.awaited.delete(id);
    died(peer, member, "lost");
    return;
  }
  sendPing(peer, member.address, randomBits(peer.random), "datagram");
  const waited = peer.now - awaited.since >= AWAITED_NOTICE_MS;
  const most = waited ? Math.max(AWAITED_RETRY_MS, peer.config.pingIntervalMs) : AWAITED_RETRY_MS;
  peer.deadlines.set("awaited", id, Math.min(peer.now + awaited.retryMs, awaited.until));
  awaited.retryMs = Math.min(awaited.retryMs * 2, most);
}

/** After a sleep of this very peer: those that it awaits get their time anew. */
export function extendAwaited(peer: Peer): void {
  for (const awaited of peer.awaited.values()) {
    if (awaited.until !== Number.POSITIVE_INFINITY) awaited.until = peer.now + RESTORED_GRACE_MS;
  }
}

/** Says who has not started after all this time. */
export function noticeAwaited(peer: Peer): void {
  const ids = [...peer.awaited].filter(([, a]) => a.until === Number.POSITIVE_INFINITY);
  if (ids.length > 0) note(peer, sentences.missing(ids.map(([id]) => id)));
}

/** Round by round, each of the gone in its turn. */
function tryOneGone(peer: Peer): void {
  const gone = peer.gone.after(peer.triedGone);
  if (gone === undefined) return;
  peer.triedGone = gone.id;
  sendPing(peer, gone.address, randomBits(peer.random), "datagram");
}
