/**
 * A peer whose folder was away for long: it uses what it holds together with those alone that were away
 * as well, until it hears from one that was not. What may have been removed meanwhile then becomes a
 * conflict of its name, unless the ring still has it.
 */
import {
  entriesOf,
  isDoubtful,
  isOld,
  mayBeRemoved,
  type Postponed,
  standingOf,
} from "../model/absence.ts";
import { withRecords } from "../model/ages.ts";
import { boundTable } from "../model/bounded.ts";
import {
  ALIVE_EVERY_MS,
  ASK_LATE_MS,
  AWAY_MS,
  FORGOTTEN_STEP_MS,
  LATE_FOR_MS,
  POSTPONED,
  SYNC_MEMBERS,
} from "../model/config.ts";
import { type FileRecord, writeId } from "../model/files.ts";
import { POSTPONED_ENTRIES } from "../model/limits.ts";
import { type Address, isExpected, type Member } from "../model/member.ts";
import type { Message, Standing } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { note, type Peer } from "../state.ts";
import { renewEpoch, repairSoon } from "./records.ts";
import { sendPing } from "./ways.ts";

/** What is said by one who knows of writes: of the doubtful it waits, and by the doubtful. */
const OF_WRITES: ReadonlySet<Message["tag"]> = new Set<Message["tag"]>([
  ...(["replicate", "inquire", "inquired", "compare", "compared"] as const),
  ...(["lease", "leased", "catch-up", "caught-up", "list", "listed"] as const),
]);

const DAY_MS = 24 * 3_600_000;

/** The peer is in its ring. */
export function cameIn(peer: Peer): void {
  peer.membership.absence.togetherMs = 0;
  peer.deadlines.set("alive", 0, peer.now + ALIVE_EVERY_MS);
  tellAlive(peer);
}

/** From time to time the folder is told that its peer is in its ring; late ones go on as one in the end. */
export function stayAlive(peer: Peer): void {
  const {
    self,
    membership: { absence, view, awaited },
  } = peer;
  peer.deadlines.set("alive", 0, peer.now + ALIVE_EVERY_MS);
  const isThere = (m: Member) => m.id !== self.id && !isExpected(m) && !awaited.has(m.id);
  if (absence.knownUntil !== null && view.members.some(isThere)) {
    absence.togetherMs += ALIVE_EVERY_MS;
    if (absence.togetherMs >= LATE_FOR_MS) {
      absence.late = false;
      absence.knownUntil = null;
    }
  }
  tellAlive(peer);
}

/** This machine was asleep for so long: it is as if its folder had been away. */
export function sleptThrough(peer: Peer, sleptMs: number): void {
  if (sleptMs < AWAY_MS) return;
  const {
    now,
    membership: { absence },
  } = peer;
  absence.late = true;
  absence.knownUntil = Math.min(absence.knownUntil ?? now, now - sleptMs);
  absence.togetherMs = 0;
  absence.hasOld = [...peer.replication.files.values()].some((record) => isOld(record, now));
  absence.answered.clear();
}

/**
 * Takes note of what a member says of itself, and of what its ring has forgotten.
 * @param answered it has answered this peer, and so knows what this one is
 */
export function noteStanding(peer: Peer, from: Member, told: Standing, answered: boolean): void {
  const {
    now,
    membership: { absence },
  } = peer;
  // One on its way into the ring has not been there either, and is asked again when it is in.
  if (from.incarnation === 0 || from.id === peer.self.id) return;
  if (told.forgottenMs !== null) {
    // None is forgotten before its time, whatever somebody says.
    const versionedAt = now - Math.max(told.forgottenMs, AWAY_MS);
    // It took its time to come here: two that tell each other would make it younger for ever.
    if (versionedAt > absence.forgotten + FORGOTTEN_STEP_MS) raiseForgotten(peer, versionedAt);
  }
  if (told.awayMs === null) {
    absence.others.delete(from.instance);
    if (absence.late) becomeCurrent(peer);
  } else {
    const knownUntil = now - told.awayMs;
    absence.others.set(from.instance, knownUntil);
    boundTable(absence.others, SYNC_MEMBERS);
    if (answered) absence.answered.add(from.instance);
    boundTable(absence.answered, SYNC_MEMBERS);
    // What it holds is soon held here too; but what is forgotten here it gives as conflicts alone.
    if (absence.late && absence.knownUntil !== null) {
      const least = Math.max(knownUntil, absence.forgotten);
      absence.knownUntil = Math.min(absence.knownUntil, least);
    }
  }
  if (absence.knownUntil !== null && absence.forgotten > absence.knownUntil) setApart(peer);
}

/** Removals of a certain age may soon be forgotten here, which all are told long before any is. */
export function noteForgotten(peer: Peer): void {
  const {
    now,
    membership: { absence },
  } = peer;
  if (absence.late) return;
  for (const write of peer.replication.removals.values()) {
    const record = peer.replication.files.find(write);
    if (record !== undefined && record.ageMs + now >= AWAY_MS) {
      raiseForgotten(peer, -record.ageMs);
    }
  }
}

/** True of a removal whose forgetting has been made known. */
export function isKnownForgotten(
  { membership: { absence } }: Peer,
  { ageMs }: FileRecord,
): boolean {
  return !absence.late && -ageMs <= absence.forgotten;
}

/**
 * Keeps a message about writes until its sender has said what it has been through.
 * @returns true if it is kept; `takePostponed` gives it back
 */
export function postpone(peer: Peer, waiting: Postponed): boolean {
  const {
    membership: { absence },
  } = peer;
  const { from, message } = waiting;
  if (!isDoubtful(absence) || !OF_WRITES.has(message.tag)) return false;
  if (from.id === peer.self.id || absence.answered.has(from.instance)) return false;
  ask(peer, from);
  if (hasRoomFor(absence.postponed, waiting)) absence.postponed = [...absence.postponed, waiting];
  return true;
}

function hasRoomFor(postponed: readonly Postponed[], { message }: Postponed): boolean {
  if (postponed.length >= POSTPONED) return false;
  const before = postponed.reduce((sum, each) => sum + entriesOf(each.message), 0);
  return before + entriesOf(message) <= POSTPONED_ENTRIES;
}

/** Messages whose senders are known now. */
export function takePostponed(peer: Peer): readonly Postponed[] {
  const {
    membership: { absence },
  } = peer;
  if (absence.postponed.length === 0) return absence.postponed;
  const known = ({ from }: Postponed) =>
    !isDoubtful(absence) || absence.answered.has(from.instance);
  const ready = absence.postponed.filter(known);
  absence.postponed = absence.postponed.filter((waiting) => !known(waiting));
  return ready;
}

/** True if what is held here may be given to the one at an address; if not, it is asked. */
export function mayGiveTo(peer: Peer, to: Address): boolean {
  const {
    membership: { absence, view },
  } = peer;
  if (!isDoubtful(absence) || to === peer.self.address) return true;
  const member = view.at(to);
  if (member === undefined) return false;
  if (absence.answered.has(member.instance)) return true;
  ask(peer, member);
  return false;
}

/** What one says that knows less than is forgotten here: its old files come as conflicts. */
export function asHeard(peer: Peer, from: Member, message: Message): Message {
  if (!isOutdated(peer, from)) return message;
  return withRecords(message, (record) =>
    mayBeRemoved(record, peer.membership.absence) ? { ...record, apart: true } : record,
  );
}

/** A write has come into the table. One that was under way while its giver was found out is put apart. */
export function noteTaken(peer: Peer, record: FileRecord, from: Member): void {
  const {
    membership: { absence },
  } = peer;
  if (absence.late && isOld(record, peer.now)) absence.hasOld = true;
  if (!isOutdated(peer, from) || !mayBeRemoved(record, absence)) return;
  peer.replication.files.setApart(record);
  peer.effects.push({ type: "apart", writes: [writeId(record)] });
}

/** The folder is told at once: what is dropped after that must not be news to the next run. */
function raiseForgotten(peer: Peer, versionedAt: number): void {
  const {
    membership: { absence },
  } = peer;
  if (versionedAt <= absence.forgotten) return;
  absence.forgotten = versionedAt;
  tellAlive(peer);
}

function isOutdated({ membership: { absence } }: Peer, { instance }: Member): boolean {
  const knownUntil = absence.others.get(instance);
  return knownUntil !== undefined && knownUntil < absence.forgotten;
}

/** One that was there has spoken: this peer knows now what it may have missed, and others hear of that. */
function becomeCurrent(peer: Peer): void {
  const {
    membership: { absence },
  } = peer;
  absence.late = false;
  absence.answered.clear();
  absence.asked.clear();
  for (const { address, instance } of peer.membership.view.members) {
    if (absence.others.has(instance)) sendPing(peer, address, randomBits(peer.random), "stream");
  }
}

/** What may have been removed is no more what its name stands for, unless the ring says so. */
function setApart(peer: Peer): void {
  const {
    now,
    membership: { absence },
  } = peer;
  const { awayMs = 0 } = peer.start;
  absence.knownUntil = absence.forgotten;
  const isOlder = (record: FileRecord) => mayBeRemoved(record, absence);
  // What was known before this to those that ask.
  for (const inquiry of peer.replication.inquiries.values()) {
    inquiry.siblings = inquiry.siblings.map((v) => (isOlder(v) ? { ...v, apart: true } : v));
  }
  const old = [...peer.replication.files.values()].filter(isOlder);
  if (old.length === 0) return;
  for (const record of old) peer.replication.files.setApart(record);
  peer.effects.push({ type: "apart", writes: old.map(writeId) });
  const days = Math.floor(Math.max(awayMs ?? 0, peer.lifecycle.sleep?.ms ?? 0) / DAY_MS);
  note(peer, sentences.wasAway(days, old.length));
  // What it was to others as an owner, and who has what, is to be found out anew.
  renewEpoch(peer);
  peer.deadlines.setEarlier("compare", 0, now);
  repairSoon(peer);
}

function ask(peer: Peer, { instance, address }: Member): void {
  const { asked } = peer.membership.absence;
  if (peer.now - (asked.get(instance) ?? Number.NEGATIVE_INFINITY) < ASK_LATE_MS) return;
  asked.set(instance, peer.now);
  boundTable(asked, SYNC_MEMBERS);
  sendPing(peer, address, randomBits(peer.random), "stream");
}

function tellAlive({ now, effects, membership: { absence } }: Peer): void {
  const { forgottenMs } = standingOf(absence, now);
  const awayMs = absence.knownUntil === null ? 0 : Math.max(0, now - absence.knownUntil);
  effects.push({ type: "alive", awayMs, forgottenMs });
}
