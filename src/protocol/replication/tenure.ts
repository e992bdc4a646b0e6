/**
 * An owner's side of leases: when it may answer for its part of the circle without asking for each name.
 * It has to know all that was acknowledged there, and a quorum must have promised, within the last
 * LEASE_MS, to acknowledge no other owner's write. Where it does not know all, it catches up.
 */

import { isMember } from "../membership/records.ts";
import { LEASE_MS, REJECTED_FILES, SETTLE_ASK_MS } from "../model/config.ts";
import type { FileRecord, Range } from "../model/files.ts";
import { type Member, stays } from "../model/member.ts";
import type { CaughtUp, Leased } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { authorOf } from "../model/range-digest.ts";
import { type Peer, send } from "../state.ts";
import { askedOf, type Quorum, quorumFor } from "./quorum.ts";
import { cutRanges, tellable } from "./ranges.ts";
import type { Tenure } from "./state.ts";
import { isReplicating, noteWanting } from "./wanting.ts";

/**
 * True if this owner knows without asking what the newest write of a name is. If not, or not for long,
 * it asks for a lease, and for what it lacks.
 */
export function isAuthoritative(
  peer: Peer,
  { name, key }: Pick<FileRecord, "name" | "key">,
): boolean {
  if (peer.membership.view.owner(key)?.id !== peer.self.id || isReplicating(peer, name))
    return false;
  const holds =
    !peer.replication.knownStale.has(name) && peer.replication.knownStale.size < REJECTED_FILES;
  // Each request comes by here: with a lease that is good for long the quorum need not be known.
  if (peer.replication.tenure.epoch === peer.membership.epoch && !isEnding(peer)) return holds;
  const quorum = ownQuorum(peer);
  // A ring of one, and a pair, whose every write is here.
  if (quorum.needed <= 1 && quorum.fresh.length === 0) return holds;
  const tenure = present(peer);
  if (isEnding(peer)) askForLease(peer, tenure, quorum);
  return holds && peer.now < tenure.until;
}

/** True if it is time to ask for the next lease. */
function isEnding({ now, replication: { tenure } }: Peer): boolean {
  return tenure.until - now < LEASE_MS / 2;
}

/** This peer slept, or may have lost something: it has to ask anew. */
export function endTenure(peer: Peer): void {
  peer.replication.tenure.until = Number.NEGATIVE_INFINITY;
  peer.replication.tenure.granted.clear();
  peer.replication.tenure.leaseNonce = 0;
}

/** Others hold a write that this peer does not. */
export function noteStale(peer: Peer, record: FileRecord): void {
  if (peer.replication.knownStale.size < REJECTED_FILES)
    noteWanting(peer.replication.knownStale, record);
}

/** A member's promise, or its refusal. */
export function receiveLeased(peer: Peer, from: Member, { nonce, granted, clean }: Leased): void {
  const tenure = present(peer);
  if (nonce === 0 || nonce !== tenure.leaseNonce) return;
  // What it has taken in, or forgotten, since it last agreed is to be caught up with.
  if (!(clean && granted)) tenure.agreed.delete(from.instance);
  if (granted && isMember(peer, from)) tenure.granted.add(from.instance);
  begin(peer, tenure);
}

/** A member has said what it has of this owner's part of the circle: what differs is looked at more closely. */
export function receiveCaughtUp(peer: Peer, from: Member, told: CaughtUp): void {
  noteAgreed(peer, from, told);
  const { nonce, counter, differ } = told;
  // Little is sent by who has it. What others lack is for repair, and they may be no replicas.
  const more = differ.filter(({ count }) => count > 0);
  const { parts } = cutRanges(peer, more, authorOf(peer.self, counter));
  for (const ranges of tellable(peer, from, parts)) {
    send(peer, from.address, "stream", { tag: "catch-up", nonce, counter, ranges });
  }
}

/** Takes note of one that has nothing in this owner's part of the circle but what this owner has. */
function noteAgreed(peer: Peer, from: Member, { nonce, same, differ }: CaughtUp): void {
  const tenure = present(peer);
  if (nonce === 0 || nonce !== tenure.catchUpNonce) return;
  const { from: after, to } = ownRange(peer, tenure);
  const isOwn = (range: Range) => range.from === after && range.to === to;
  // The one asked beyond the replicas has nothing at all there, as a rule.
  if (!(same.some(isOwn) || differ.some((range) => isOwn(range) && range.count === 0))) return;
  if (!isMember(peer, from)) return;
  tenure.agreed.add(from.instance);
  begin(peer, tenure);
}

/** Where the part of the circle begins that a member owns: at the last before it that stays. */
export function ownedFrom(peer: Peer, id: number): number {
  const {
    membership: { view },
  } = peer;
  const before = view.before(id, view.size).find(stays);
  return before?.id ?? id;
}

/** The tenure since the last change of the view. */
function present(peer: Peer): Tenure {
  const {
    replication: { tenure },
  } = peer;
  if (tenure.epoch !== peer.membership.epoch) {
    tenure.epoch = peer.membership.epoch;
    tenure.counter = peer.replication.counter;
    tenure.agreed.clear();
    tenure.catchUpNonce = 0;
    tenure.catchUpAskedAt = Number.NEGATIVE_INFINITY;
    endTenure(peer);
  }
  return tenure;
}

/** Those that may hold what this peer owns. */
function ownQuorum(peer: Peer): Quorum {
  return quorumFor(peer, ownedFrom(peer, peer.self.id) + 1, 0);
}

function askForLease(peer: Peer, tenure: Tenure, { members, needed, fresh }: Quorum): void {
  // One is under way: each has its time to come back.
  if (peer.now - tenure.leaseAskedAt < LEASE_MS / 4) return;
  const others = members.filter((m) => m.id !== peer.self.id);
  tenure.leaseAskedAt = peer.now;
  tenure.leaseNonce = randomBits(peer.random) || 1;
  tenure.granted.clear();
  const from = ownedFrom(peer, peer.self.id);
  const to = peer.self.id;
  const asked = askedOf(members);
  for (const { address } of others) {
    send(peer, address, "stream", { tag: "lease", nonce: tenure.leaseNonce, from, to, asked });
  }
  const strangers = others.filter((m) => !tenure.agreed.has(m.instance));
  const known = fresh.every((m) => tenure.agreed.has(m.instance));
  const enough = known && others.length - strangers.length + 1 >= needed;
  if (enough || peer.now - tenure.catchUpAskedAt < SETTLE_ASK_MS) return;
  tenure.catchUpAskedAt = peer.now;
  tenure.catchUpNonce = randomBits(peer.random) || 1;
  const { catchUpNonce: nonce, counter } = tenure;
  const ranges = [ownRange(peer, tenure)];
  for (const { address } of strangers) {
    send(peer, address, "stream", { tag: "catch-up", nonce, counter, ranges });
  }
}

/** Begins to answer alone if enough have promised, and have nothing else. */
function begin(peer: Peer, tenure: Tenure): void {
  const { members, needed, fresh } = ownQuorum(peer);
  const gave = (m: Member) => tenure.granted.has(m.instance) && tenure.agreed.has(m.instance);
  if (members.filter(gave).length + 1 < needed || !fresh.every(gave)) return;
  tenure.until = Math.max(tenure.until, tenure.leaseAskedAt + LEASE_MS);
}

/** The part of the circle that this peer owns, with what it holds there but for what it has given a version since. */
function ownRange(peer: Peer, { counter }: Tenure): Range {
  const { id } = peer.self;
  return peer.replication.files.range(ownedFrom(peer, id), id, authorOf(peer.self, counter));
}
