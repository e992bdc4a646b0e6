/**
 * What others say of members, and what hearing from a member itself says. Word of a death is not a
 * death, and word of a life is not a life: both are tried first, and the suspect is told.
 */

import { boundTable } from "../model/bounded.ts";
import { HIGHEST_INCARNATION, SUSPECTERS } from "../model/config.ts";
import { compareMembers, isExpected, isPresent, type Member, makeMember } from "../model/member.ts";
import type { Channel } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { exit, isIn, type Peer, send } from "../state.ts";
import { moveTo, raiseTo } from "./incarnation.ts";
import { probeMember } from "./probing.ts";
import { beats, known, learn, noteArrival } from "./records.ts";
import type { Judged } from "./state.ts";

/**
 * Takes note of a sender. `tell`: if the ring knows better of it, say so to it by this way, so that one that
 * is held for dead can refute, and one that lost its data folder can rise above its former self.
 */
export function hear(peer: Peer, from: Member, tell: Channel | null): void {
  // A sender without an incarnation is about to join: it is no member yet.
  if (!isIn(peer) || from.incarnation === 0 || !isPossible(peer, from)) return;
  if (from.id === peer.self.id) {
    hearOfSelf(peer, from);
    return;
  }
  const old = known(peer, from.id);
  if (old === undefined) {
    probeMember(peer, from, "unverified", ["datagram"]);
    return;
  }
  const order = compareMembers(from, old);
  if (order > 0) hearNewer(peer, from, old);
  else if (order === 0) confirm(peer, from);
  else if (tell !== null && (!isSameLife(from, old) || isDoubtedElsewhere(peer, from, old))) {
    const better = isSameLife(from, old) ? makeMember({ ...old, state: "dead" }) : old;
    // The first says where it is seen now: it may have moved without noticing.
    const members = from.address === old.address ? [old] : [from, better];
    // One that lives and is held for dead may be heard and not hear: what it is told goes both ways.
    const ways = old.state === "dead" ? new Set<Channel>([tell, "stream"]) : [tell];
    for (const way of ways) {
      send(peer, from.address, way, { tag: "gossip", joining: false, members });
    }
  }
}

/** Word of members from another peer. `joining`: it has just heard from them, in their joining. */
export function absorb(
  peer: Peer,
  from: Member,
  members: readonly Member[],
  joining: boolean,
): void {
  if (!isIn(peer)) return;
  const seen = members.find((m) => isSameLife(m, peer.self));
  if (seen !== undefined) peer.membership.seenAt = seen.address;
  for (const member of members) {
    if (isExpected(member) || !isPossible(peer, member)) continue;
    if (member.id === peer.self.id) {
      if (!isPresent(member)) suspectedBy(peer, from);
      hearOfSelf(peer, member);
    } else if (beats(peer, member)) consider(peer, member, joining);
  }
  peer.membership.seenAt = null;
}

/**
 * What the end of a probe changes, where that is more than a death. One that cannot reach this peer, nor be reached,
 * and has answered another, is in the ring all the same: if those two held each other for dead, either
 * would own the other's names as well, before the eyes of those that reach both. Word of the death of a
 * new member that does not answer goes round, since whoever does believe in it has to hear of that; it
 * refutes if it lives after all.
 */
export function afterVerdict(peer: Peer, { verdict, target, from }: Judged): void {
  switch (verdict) {
    case "confirmed":
      confirm(peer, from);
      return;
    case "believed": {
      // Heard from itself just now: those who are told need not try it again.
      const taken = learn(
        peer,
        from,
        peer.membership.departed.has(from.id) ? "returned" : "joined",
      );
      // It was heard of, and not seen to join: it may have been in another part of the ring.
      if (taken) noteArrival(peer, from, false);
      return;
    }
    case "disbelieved":
      if (peer.membership.view.find(target.id) === undefined)
        learn(peer, makeMember({ ...target, state: "dead" }), "lost");
      return;
    case "id-taken":
      if (target.id === peer.self.id) exit(peer, 1, sentences.claimantWon(from));
      return;
    case "id-free":
      // A claimant of this very peer is gone: rise above it.
      if (target.id === peer.self.id) raiseTo(peer, target.incarnation + 1);
      return;
    case "lives":
    case "lost":
    case "suspicion":
    case "refused":
      // Nothing, or done at once.
      return;
    default:
      verdict satisfies never;
  }
}

/** A member that was only awaited has answered: what it acknowledged meanwhile is not known here. */
function confirm(peer: Peer, member: Member): void {
  const { id } = member;
  if (!peer.membership.awaited.delete(id)) return;
  noteArrival(peer, member, false);
  peer.changed = true;
  peer.deadlines.clear("awaited", id);
}

/** False of what no peer of this ring can be: such word comes from a stranger, or of a mistake. */
function isPossible(peer: Peer, { id, incarnation }: Member): boolean {
  return id < 2 ** peer.config.bits && incarnation <= HIGHEST_INCARNATION;
}

function hearNewer(peer: Peer, from: Member, old: Member): void {
  const present = isPresent(old);
  if (!isPresent(from)) learn(peer, from, from.state === "left" ? "left" : "suspicion");
  else if (present && (from.instance === old.instance || isExpected(old)))
    learn(peer, from, "heard");
  // Two processes cannot listen at one address: the former one is gone.
  else if (present && from.address === old.address) learn(peer, from, "replaced");
  else probeMember(peer, from, "unverified", present ? ["datagram"] : ["datagram", "stream"]);
}

function consider(peer: Peer, member: Member, joining: boolean): void {
  const old = known(peer, member.id);
  const present = peer.membership.view.find(member.id);
  if (present?.address === peer.self.address) {
    // Two processes cannot listen at one address, and this very peer does at that one.
    learn(peer, makeMember({ ...present, state: "dead" }), "refused");
  } else if (isPresent(member)) {
    if (member.address === peer.self.address) return;
    const fresh = old === undefined || member.incarnation > old.incarnation;
    if (present?.instance === member.instance) learn(peer, member, "heard");
    else if (joining && fresh)
      learn(peer, member, present === undefined && old ? "returned" : "joined");
    else probeMember(peer, member, "unverified", ["datagram"]);
  } else if (member.state === "left" || present === undefined || isExpected(present)) {
    // Only a leaver itself says that it has left, so its word is good at any remove.
    learn(peer, member, member.state === "left" ? "left" : "suspicion");
  } else {
    // The word itself goes over a stream: a process that is gone refuses that, and all is known at once.
    if (!isSuspect(peer, present, member)) {
      send(peer, present.address, "stream", { tag: "gossip", joining: false, members: [member] });
    }
    probeMember(peer, present, "suspicion", ["stream"]);
  }
}

/** True if a present member has been told of such word already, and has its time to refute it. */
function isSuspect(peer: Peer, present: Member, word: Member): boolean {
  const probe = peer.membership.probes.get(present.id);
  return probe?.reason === "suspicion" && word.incarnation <= present.incarnation;
}

/**
 * True of one that is said to be dead, or does not answer, where it is known, and is heard from another
 * place: should it have moved, word that goes where it was does not reach it.
 */
function isDoubtedElsewhere({ membership: { probes } }: Peer, from: Member, old: Member): boolean {
  const probe = probes.get(from.id);
  if (probe === undefined || from.address === old.address) return false;
  return probe.reason === "suspicion" || probe.silence === "last-try";
}

/** Who believes that this peer is dead does not hear its news from others: it is told first. */
function suspectedBy(peer: Peer, suspecter: Member): void {
  peer.membership.suspecters.add(suspecter.address);
  boundTable(peer.membership.suspecters, SUSPECTERS);
}

/** The same process in the same state: only its address may be another, which is no news to itself. */
function isSameLife(a: Member, b: Member): boolean {
  return (
    a.id === b.id &&
    a.instance === b.instance &&
    a.incarnation === b.incarnation &&
    a.state === b.state &&
    isPresent(a)
  );
}

/**
 * Word about this peer's own id: its death is refuted, from where it was last seen; another address is
 * taken over, as all others do, so that all agree and nothing is refuted; another instance is tried.
 */
function hearOfSelf(peer: Peer, member: Member): void {
  if (peer.phase !== "in" || compareMembers(member, peer.self) <= 0) return;
  const former = member.instance === peer.self.instance || member.address === peer.self.address;
  if (isSameLife(member, peer.self)) moveTo(peer, member.address);
  else if (former || !isPresent(member))
    raiseTo(peer, member.incarnation + 1, peer.membership.seenAt);
  else probeMember(peer, member, "claimant", ["stream", "datagram"]);
}
