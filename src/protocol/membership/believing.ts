/**
 * What becomes of word about a member, as tables: beside what is known, what is said decides what is done.
 * There are three, by who says it and of whom. ARCHITECTURE.md prints them, and news.ts does what they say.
 * They are about records alone: nothing here knows of a peer.
 */

import { isPlausible } from "../model/bounds.ts";
import {
  type Address,
  compareMembers,
  isExpected,
  isPresent,
  type Member,
} from "../model/member.ts";
import type { Decision } from "./decision.ts";

/** A row of a table: what is known stands before it, and each thing that can be said has its decision. */
type Row<Said extends string> = Readonly<Record<Said, Decision>>;

type Presence = "present" | "dead or left";
/** How much is in word of a member: its sender has just heard from it, and may or may not be trusted in that. */
export type Source = "trusted" | "first-hand" | "hearsay";
type SaidOfMember =
  | "present, trusted"
  | "present, first-hand"
  | "present"
  | "present, at this peer's address"
  | "dead"
  | "left";

type OfSender =
  | "far below"
  | "not known"
  | "only expected"
  | "present, same instance"
  | "present, same instance, elsewhere"
  | "present, other instance, same address"
  | "present, other instance elsewhere"
  | "departed"
  | "the same"
  | "the same, elsewhere"
  | "the same, elsewhere, and in doubt"
  | "better";

/** What a sender says of itself, as each message does. */
export const OWN_WORD: Readonly<Record<OfSender, Row<Presence>>> = {
  // Who is there can say so, asked where it is; what is said of its end it could hardly outbid.
  "far below": { present: "probe first", "dead or left": "ignore" },
  // Anybody can write another's address: nobody else hears of it, nor is it sent more than it said, unless it answers.
  "not known": { present: "ask the stranger", "dead or left": "ask the stranger" },
  "only expected": { present: "believe", "dead or left": "believe" },
  "present, same instance": { present: "believe", "dead or left": "believe" },
  // Where it was is not forgotten before it has answered from where it is, nor itself for a word from elsewhere.
  "present, same instance, elsewhere": {
    present: "probe first, both ways",
    "dead or left": "tell the suspect and probe",
  },
  // Two processes cannot listen at one address: the former one is gone.
  "present, other instance, same address": {
    present: "believe: replaced",
    "dead or left": "believe",
  },
  // Only the leaver itself says that it has left, from where it is known.
  "present, other instance elsewhere": { present: "probe first", "dead or left": "ignore" },
  departed: { present: "probe first, both ways", "dead or left": "believe" },
  "the same": { present: "note that it answers", "dead or left": "ignore" },
  "the same, elsewhere": { present: "ignore", "dead or left": "cannot be" },
  // Should it have moved, word that goes where it was does not reach it.
  "the same, elsewhere, and in doubt": {
    present: "tell it of the doubt",
    "dead or left": "cannot be",
  },
  better: { present: "tell it better", "dead or left": "tell it better" },
};

type OfMember =
  | "far below"
  | "not known"
  | "only expected"
  | "present, same instance"
  | "present, other instance, lower incarnation"
  | "present, other instance, same incarnation"
  | "present, at this peer's address"
  | "departed"
  | "the same or better";

/**
 * What others say of a member. `first-hand`: they have just heard from it, in its joining; `trusted`: the same, in a
 * ring that is too large for each to greet each.
 */
export const OTHERS_WORD: Readonly<Record<OfMember, Row<SaidOfMember>>> = {
  "far below": {
    "present, trusted": "probe first",
    "present, first-hand": "probe first",
    present: "probe first",
    "present, at this peer's address": "ignore",
    dead: "ignore",
    left: "ignore",
  },
  "not known": {
    "present, trusted": "believe: joined",
    "present, first-hand": "greet first",
    present: "probe first",
    "present, at this peer's address": "ignore",
    dead: "believe",
    left: "believe",
  },
  "only expected": {
    "present, trusted": "believe: joined",
    "present, first-hand": "greet first",
    present: "probe first",
    "present, at this peer's address": "ignore",
    dead: "believe",
    left: "believe",
  },
  "present, same instance": {
    "present, trusted": "believe",
    "present, first-hand": "believe",
    present: "believe",
    "present, at this peer's address": "ignore",
    dead: "tell the suspect and probe",
    // Only a leaver itself says that it has left, so its word is good at any remove.
    left: "believe",
  },
  "present, other instance, lower incarnation": {
    "present, trusted": "believe: joined",
    "present, first-hand": "greet first",
    present: "probe first",
    "present, at this peer's address": "ignore",
    dead: "tell the suspect and probe",
    left: "believe",
  },
  "present, other instance, same incarnation": {
    "present, trusted": "probe first",
    "present, first-hand": "probe first",
    present: "probe first",
    "present, at this peer's address": "ignore",
    dead: "tell the suspect and probe",
    left: "believe",
  },
  // Two processes cannot listen at one address, and this very peer does at that one.
  "present, at this peer's address": {
    "present, trusted": "hold the known one for dead",
    "present, first-hand": "hold the known one for dead",
    present: "hold the known one for dead",
    "present, at this peer's address": "hold the known one for dead",
    dead: "hold the known one for dead",
    left: "hold the known one for dead",
  },
  departed: {
    "present, trusted": "believe: returned",
    "present, first-hand": "greet first",
    present: "probe first",
    "present, at this peer's address": "ignore",
    dead: "believe",
    left: "believe",
  },
  "the same or better": {
    "present, trusted": "ignore",
    "present, first-hand": "ignore",
    present: "ignore",
    "present, at this peer's address": "ignore",
    dead: "ignore",
    left: "ignore",
  },
};

type OfSelf =
  | "far below"
  | "this run, seen elsewhere"
  | "this instance or address"
  | "other instance elsewhere"
  | "the same or better"
  | "about to leave";

/** What anybody says of this very peer, or of another process with its id. */
export const WORD_OF_SELF: Readonly<Record<OfSelf, Row<Presence>>> = {
  "far below": { present: "ignore", "dead or left": "ignore" },
  // All others take the greatest address: so all agree, and nothing is refuted.
  "this run, seen elsewhere": { present: "move there", "dead or left": "cannot be" },
  "this instance or address": { present: "refute", "dead or left": "refute to who says so" },
  "other instance elsewhere": {
    present: "probe the claimant",
    "dead or left": "refute to who says so",
  },
  "the same or better": { present: "ignore", "dead or left": "note who says so" },
  "about to leave": { present: "ignore", "dead or left": "note who says so" },
};

/** @param inDoubt whether the sender is being tried, as dead or silent, at another address than it has now */
export function onOwnWord(said: Member, known: Member | undefined, inDoubt: boolean): Decision {
  return OWN_WORD[knownOfSender(said, known, inDoubt)][presence(said)];
}

/** @param here this peer's own address */
export function onOthersWord(
  said: Member,
  known: Member | undefined,
  source: Source,
  here: Address,
): Decision {
  return OTHERS_WORD[knownOfMember(said, known, here)][saidOfMember(said, source, here)];
}

export function onWordOfSelf(said: Member, self: Member, leaving: boolean): Decision {
  return WORD_OF_SELF[leaving ? "about to leave" : knownOfSelf(said, self)][presence(said)];
}

/** The same process in the same state: only its address may be another, which is no news to itself. */
export function isSameLife(a: Member, b: Member): boolean {
  return (
    a.id === b.id &&
    a.instance === b.instance &&
    a.incarnation === b.incarnation &&
    a.state === b.state &&
    isPresent(a)
  );
}

/** True if an incarnation that is spoken of is further above what is known than it could be, or could be outbid. */
function isFarBelow(known: Member | undefined, said: Member): boolean {
  const incarnation = known?.incarnation ?? 0;
  return said.incarnation > incarnation && !isPlausible(incarnation, said.incarnation);
}

function presence(said: Member): Presence {
  return isPresent(said) ? "present" : "dead or left";
}

function saidOfMember(said: Member, source: Source, here: Address): SaidOfMember {
  if (said.state === "dead" || said.state === "left") return said.state;
  if (said.address === here) return "present, at this peer's address";
  return source === "hearsay" ? "present" : `present, ${source}`;
}

function knownOfSender(said: Member, known: Member | undefined, inDoubt: boolean): OfSender {
  if (isFarBelow(known, said)) return "far below";
  if (known === undefined) return "not known";
  const order = compareMembers(said, known);
  if (order === 0) return "the same";
  if (order < 0) {
    if (!isSameLife(said, known)) return "better";
    return inDoubt ? "the same, elsewhere, and in doubt" : "the same, elsewhere";
  }
  if (!isPresent(known)) return "departed";
  if (isExpected(known)) return "only expected";
  const there = said.address === known.address;
  if (said.instance === known.instance)
    return there ? "present, same instance" : "present, same instance, elsewhere";
  return there ? "present, other instance, same address" : "present, other instance elsewhere";
}

function knownOfMember(said: Member, known: Member | undefined, here: Address): OfMember {
  if (isFarBelow(known, said)) return "far below";
  if (known === undefined) return "not known";
  if (compareMembers(said, known) <= 0) return "the same or better";
  if (!isPresent(known)) return "departed";
  if (known.address === here) return "present, at this peer's address";
  if (isExpected(known)) return "only expected";
  if (said.instance === known.instance) return "present, same instance";
  return said.incarnation > known.incarnation
    ? "present, other instance, lower incarnation"
    : "present, other instance, same incarnation";
}

function knownOfSelf(said: Member, self: Member): OfSelf {
  if (isFarBelow(self, said)) return "far below";
  if (compareMembers(said, self) <= 0) return "the same or better";
  if (isSameLife(said, self)) return "this run, seen elsewhere";
  return said.instance === self.instance || said.address === self.address
    ? "this instance or address"
    : "other instance elsewhere";
}
