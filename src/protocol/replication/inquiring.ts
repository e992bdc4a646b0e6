/**
 * What a peer asks about one name before it deals with a request: what those have of it that may hold
 * it. It goes on with the word of a quorum, given after the request came.
 */

import { noteRoom, ownRoom } from "../membership/room.ts";
import { noteUnanswered } from "../membership/unanswered.ts";
import {
  GOSSIP_MEMBERS,
  INQUIRE_MOST_MS,
  INQUIRE_MS,
  REPLICATE_RECORDS,
  WHERE_MS,
} from "../model/config.ts";
import {
  compareVersions,
  type FileRecord,
  type HeldVersion,
  heldVersion,
  isSameWrite,
} from "../model/files.ts";
import { fitting } from "../model/fitting.ts";
import type { Arrival } from "../model/io.ts";
import { type Address, compareMembers, isExpected, type Member, stays } from "../model/member.ts";
import type { Inquire, Inquired, RequestId } from "../model/messages.ts";
import { isReplacedBy, merge, winnerOf } from "../model/siblings.ts";
import { type Peer, send } from "../state.ts";
import { withhold } from "./pledging.ts";
import {
  askedOf,
  isAnySlow,
  isReplicaLost,
  majority,
  majorityOf,
  othersFor,
  type Quorum,
  quorumFor,
} from "./quorum.ts";
import type { Inquiry } from "./state.ts";
import { baseOf, isReplicating } from "./wanting.ts";

/** How an inquiry has ended. */
export type Inquest = {
  readonly inquiry: Inquiry;
  /** False where too few have answered in time. */
  readonly enough: boolean;
  readonly needed: number;
};

/** Asks about a name. @returns the inquiry if it has ended already, since this peer's own word is enough */
export function beginInquiry(peer: Peer, arrival: Arrival, name: string): Inquest | null {
  const { request } = arrival.routed;
  const inquiry: Inquiry = {
    arrival,
    name,
    siblings: [],
    heard: new Map(),
    rejected: new Set(),
    ahead: new Map(),
    lost: new Map(),
    asked: new Set(),
    until: peer.now + INQUIRE_MOST_MS,
    told: false,
  };
  peer.replication.inquiries.set(request, inquiry);
  peer.deadlines.set("inquiry", request, peer.now + INQUIRE_MS);
  return advance(peer, request, inquiry);
}

/** "What do you hold of this name?" What would break a promise is said when it has passed. */
export function receiveInquire(peer: Peer, from: Member, inquire: Inquire): void {
  const word = { kind: "inquired", to: from.address, inquire } as const;
  if (!withhold(peer, word)) tellInquired(peer, from.address, inquire);
}

/** Tells what is held here of a name, the newest writes first and as many as fit; and what was lost of it. */
export function tellInquired(peer: Peer, to: Address, inquire: Inquire): void {
  const { request, name, key, asked } = inquire;
  // The one that has the name is among them.
  const siblings = peer.replication.files.siblings(baseOf(peer, name));
  const newest = siblings.toSorted((a, b) => compareVersions(b.version, a.version));
  const records = fitting(newest, REPLICATE_RECORDS);
  const base = baseOf(peer, name);
  const rejected = isAbsent(peer, base);
  const lost = (peer.replication.lost.get(base) ?? []).map(heldVersion);
  const room = ownRoom(peer);
  const others = othersFor(peer, key, asked).slice(0, GOSSIP_MEMBERS);
  send(peer, to, "stream", { tag: "inquired", request, records, rejected, lost, room, others });
}

/** True if others have in this peer's place what it could not keep, or has not got yet. */
function isAbsent(peer: Peer, name: string): boolean {
  return peer.replication.refusals.has(name) || isReplicating(peer, name);
}

/** The word of one that was asked. @returns the inquiry if that was enough */
export function receiveInquired(peer: Peer, from: Member, told: Inquired): Inquest | null {
  const inquiry = peer.replication.inquiries.get(told.request);
  noteRoom(peer, from, told.room);
  if (!inquiry?.asked.has(from.instance) || inquiry.heard.has(from.instance)) return null;
  inquiry.ahead.set(from.instance, { from, told });
  return advance(peer, told.request, inquiry);
}

/**
 * Word counts once all that its sender knows of have been asked here too, or are known to be gone: what
 * was acknowledged with them this peer learns from them alone.
 */
function noteCertain(peer: Peer, inquiry: Inquiry): void {
  for (const [instance, { from, told }] of inquiry.ahead) {
    if (!told.others.every((m) => isAccountedFor(peer, m))) continue;
    inquiry.ahead.delete(instance);
    note(inquiry, from, told.records);
    if (told.rejected) inquiry.rejected.add(instance);
    if (told.lost.length > 0) inquiry.lost.set(instance, told.lost);
  }
}

function isAccountedFor({ membership: { view, departed } }: Peer, member: Member): boolean {
  const present = view.find(member.id);
  if (present !== undefined) return !isExpected(present);
  const left = departed.get(member.id);
  return left !== undefined && compareMembers(left, member) >= 0;
}

/** Others may have to be asked once the view has changed. @returns what has ended with that; null if it has not */
export function reviewInquiries(peer: Peer): Inquest[] | null {
  if (peer.replication.inquiredEpoch === peer.membership.epoch) return null;
  peer.replication.inquiredEpoch = peer.membership.epoch;
  return [...peer.replication.inquiries].flatMap(
    ([request, inquiry]) => advance(peer, request, inquiry) ?? [],
  );
}

/**
 * All have had some time: those who are silent are tried. Where too few have answered the origin is told so, and
 * those are asked once more: what is still to come then may be enough yet.
 * @returns the inquiry, unless it ended before
 */
export function inquiryOverdue(peer: Peer, request: RequestId): Inquest | null {
  const inquiry = peer.replication.inquiries.get(request);
  if (inquiry === undefined) return null;
  const quorum = quorumOf(peer, inquiry);
  for (const m of quorum.members) if (!inquiry.heard.has(m.instance)) noteUnanswered(peer, m);
  const enough = isEnough(peer, inquiry, quorum);
  if (enough && wantsMore(peer, inquiry, quorum)) {
    peer.deadlines.set("inquiry", request, peer.now + INQUIRE_MS);
    return null;
  }
  const needed = hasFresh(inquiry, quorum) ? quorum.needed : quorum.members.length;
  if (enough || peer.now >= inquiry.until) end(peer, request);
  else {
    // Its origin may give it up when it hears of that.
    inquiry.arrival = { ...inquiry.arrival, validUntil: Number.NEGATIVE_INFINITY };
    inquiry.asked.clear();
    for (const instance of inquiry.heard.keys()) inquiry.asked.add(instance);
    peer.deadlines.set("inquiry", request, peer.now + INQUIRE_MS);
    advance(peer, request, inquiry);
  }
  return { inquiry, enough, needed };
}

/**
 * The members that were heard to have this write, under this version or a greater one, or what replaced it.
 * Another write may stand between the two versions of one operation.
 */
export function heardToHave(peer: Peer, inquiry: Inquiry, record: FileRecord): Member[] {
  return heardOf(peer, inquiry, (v) => hasAs(v, record) || isReplacedBy(record, v));
}

/**
 * The members whose copies were damaged, by id, where nobody has told of such a write, or of what took its
 * place, and too few of the others have spoken to say that there is none: who may have it is not here.
 */
export function damagedAt(peer: Peer, inquiry: Inquiry): number[] {
  const { heard, lost, siblings } = inquiry;
  if (lost.size === 0) return [];
  // Nobody is missed who may have it: what is left is all that there is.
  if (siblings.length > 0 && !isReplicaLost(peer, keyOf(inquiry))) return [];
  const { members, needed } = quorumOf(peer, inquiry);
  const isMissing = (old: HeldVersion) =>
    !siblings.some((v) => isSameWrite(v, old) || isReplacedBy(old, v));
  const damaged = members.filter(
    ({ instance }) => heard.has(instance) && lost.get(instance)?.some(isMissing) === true,
  );
  const others = answeredOf(inquiry, members) - damaged.length;
  const enough = Math.max(needed, majorityOf(peer.config.replicationFactor));
  return others >= enough ? [] : damaged.map(({ id }) => id);
}

/** Those of them that have the write itself. */
export function heardToHold(peer: Peer, inquiry: Inquiry, record: FileRecord): Member[] {
  return heardOf(peer, inquiry, (v) => hasAs(v, record));
}

/** Those that are still members, and have told of such a write: the dead keep nothing for the next reader. */
function heardOf(
  { membership: { view } }: Peer,
  { heard }: Inquiry,
  has: (v: FileRecord) => boolean,
): Member[] {
  return [...heard.values()].flatMap(({ member, siblings }) =>
    view.find(member.id)?.instance === member.instance && siblings.some(has) ? [member] : [],
  );
}

function hasAs(sibling: FileRecord, record: FileRecord): boolean {
  return isSameWrite(sibling, record) && compareVersions(sibling.version, record.version) >= 0;
}

/** Asks those who were not asked yet. @returns the inquiry if enough have answered */
function advance(peer: Peer, request: RequestId, inquiry: Inquiry): Inquest | null {
  noteCertain(peer, inquiry);
  const quorum = quorumOf(peer, inquiry);
  const { members, needed } = quorum;
  const { name, asked } = inquiry;
  for (const member of members) {
    const { instance, id, address } = member;
    // What is held here is known at any time, and may have become more.
    if (id === peer.self.id) {
      note(inquiry, member, peer.replication.files.siblings(name));
      if (isAbsent(peer, name)) inquiry.rejected.add(instance);
      else inquiry.rejected.delete(instance);
      const lost = peer.replication.lost.get(name);
      if (lost !== undefined) inquiry.lost.set(instance, lost);
      else inquiry.lost.delete(instance);
    } else if (!asked.has(instance)) {
      asked.add(instance);
      const about = { request, name, key: keyOf(inquiry), asked: askedOf(members) };
      send(peer, address, "stream", { tag: "inquire", ...about });
    }
  }
  if (!isEnough(peer, inquiry, quorum)) return null;
  if (answeredOf(inquiry, members) < members.length && waitsForAll(peer, inquiry)) return null;
  end(peer, request);
  return { inquiry, enough: true, needed };
}

/**
 * True if all that was acknowledged or read must be known: a quorum has spoken that has lost nothing; or all
 * have. Where some could not keep what they were given, a write that was read may be on all others alone:
 * of these fewer are silent than it is on.
 */
function isEnough(peer: Peer, inquiry: Inquiry, quorum: Quorum): boolean {
  const { members, needed } = quorum;
  const answered = answeredOf(inquiry, members);
  if (answered === members.length) return needed <= members.length;
  const { heard, lost, rejected } = inquiry;
  const said = members.filter(({ instance }) => heard.has(instance) && !lost.has(instance));
  const able = members.filter((m) => stays(m) && !rejected.has(m.instance));
  const silent = able.filter((m) => !said.includes(m)).length;
  const spoken = said.length >= needed && silent < Math.min(able.length, majority(peer));
  return spoken && hasFresh(inquiry, quorum);
}

/** True if all have spoken that have just come. */
function hasFresh({ heard }: Inquiry, { fresh }: Quorum): boolean {
  return fresh.every((m) => heard.has(m.instance));
}

function answeredOf({ heard }: Inquiry, members: readonly Member[]): number {
  return members.reduce((sum, { instance }) => sum + (heard.has(instance) ? 1 : 0), 0);
}

/** True where it is asked who has a name, and some that may have it are slow, but not silent. */
function wantsMore(peer: Peer, { arrival, heard, until }: Inquiry, { members }: Quorum): boolean {
  const early = peer.now - (until - INQUIRE_MOST_MS) < WHERE_MS;
  return early && arrival.routed.ask.kind === "where" && isAnySlow(peer, members, heard);
}

/** True where the others are worth their time: it is to be told who has it, or to be on a majority. */
function waitsForAll(peer: Peer, inquiry: Inquiry): boolean {
  const { kind } = inquiry.arrival.routed.ask;
  if (kind !== "request") return kind === "where";
  const newest = winnerOf(inquiry.siblings);
  return newest !== undefined && heardToHave(peer, inquiry, newest).length < majority(peer);
}

/** One who rejected a write has another in its place, who is asked too. */
function quorumOf(peer: Peer, inquiry: Inquiry): Quorum {
  const { name, rejected } = inquiry;
  const known = peer.replication.rejected.get(name) ?? [];
  const more = new Set([...rejected, ...known]).size;
  return quorumFor(peer, keyOf(inquiry), more);
}

function keyOf({ arrival }: Inquiry): number {
  const { ask } = arrival.routed;
  return ask.kind === "join" ? 0 : ask.key;
}

function note(inquiry: Inquiry, member: Member, siblings: readonly FileRecord[]): void {
  inquiry.heard.set(member.instance, { member, siblings });
  inquiry.siblings = siblings.reduce(merge, inquiry.siblings);
}

function end(peer: Peer, request: RequestId): void {
  peer.replication.inquiries.delete(request);
  peer.deadlines.clear("inquiry", request);
}
