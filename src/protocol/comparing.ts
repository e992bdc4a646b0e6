/**
 * Anti-entropy: two holders find out by digests of ranges what one has and the other lacks, in a few
 * messages whatever the number of files (Merkle, 1987; as in Dynamo, 2007). And an owner that is new,
 * or was asleep, learns so whether it may speak for its part of the circle.
 */
import {
  COMPARE_EVERY_MS,
  COMPARE_PARTS,
  DECLINED_FILES,
  OFFER_RECORDS,
  SETTLE_ASK_MS,
} from "./config.ts";
import { confirm, otherHolders, sendOffers } from "./copies.ts";
import { asConflict, type FileRecord, type Range, runOf } from "./files.ts";
import { othersToAsk } from "./inquiring.ts";
import type { Member } from "./member.ts";
import type { Compare, Compared } from "./messages.ts";
import { randomBelow } from "./random.ts";
import type { Author } from "./shelf.ts";
import { type Peer, send } from "./state.ts";

const NONCES = 2 ** 32;

/** True if this owner knows without asking what the newest version of a name is. */
export function knows(peer: Peer, name: string): boolean {
  return isSettled(peer) && !peer.elsewhere.has(name) && peer.elsewhere.size < DECLINED_FILES;
}

/** Others hold a newer version of a name than this peer does. */
export function noteElsewhere(peer: Peer, record: FileRecord): void {
  // Where it lies it may lose its name to another version.
  for (const { name } of [record, asConflict(record)]) {
    if (peer.elsewhere.size < DECLINED_FILES) peer.elsewhere.add(name);
  }
}

/**
 * True if this owner knows all that was acknowledged in its part of the circle: since the view last
 * changed, every other holder has said that it has nothing else. If not, they are asked.
 */
function isSettled(peer: Peer): boolean {
  const { settling } = peer;
  if (settling.epoch !== peer.epoch) {
    settling.epoch = peer.epoch;
    settling.settled = false;
    settling.counter = peer.counter;
    settling.askedAt = Number.NEGATIVE_INFINITY;
    settling.agreed.clear();
  }
  if (settling.settled) return true;
  const missing = othersToAsk(peer).filter((m) => !settling.agreed.has(m.birth));
  settling.settled = missing.length === 0;
  if (settling.settled || peer.now - settling.askedAt < SETTLE_ASK_MS) return settling.settled;
  settling.askedAt = peer.now;
  settling.nonce = randomBelow(peer.random, NONCES);
  const range = ownRange(peer);
  for (const { address } of missing) {
    const { nonce } = settling;
    send(peer, address, "stream", {
      tag: "compare",
      nonce,
      own: settling.counter,
      ranges: [range],
    });
  }
  return false;
}

/** Asks a holder what it lacks of the parts of the circle that these members own. */
export function compareWith(peer: Peer, holder: Member, owners: ReadonlySet<number>): void {
  const ranges: Range[] = [];
  for (const id of owners) ranges.push(peer.files.range(ownedFrom(peer, id), id, null));
  sendCompare(peer, holder, null, ranges);
}

/** Compares all that this peer shares with others, now and again from time to time. */
export function compareAll(peer: Peer): void {
  const spread = randomBelow(peer.random, COMPARE_EVERY_MS / 4);
  peer.deadlines.set("compare", 0, peer.now + COMPARE_EVERY_MS + spread);
  const owners = new Map<Member, Set<number>>();
  for (const record of peer.files.values()) {
    const owner = peer.view.owner(record.key);
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
    const mine = peer.files.range(theirs.from, theirs.to, but);
    if (mine.digest === theirs.digest && mine.count === theirs.count) {
      same.push(theirs);
      if (own === null) confirmRange(peer, from, mine);
      continue;
    }
    differ.push(mine);
    if (isSmall(peer, mine, theirs)) offerRange(peer, from, mine, but);
  }
  send(peer, from.address, "stream", { tag: "compared", nonce, own, same, differ });
}

/** What came of a comparison: the same is confirmed, what differs is offered, or looked at more closely. */
export function receiveCompared(peer: Peer, from: Member, compared: Compared): void {
  const { own, nonce, same, differ } = compared;
  if (nonce !== 0 && nonce === peer.settling.nonce && peer.settling.epoch === peer.epoch) {
    const { from: after, to } = ownRange(peer);
    const isOwn = (range: Range) => range.from === after && range.to === to;
    // The one asked beyond the holders has nothing at all there, as a rule.
    if (same.some(isOwn) || differ.some((range) => isOwn(range) && range.count === 0)) {
      peer.settling.agreed.add(from.birth);
    }
  }
  const but = own === null ? null : authorOf(peer.self, own);
  for (const range of same) {
    const mine = peer.files.range(range.from, range.to, but);
    if (own === null && mine.digest === range.digest) confirmRange(peer, from, mine);
  }
  const closer: Range[] = [];
  for (const theirs of differ) {
    const mine = peer.files.range(theirs.from, theirs.to, but);
    // An owner asks for what it lacks. What others lack is for repair, and they may be no holders.
    if (own !== null && (theirs.count === 0 || isSmall(peer, mine, theirs))) continue;
    if (isSmall(peer, mine, theirs)) offerRange(peer, from, mine, but);
    else closer.push(...peer.files.parts(theirs, COMPARE_PARTS, but));
  }
  sendCompare(peer, from, own, closer);
}

function sendCompare(peer: Peer, to: Member, own: number | null, ranges: readonly Range[]): void {
  for (let i = 0; i < ranges.length; i += OFFER_RECORDS) {
    const some = ranges.slice(i, i + OFFER_RECORDS);
    send(peer, to.address, "stream", { tag: "compare", nonce: 0, own, ranges: some });
  }
}

/** Small enough that what is in it is named, not compared any further. */
function isSmall(peer: Peer, mine: Range, theirs: Range): boolean {
  const circle = 2 ** peer.config.bits;
  const single = (mine.to - mine.from + circle) % circle === 1;
  return single || Math.max(mine.count, theirs.count) <= OFFER_RECORDS;
}

function offerRange(peer: Peer, to: Member, range: Range, but: Author | null): void {
  sendOffers(peer, to.address, peer.files.within(range, but));
}

function confirmRange(peer: Peer, by: Member, range: Range): void {
  for (const record of peer.files.within(range, null)) confirm(peer, record, by);
}

/** The part of the circle that this peer owns, with what it holds there but for what it stamped since. */
function ownRange(peer: Peer): Range {
  const { id } = peer.self;
  return peer.files.range(ownedFrom(peer, id), id, authorOf(peer.self, peer.settling.counter));
}

/** Where the part of the circle begins that a member owns: at the last before it that stays. */
function ownedFrom(peer: Peer, id: number): number {
  const { view } = peer;
  const before = view.before(id, view.size).find((m) => m.state !== "leaving");
  return before?.id ?? id;
}

function authorOf(member: Member, counter: number): Author {
  return { owner: member.id, run: runOf(member), counter };
}
