/**
 * Anti-entropy: two holders find out by digests of ranges what one has and the other lacks, in a few
 * messages whatever the number of files (Merkle, 1987; as in Dynamo, 2007). An owner that is new, or was
 * asleep, learns so what it lacks of its part of the circle (tenure.ts).
 */
import { COMPARE_EVERY_MS, COMPARE_PARTS, OFFER_RECORDS } from "../model/config.ts";
import { type Author, authorOf } from "../model/file-index.ts";
import { type Range, versionKey } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import type { Compare, Compared } from "../model/messages.ts";
import { randomBelow } from "../model/random.ts";
import { type Peer, send } from "../state.ts";
import { takesFrom } from "./confirming.ts";
import { confirm, otherHolders } from "./holders.ts";
import { sendOffers } from "./offering.ts";
import { noteAgreed } from "./pledging.ts";
import { noteCompared, ownedFrom } from "./tenure.ts";

/** Asks a holder what it lacks of the parts of the circle that these members own. */
export function compareWith(peer: Peer, holder: Member, owners: ReadonlySet<number>): void {
  const ranges: Range[] = [];
  for (const id of owners) ranges.push(peer.replication.files.range(ownedFrom(peer, id), id, null));
  sendCompare(peer, holder, null, ranges);
}

/** Compares all that this peer shares with others, now and again from time to time. */
export function compareAll(peer: Peer): void {
  const spread = randomBelow(peer.random, COMPARE_EVERY_MS / 4);
  peer.deadlines.set("compare", 0, peer.now + COMPARE_EVERY_MS + spread);
  const owners = new Map<Member, Set<number>>();
  for (const record of peer.replication.files.values()) {
    const owner = peer.membership.view.owner(record.key);
    if (owner === undefined) continue;
    for (const holder of otherHolders(peer, record)) {
      const known = owners.get(holder) ?? new Set();
      owners.set(holder, known.add(owner.id));
    }
  }
  for (const [holder, ids] of owners) compareWith(peer, holder, ids);
}

/** Another holder's ranges: says which are the same here, and offers what may be missing there. */
export function receiveCompare(peer: Peer, from: Member, { nonce, own, ranges }: Compare): void {
  const same: Range[] = [];
  const differ: Range[] = [];
  const but = own === null ? null : authorOf(from, own);
  for (const theirs of ranges) {
    const mine = peer.replication.files.range(theirs.from, theirs.to, but);
    if (mine.digest === theirs.digest && mine.count === theirs.count) {
      if (keepsBack(peer, from, mine)) continue;
      same.push(theirs);
      if (own === null && peer.phase !== "leaving") confirmRange(peer, from, mine);
      continue;
    }
    differ.push(mine);
    if (isSmall(peer, mine, theirs)) offerRange(peer, from, mine, but);
  }
  const pledge = peer.replication.pledges.get(from.instance);
  const isAll = (range: Range) => range.from === pledge?.from && range.to === pledge.to;
  if (own !== null && same.some(isAll)) noteAgreed(peer, from);
  const taking = takesFrom(peer, from.address);
  send(peer, from.address, "stream", { tag: "compared", nonce, own, same, differ, taking });
}

/** What came of a comparison: the same is confirmed, what differs is offered, or looked at more closely. */
export function receiveCompared(peer: Peer, from: Member, compared: Compared): void {
  const { own, same, differ, taking } = compared;
  noteCompared(peer, from, compared);
  const but = own === null ? null : authorOf(peer.self, own);
  for (const range of same) {
    const mine = peer.replication.files.range(range.from, range.to, but);
    const counts = own === null && (taking || peer.phase !== "leaving");
    if (counts && mine.digest === range.digest) confirmRange(peer, from, mine);
  }
  const closer: Range[] = [];
  for (const theirs of differ) {
    const mine = peer.replication.files.range(theirs.from, theirs.to, but);
    // An owner asks for what it lacks. What others lack is for repair, and they may be no holders.
    if (own !== null && (theirs.count === 0 || isSmall(peer, mine, theirs))) continue;
    if (isSmall(peer, mine, theirs)) offerRange(peer, from, mine, but);
    else closer.push(...peer.replication.files.parts(theirs, COMPARE_PARTS, but));
  }
  sendCompare(peer, from, own, closer);
}

function sendCompare(peer: Peer, to: Member, own: number | null, ranges: readonly Range[]): void {
  const told = ranges.filter((range) => !keepsBack(peer, to, range));
  for (let i = 0; i < told.length; i += OFFER_RECORDS) {
    const some = told.slice(i, i + OFFER_RECORDS);
    send(peer, to.address, "stream", { tag: "compare", nonce: 0, own, ranges: some });
  }
}

/** True if a digest of it would tell what a promise keeps back: it is compared another time. */
function keepsBack(
  { now, replication: { files, pledges } }: Peer,
  from: Member,
  range: Range,
): boolean {
  for (const { owner, until, foreign } of pledges.values()) {
    if (until <= now || owner.instance === from.instance || foreign.size === 0) continue;
    if (files.within(range, null).some((record) => foreign.has(versionKey(record)))) return true;
  }
  return false;
}

/** Small enough that what is in it is named, not compared any further. */
function isSmall(peer: Peer, mine: Range, theirs: Range): boolean {
  const circle = 2 ** peer.config.bits;
  const single = (mine.to - mine.from + circle) % circle === 1;
  return single || Math.max(mine.count, theirs.count) <= OFFER_RECORDS;
}

function offerRange(peer: Peer, to: Member, range: Range, but: Author | null): void {
  sendOffers(peer, to.address, peer.replication.files.within(range, but));
}

function confirmRange(peer: Peer, by: Member, range: Range): void {
  for (const record of peer.replication.files.within(range, null)) confirm(peer, record, by);
}
