/**
 * What others say of members, and what hearing from a member itself says. Word of a death is not a
 * death, and word of a life is not a life: both are tried first, and the suspect is told. What is done with
 * which word, the tables in believing.ts say; here it is done.
 */

import { boundTable } from "../model/bounded.ts";
import { HIGHEST_INCARNATION, isPlausible } from "../model/bounds.ts";
import { SUSPECTERS } from "../model/config.ts";
import type { Why } from "../model/events.ts";
import {
  type Address,
  isExpected,
  isPresent,
  type Member,
  type MemberState,
  makeMember,
} from "../model/member.ts";
import type { Channel } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { exit, isIn, type Peer, send } from "../state.ts";
import { isSameLife, onOthersWord, onOwnWord, onWordOfSelf } from "./believing.ts";
import type { Decision } from "./decision.ts";
import { greet, mayTrust } from "./greeting.ts";
import { probeMember, suspectQuietly } from "./probing.ts";
import { isMember, known, learn, moveTo, noteArrival, raiseTo } from "./records.ts";
import { isForFew, isLarge, noteWord, reachOf } from "./relaying.ts";
import type { Judged } from "./state.ts";

/** Word of a member, and what it is about. */
type Word = {
  readonly said: Member;
  /** What is known of that member here. */
  readonly known: Member | undefined;
  /** Who says it, if that is another. */
  readonly by: Member | null;
  /** Where this very peer is seen by whoever says it, if that is told. */
  readonly seenAt: Address | null;
  /** By which way the member waits for an answer, if it does. */
  readonly tell: Channel | null;
  /** In a large ring, others hear it before this peer, and few from here. */
  readonly forFew: boolean;
};

/** Why a record is believed. */
const WHY: Readonly<Record<MemberState, Why>> = {
  alive: "heard",
  leaving: "heard",
  dead: "suspicion",
  left: "left",
};

/** What each decision comes to. */
const CARRY_OUT: Readonly<Record<Decision, (peer: Peer, word: Word) => void>> = {
  ignore: () => {},
  "cannot be": () => {},
  believe: (peer, { said }) => learn(peer, said, WHY[said.state]),
  "believe: joined": (peer, { said }) => learn(peer, said, "joined"),
  "believe: returned": (peer, { said }) => learn(peer, said, "returned"),
  "believe: replaced": (peer, { said }) => learn(peer, said, "replaced"),
  "greet first": (peer, { said }) => {
    if (!greet(peer, said, { kind: "hearsay", said }))
      probeMember(peer, said, "unverified", ["datagram"]);
  },
  "probe first": (peer, { said }) => probeMember(peer, said, "unverified", ["datagram"]),
  "probe first, both ways": (peer, { said }) =>
    probeMember(peer, said, "unverified", ["datagram", "stream"]),
  "ask the stranger": (peer, { said, tell }) =>
    probeMember(peer, said, "stranger", [tell ?? "datagram"]),
  "note that it answers": (peer, { said }) => confirm(peer, said),
  "tell it better": tellBetter,
  "tell it of the doubt": tellBetter,
  "tell the suspect and probe": tellSuspect,
  "hold the known one for dead": (peer, { known }) => {
    if (known !== undefined) learn(peer, makeMember({ ...known, state: "dead" }), "refused");
  },
  "move there": moveIfFree,
  refute,
  "refute to who says so": (peer, word) => {
    noteSuspecter(peer, word);
    refute(peer, word);
  },
  "note who says so": noteSuspecter,
  "probe the claimant": (peer, { said }) =>
    probeMember(peer, said, "claimant", ["stream", "datagram"]),
};

/**
 * Takes note of a sender. `tell`: if the ring knows better of it, say so to it by this way, so that one that
 * is held for dead can refute, and one that lost its data folder can rise above its former self.
 */
export function hear(peer: Peer, from: Member, tell: Channel | null): void {
  // A sender without an incarnation is about to join: it is no member yet.
  if (!isIn(peer) || from.incarnation === 0 || !isPossible(peer, from)) return;
  // Nobody else sends from here.
  if (from.address === peer.self.address && from.id !== peer.self.id) return;
  if (isLarge(peer) && peer.reported.pair.includes(from.id)) {
    const { heardAt } = peer.membership.tree;
    heardAt.delete(from.id);
    heardAt.set(from.id, peer.now);
    boundTable(heardAt, 2);
  }
  const old = known(peer, from.id);
  const decision =
    from.id === peer.self.id
      ? onWordOfSelf(from, peer.self, peer.phase === "leaving")
      : onOwnWord(from, old, isDoubtedElsewhere(peer, from, old));
  CARRY_OUT[decision](peer, {
    said: from,
    known: old,
    by: null,
    seenAt: null,
    tell,
    forFew: false,
  });
}

/**
 * Word of members from another peer. A stranger is asked for itself, and speaks of others once it is believed.
 * @param joining it has just heard from them, in their joining
 * @param upTo the members before this peer are to have it from here, up to there; null if nobody is
 */
export function absorb(
  peer: Peer,
  from: Member,
  members: readonly Member[],
  joining: boolean,
  upTo: number | null = null,
): void {
  if (!isIn(peer) || known(peer, from.id) === undefined) return;
  const reach = upTo === null ? 0 : reachOf(peer, upTo);
  const firstHand = mayTrust(peer) ? "trusted" : "first-hand";
  const forFew = isLarge(peer) && upTo !== null && isForFew(peer, reach);
  const seen = members.find((m) => isSameLife(m, peer.self))?.address ?? null;
  const seenAt = seen !== null && mayBeAt(peer, seen, from) ? seen : null;
  for (const said of members) {
    if (isExpected(said) || !isPossible(peer, said)) continue;
    const old = known(peer, said.id);
    const decision =
      said.id === peer.self.id
        ? onWordOfSelf(said, peer.self, peer.phase === "leaving")
        : onOthersWord(said, old, joining ? firstHand : "hearsay", peer.self.address);
    CARRY_OUT[decision](peer, { said, known: old, by: from, seenAt, tell: null, forFew });
    if (isLarge(peer)) noteWord(peer, said, joining, reach);
  }
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
      // It has moved, and was here all the while.
      if (peer.membership.view.find(from.id)?.instance === from.instance) {
        learn(peer, from, "heard");
        return;
      }
      // Heard from itself just now: those who are told need not try it again.
      const back = peer.membership.departed.has(from.id);
      // It was heard of, and not seen to join: it may have been in another part of the ring.
      if (learn(peer, from, back ? "returned" : "joined")) noteArrival(peer, from, false);
      return;
    }
    case "disbelieved": {
      // Word of its death must leave the member an answer, should there be one after all.
      const before = peer.membership.departed.get(target.id)?.incarnation ?? 0;
      const isKnown = peer.membership.view.find(target.id) !== undefined;
      if (!isKnown && isPlausible(before, target.incarnation))
        learn(peer, makeMember({ ...target, state: "dead" }), "lost");
      return;
    }
    case "id-taken":
      if (target.id === peer.self.id) exit(peer, 1, sentences.claimantWon(from));
      return;
    case "id-free":
      // A claimant of this very peer is gone: rise above it.
      if (target.id === peer.self.id) raiseTo(peer, target.incarnation + 1);
      return;
    case "lives":
    case "ignored":
    case "lost":
    case "suspicion":
    case "refused":
      // Nothing, or done at once.
      return;
    default:
      verdict satisfies never;
  }
}

/** One that was spoken of has said who it is: there is no doubt of it any more. */
export function metOfHearsay(peer: Peer, said: Member): void {
  if (!isIn(peer) || !isPossible(peer, said)) return;
  const old = known(peer, said.id);
  const decision = onOthersWord(said, old, "trusted", peer.self.address);
  const word = { said, known: old, by: null, seenAt: null, tell: null, forFew: false };
  CARRY_OUT[decision](peer, word);
}

/** A member that was only awaited has answered: what it acknowledged meanwhile is not known here. */
function confirm(peer: Peer, member: Member): void {
  const { id } = member;
  if (!peer.membership.awaited.delete(id)) return;
  noteArrival(peer, member, false);
  peer.changed = true;
  peer.deadlines.clear("awaited", id);
}

/**
 * False of what no peer of this ring can be: such word comes from a stranger, or of a mistake. One process has
 * one id.
 */
export function isPossible(peer: Peer, said: Member): boolean {
  const { id, incarnation, instance } = said;
  if (id >= 2 ** peer.config.bits || incarnation > HIGHEST_INCARNATION) return false;
  if (!isPresent(said) || known(peer, id)?.instance === instance) return true;
  const { members } = peer.membership.view;
  return !members.some((m) => m.instance === instance && m.id !== id && !isExpected(m));
}

/** Says to a member what is known of it here, if it waits for an answer. */
function tellBetter(peer: Peer, { said, known, tell }: Word): void {
  if (known === undefined || tell === null) return;
  const better = isSameLife(said, known) ? makeMember({ ...known, state: "dead" }) : known;
  // The first says where it is seen now: it may have moved without noticing.
  const members = said.address === known.address ? [known] : [said, better];
  // One that lives and is held for dead may be heard and not hear: what it is told goes both ways.
  const ways = known.state === "dead" ? new Set<Channel>([tell, "stream"]) : [tell];
  for (const way of ways) {
    send(peer, said.address, way, { tag: "gossip", joining: false, members });
  }
}

function tellSuspect(peer: Peer, { said, known: suspect, forFew }: Word): void {
  if (suspect === undefined) return;
  // In a large ring those tell it that many have the word from: the others need only see that nobody listens.
  if (forFew) {
    suspectQuietly(peer, suspect);
    return;
  }
  // The word itself goes over a stream: a process that is gone refuses that, and all is known at once.
  if (!isSuspect(peer, suspect, said)) {
    send(peer, suspect.address, "stream", { tag: "gossip", joining: false, members: [said] });
  }
  probeMember(peer, suspect, "suspicion", ["stream"]);
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
function isDoubtedElsewhere(
  { membership: { probes } }: Peer,
  from: Member,
  old: Member | undefined,
): boolean {
  if (old === undefined || from.address === old.address) return false;
  const probe = probes.get(from.id);
  return probe !== undefined && (probe.reason === "suspicion" || probe.silence === "last-try");
}

/** As members see this peer it takes its address over, but where another is known to listen. */
function moveIfFree(peer: Peer, { said, by }: Word): void {
  if (mayBeAt(peer, said.address, by)) moveTo(peer, said.address);
}

/** True of an address at which another member sees this peer, and where no other is known to listen. */
function mayBeAt(peer: Peer, address: Address, by: Member | null): boolean {
  const { view } = peer.membership;
  const there = view.at(address);
  return by !== null && isMember(peer, by) && (there === undefined || there.id === peer.self.id);
}

/** From where it was last seen: whoever holds this peer for dead may do so at its former address. */
function refute(peer: Peer, { said, seenAt }: Word): void {
  raiseTo(peer, said.incarnation + 1, seenAt);
}

/** Who believes that this peer is dead does not hear its news from others: it is told first. */
function noteSuspecter(peer: Peer, { by }: Word): void {
  if (by === null) return;
  peer.membership.suspecters.add(by.address);
  boundTable(peer.membership.suspecters, SUSPECTERS);
}
