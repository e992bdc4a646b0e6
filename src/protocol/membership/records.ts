/**
 * The records of members, and how they change this peer's table: by word that is believed, and by what becomes of
 * its own. Nothing else changes it. Its own incarnation is raised to refute word of its death, and never used
 * before it is durable, so that a restart always begins above everything that the ring has heard.
 */

import { HIGHEST_INCARNATION } from "../model/bounds.ts";
import {
  DRAWN_BITS,
  DROP_SETTLE_MS,
  LOST_TRY_MS,
  NEW_MS,
  REPAIR_SETTLE_MS,
  SETTLE_CHECK_MS,
} from "../model/config.ts";
import type { Why } from "../model/events.ts";
import { ARRIVALS_KNOWN, NEWS_WAITING } from "../model/limits.ts";
import {
  type Address,
  compareMembers,
  isExpected,
  isPresent,
  type Member,
  type MemberState,
  makeMember,
} from "../model/member.ts";
import { randomBelow } from "../model/random.ts";
import type { View } from "../model/view.ts";
import { leapNext, rescanAll } from "../replication/state.ts";
import { emit, isIn, type Peer } from "../state.ts";
import { SILENCE_TABLE } from "./machine.ts";
import type { Probe, ProbeEnd, ProbeReason } from "./state.ts";

/** What this peer knows of an id, present or gone. */
export function known(peer: Peer, id: number): Member | undefined {
  return peer.membership.view.find(id) ?? peer.membership.departed.get(id);
}

/** True of a member that is present, as the very run that this peer knows. */
export function isMember({ membership: { view } }: Peer, { id, instance }: Member): boolean {
  return view.find(id)?.instance === instance;
}

/** True if this record says more than what is known of its id. */
export function beats(peer: Peer, member: Member): boolean {
  const old = known(peer, member.id);
  return old === undefined || compareMembers(member, old) > 0;
}

/**
 * Takes a believed record into the table and queues it to be pushed on.
 * @returns whether it was news
 */
export function learn(peer: Peer, member: Member, why: Why): boolean {
  if (member.id === peer.self.id || !beats(peer, member)) return false;
  const old = peer.membership.view.find(member.id);
  const unknown = known(peer, member.id) === undefined;
  // What waits in a kernel for one that is held for dead, or has moved, would be dealt with long after.
  if (old !== undefined && (member.state === "dead" || member.address !== old.address)) {
    peer.effects.push({ type: "sever", address: old.address });
  }
  endProbes(peer, member);
  peer.membership.awaited.delete(member.id);
  peer.deadlines.clear("awaited", member.id);
  if (isPresent(member)) {
    const diedAt = old === undefined ? peer.membership.departed.diedAt(member.id) : peer.now;
    peer.membership.departed.delete(member.id);
    peer.membership.view = peer.membership.view.with(member);
    // One that was named by hand, and meets this peer for the first time, has been nowhere else.
    const named = old !== undefined && isExpected(old);
    // One that joins here, and never was in a ring, has acknowledged nothing elsewhere.
    const anew = why === "joined" && unknown && member.incarnation === 1;
    if (old?.instance !== member.instance && !named) noteArrival(peer, member, anew, diedAt);
  } else {
    peer.membership.view = peer.membership.view.without(member.id);
    peer.membership.roundTrips.delete(member.id);
    peer.membership.roundHeard.delete(member.id);
    rememberDeparted(peer, member);
    if (member.state === "dead" && old !== undefined)
      peer.membership.departed.sawDie(old, peer.now);
    if (member.state === "dead") peer.deadlines.setEarlier("lost", 0, peer.now + LOST_TRY_MS);
  }
  const firsthand = why === "joined" || why === "returned";
  const seen = why === "lost" || why === "refused";
  const { rumours, joiningRumours, tree } = peer.membership;
  if (queueNews(firsthand ? joiningRumours : rumours, member) && seen) tree.seen.add(member.id);
  // A departed member that nobody here knew changes nothing, neither for readers nor for who owns what.
  if (old !== undefined || isPresent(member)) {
    viewChanged(peer);
    const { id, incarnation: memberIncarnation, state } = member;
    emit(peer, { event: "member", id, memberIncarnation, state, why });
  }
  return true;
}

/** Queues news to be pushed at the end of the step. @returns false where too much waits already */
export function queueNews(news: Map<number, Member>, member: Member): boolean {
  if (news.size >= NEWS_WAITING && !news.has(member.id)) return false;
  news.set(member.id, member);
  return true;
}

/**
 * Asks for an incarnation of at least `wanted`; it counts once the driver says `persisted`.
 * @param address where this peer is seen by whoever holds it for dead at its former address
 */
export function raiseTo(peer: Peer, wanted: number, address: Address | null = null): void {
  peer.membership.movesTo = address ?? peer.membership.movesTo;
  if (wanted <= peer.membership.incarnationAsked || wanted > HIGHEST_INCARNATION) return;
  peer.membership.incarnationAsked = wanted;
  peer.effects.push({ type: "persist", id: peer.self.id, incarnation: wanted });
}

/** Takes on a durable incarnation, and tells the ring if the peer is in it. */
export function becomeIncarnation(peer: Peer, incarnation: number): void {
  if (incarnation <= peer.self.incarnation) return;
  setSelf(peer, incarnation, peer.self.state);
  const { id, state } = peer.self;
  if (!isIn(peer)) return;
  emit(peer, { event: "member", id, memberIncarnation: incarnation, state, why: "returned" });
}

/** Takes over the address by which others know this very run: a host may have several. */
export function moveTo(peer: Peer, address: Address): void {
  peer.membership.movesTo = address;
  setSelf(peer, peer.self.incarnation, peer.self.state);
}

/** Replaces this peer's own record and, in the ring, queues it to be pushed. */
export function setSelf(peer: Peer, incarnation: number, state: MemberState): void {
  const { id, instance, address: former } = peer.self;
  const address = peer.membership.movesTo ?? former;
  peer.membership.movesTo = null;
  peer.self = makeMember({ id, address, instance, incarnation, state });
  peer.membership.view = peer.membership.view.with(peer.self);
  if (!isIn(peer)) return;
  // What was dialled from a former address waits for acknowledgements that go there.
  if (address !== former) peer.effects.push({ type: "sever-dialled" });
  peer.membership.rumours.set(id, peer.self);
  viewChanged(peer);
}

/**
 * Claimants and new members are tried beside other probes of the same id, so they have keys of their own: a
 * member that comes back from another address does not wait for the verdict on its former self.
 */
export function probeKey(reason: ProbeReason, id: number): number {
  if (reason === "claimant") return -1 - id;
  return reason === "unverified" || reason === "stranger" ? 2 ** DRAWN_BITS + id : id;
}

/** Nothing more befalls a probe, whatever came of it; others of the same id go on. */
export function endProbe(peer: Peer, probe: Probe, end: ProbeEnd): void {
  const key = probeKey(probe.reason, probe.target.id);
  probe.end = end;
  peer.membership.probes.delete(key);
  peer.deadlines.clear("probe", key);
}

/** What is known now needs no probe; one of a new member that came later still does. */
function endProbes(peer: Peer, member: Member): void {
  const watched = peer.membership.probes.get(member.id);
  const unverified = peer.membership.probes.get(probeKey("unverified", member.id));
  const isOlder = unverified !== undefined && compareMembers(unverified.target, member) <= 0;
  for (const probe of [watched, isOlder ? unverified : undefined]) {
    if (probe !== undefined) endProbe(peer, probe, SILENCE_TABLE[probe.silence].known.end);
  }
}

/** What this peer knew of its part of the circle may be so no more: an owner has to ask again. */
export function renewEpoch(peer: Peer): void {
  peer.membership.epoch += 1;
}

/** Takes a view for its own, before anybody else hears of it: who is in it has not departed. */
export function adoptView(peer: Peer, view: View): void {
  peer.membership.view = view;
  for (const { id } of [...peer.membership.departed.members]) {
    if (view.find(id) !== undefined) peer.membership.departed.delete(id);
  }
}

/** Sets the deadlines that follow every change of the view. */
export function viewChanged(peer: Peer): void {
  peer.membership.tree.changedAt = peer.now;
  peer.membership.settleBackoffMs = SETTLE_CHECK_MS;
  const jitter = randomBelow(peer.random, SETTLE_CHECK_MS);
  peer.deadlines.setEarlier("settle", 0, peer.now + SETTLE_CHECK_MS + jitter);
  if (peer.replication.files.size > 0) repairSoon(peer);
  renewEpoch(peer);
  leapNext(peer.replication);
  peer.changed = true;
  peer.viewSaved = false;
}

/** A member has come, or has answered for the first time: the ones that came long ago are forgotten. */
export function noteArrival(
  peer: Peer,
  { id, instance }: Member,
  anew: boolean,
  formerDiedAt = Number.NEGATIVE_INFINITY,
): void {
  const { arrivals } = peer.membership;
  arrivals.delete(instance);
  arrivals.set(instance, { id, at: peer.now, anew, formerDiedAt });
  for (const [oldest, { at }] of arrivals) {
    if (arrivals.size <= ARRIVALS_KNOWN && peer.now - at <= NEW_MS) return;
    arrivals.delete(oldest);
  }
}

/** Sets the deadlines by which the copies held here are looked after. */
export function repairSoon(peer: Peer): void {
  rescanAll(peer.replication);
  peer.deadlines.setEarlier("repair", 0, peer.now + REPAIR_SETTLE_MS);
  peer.deadlines.set("drop", 0, peer.now + DROP_SETTLE_MS);
}

/** Keeps a departed member in mind, within the limits of time and number; not one that is back by now. */
export function rememberDeparted(peer: Peer, member: Member): void {
  if (peer.membership.view.find(member.id) !== undefined) return;
  peer.membership.departed.add(member, peer.now);
}
