/** A graceful departure: the files are handed on, the two predecessors are told, then the rest. */

import { setSelf } from "../membership/records.ts";
import { dropRumours } from "../membership/spreading.ts";
import { wayTo } from "../membership/ways.ts";
import { ByWrite } from "../model/by-write.ts";
import { DEPART_ACK_MS, LEAVE_MOST_MS, LEAVE_MS, REPAIR_RETRY_MS } from "../model/config.ts";
import { type FileRecord, isVersionedBy } from "../model/files.ts";
import { isExpected, type Member } from "../model/member.ts";
import { randomRequest } from "../model/random.ts";
import { type ShortFile, sentences } from "../model/sentences.ts";
import { askRejecters, distrustAll, replicateMissing } from "../replication/repairing.ts";
import { someAreUnconfirmed } from "../replication/replica-set.ts";
import { replicasElsewhere, underReplicated } from "../replication/safety.ts";
import { exit, isIn, note, type Peer, send } from "../state.ts";

/** Begins to leave: this peer is no target for copies any more. A peer that is not in just ends. */
export function beginLeaving(peer: Peer): void {
  if (peer.phase === "leaving" || peer.phase === "ended") return;
  if (!isIn(peer)) {
    exit(peer, 0, null);
    return;
  }
  peer.phase = "leaving";
  setSelf(peer, peer.self.incarnation, "leaving");
  peer.deadlines.set("leave", 0, peer.now + LEAVE_MS);
  // Other members hold its files now. What they confirmed before, they may have dropped since, or have
  // confirmed as one that leaves as well.
  distrustAll(peer);
  const short = underReplicated(peer).length;
  peer.lifecycle.handOver = { short, until: peer.now + LEAVE_MOST_MS, said: false };
  replicateMissing(peer);
  departWhenSafe(peer);
}

/**
 * Departs once every file held here has all its copies elsewhere: as many as are wanted, or as there are
 * members that stay. Where those who are left to take them have rejected, they are asked again.
 */
export function departWhenSafe(peer: Peer): void {
  if (peer.phase !== "leaving" || peer.lifecycle.departing !== null) return;
  if (isTaking(peer) || someAreUnconfirmed(peer)) return;
  const atRisk = underReplicated(peer);
  if (atRisk.length === 0) {
    depart(peer);
    return;
  }
  peer.deadlines.setEarlier("repair", 0, peer.now + REPAIR_RETRY_MS);
  const {
    lifecycle: { handOver },
  } = peer;
  if (handOver === null || handOver.said) return;
  // All that others could take they have: what is left has its time from now on.
  peer.lifecycle.handOver = { ...handOver, short: atRisk.length, said: true };
  peer.deadlines.set("leave", 0, peer.now + LEAVE_MS);
  const short = atRisk.map((record) => shortFile(peer, record));
  note(peer, sentences.leaveWaits(short, peer.config.replicationFactor, LEAVE_MS / 1000));
}

/** True of one that has begun a store and has not got its content yet: it would be held in the end by one that has left. */
function isTaking({ replication: { placements, files } }: Peer): boolean {
  for (const { record } of placements.values()) if (files.find(record) === undefined) return true;
  return false;
}

/** Asks those again who had no room for what a leaver has to hand on, once all others have been asked. */
export function askAgain(peer: Peer): void {
  if (
    peer.phase !== "leaving" ||
    peer.lifecycle.departing !== null ||
    peer.replication.rejected.size === 0
  )
    return;
  if (someAreUnconfirmed(peer)) return;
  for (const record of underReplicated(peer)) askRejecters(peer, record.name);
}

/** The time for handing on is over: departs whatever is short, unless some has been handed on meanwhile. */
export function leaveOverdue(peer: Peer): void {
  const {
    now,
    lifecycle: { handOver, departing },
  } = peer;
  if (handOver === null || departing !== null) return;
  const short = underReplicated(peer).length;
  if (short < handOver.short && now < handOver.until) {
    peer.lifecycle.handOver = { ...handOver, short };
    peer.deadlines.set("leave", 0, now + LEAVE_MS);
  } else depart(peer);
}

/** A predecessor has taken note. */
export function departureHeard(peer: Peer, from: Member): void {
  const {
    lifecycle: { departing },
  } = peer;
  if (departing === null) return;
  departing.waiting.delete(from.id);
  if (departing.waiting.size === 0) endDeparture(peer);
}

/** One that has gone itself tells nobody any more. */
export function reviewDeparture(peer: Peer): void {
  const {
    lifecycle: { departing },
    membership: { view },
  } = peer;
  if (departing === null || departing.waiting.size === 0) return;
  for (const id of departing.waiting) {
    if (view.find(id) === undefined) departing.waiting.delete(id);
  }
  if (departing.waiting.size === 0) endDeparture(peer);
}

/** All predecessors know, have gone, or have had their time. */
export function endDeparture(peer: Peer): void {
  const {
    self,
    lifecycle: { departing },
  } = peer;
  if (departing === null) return;
  for (const member of peer.membership.view.members) {
    if (member.id === self.id) continue;
    send(peer, member.address, wayTo(peer, member.address), {
      tag: "gossip",
      joining: false,
      members: [self],
    });
  }
  // While it waited it may have been left alone with what it has. What others have given it meanwhile is
  // not its to keep: word of one that has left counts nowhere.
  const atRisk = isCutOff(peer) ? [...peer.replication.files.values()] : underReplicated(peer);
  const short = atRisk
    .filter((record) => departing.kept.get(record) || isVersionedBy(record, self))
    .map((record) => shortFile(peer, record));
  // One that leaves too early may come back with what it holds, to the members that it knew.
  if (short.length === 0) {
    const members = peer.membership.view.members.filter((m) => m.id !== self.id && !isExpected(m));
    peer.effects.push({
      type: "save",
      members,
      departed: peer.membership.departed.last,
      left: true,
    });
  }
  exit(
    peer,
    short.length > 0 ? 1 : 0,
    short.length > 0 ? sentences.leftShort(short, peer.config.replicationFactor) : null,
  );
}

/**
 * True of a peer that is left alone while others have gone without leaving: they may be behind a cut. One
 * that was leaving too, and whose last word went astray, has just ended.
 */
function isCutOff(peer: Peer): boolean {
  return peer.membership.view.size === 1 && peer.membership.departed.anyLost;
}

function shortFile(peer: Peer, record: FileRecord): ShortFile {
  const name = record.removed ? `the removal of ${record.name}` : record.name;
  return { name, replicas: replicasElsewhere(peer, record) };
}

function depart(peer: Peer): void {
  setSelf(peer, peer.self.incarnation, "left");
  dropRumours(peer);
  const predecessors = peer.membership.view.before(peer.self.id, 2);
  const request = randomRequest(peer.random);
  const kept = new ByWrite<true>();
  for (const record of peer.replication.files.values()) kept.set(record, true);
  peer.lifecycle.departing = { request, waiting: new Set(predecessors.map((p) => p.id)), kept };
  for (const { address } of predecessors) {
    send(peer, address, "stream", { tag: "depart", request });
  }
  peer.deadlines.set("depart", 0, peer.now + DEPART_ACK_MS);
  if (predecessors.length === 0) endDeparture(peer);
}
