/**
 * A replica's side of leases: it promises an owner to acknowledge no other owner's write in its part
 * of the circle for a while, so that this owner may answer alone. What it takes in meanwhile from others
 * it keeps, but says so only when the promise has passed; and it gives no other before the owner has it too.
 */
import { PROMISE_MS, PROMISES } from "../model/config.ts";
import {
  type FileRecord,
  isVersionedBy,
  type Range,
  type WriteId,
  writeKey,
} from "../model/files.ts";
import { FOREIGN_WRITES, WITHHELD } from "../model/limits.ts";
import type { Member } from "../model/member.ts";
import type { CatchUp, Lease } from "../model/messages.ts";
import { authorOf, isWithin } from "../model/range-digest.ts";
import { type Peer, send } from "../state.ts";
import { othersFor } from "./quorum.ts";
import { compareRanges } from "./ranges.ts";
import { replicateTo } from "./sending.ts";
import { isForeign, type Pledge, type Withheld } from "./state.ts";
import { baseOf } from "./wanting.ts";

/** An owner wishes to answer alone. */
export function receiveLease(peer: Peer, from: Member, lease: Lease): void {
  const { nonce, from: after, to, asked } = lease;
  const known = peer.replication.pledges.get(from.instance);
  const clean = known !== undefined && known.from === after && known.to === to;
  // With what was lost here the owner cannot catch up.
  const lost = [...peer.replication.lost.values()].some(
    ([v]) => v !== undefined && isWithin(v.key, after, to),
  );
  const dirty = lost || (known?.foreign.size ?? 0) > 0;
  // What others hold that it does not know of, it cannot know either.
  const ahead = othersFor(peer, after + 1, asked).length > 0;
  const granted =
    !(dirty || ahead || isTaken(peer, from, after, to)) && hasPlaceFor(peer, from.instance);
  if (granted) {
    const until = peer.now + PROMISE_MS;
    peer.replication.pledges.delete(from.instance);
    peer.replication.pledges.set(from.instance, {
      owner: from,
      from: after,
      to,
      until,
      foreign: new Set(),
    });
  }
  send(peer, from.address, "stream", { tag: "leased", nonce, granted, clean });
}

/** An owner asks what it lacks: says where this peer has the same, and replicates what is little and differs. */
export function receiveCatchUp(peer: Peer, from: Member, catchUp: CatchUp): void {
  const { nonce, counter, ranges } = catchUp;
  const but = authorOf(from, counter);
  const { same, differ, small } = compareRanges(peer, from, ranges, but);
  for (const range of small) {
    replicateTo(peer, from.address, peer.replication.files.within(range, but));
  }
  const pledge = peer.replication.pledges.get(from.instance);
  const isAll = (range: Range) => range.from === pledge?.from && range.to === pledge.to;
  if (same.some(isAll)) pledge?.foreign.clear();
  send(peer, from.address, "stream", { tag: "caught-up", nonce, counter, same, differ });
}

/** True if one more promise can be kept in mind: of those that have ended the first is forgotten for it. */
function hasPlaceFor({ now, replication: { pledges } }: Peer, instance: string): boolean {
  if (pledges.has(instance) || pledges.size < PROMISES) return true;
  for (const [owner, { until }] of pledges) {
    if (until <= now) return pledges.delete(owner);
  }
  return false;
}

/** A write was taken in: owners whom it did not come from, and who did not give it its version, have to hear of it. */
export function notePledges(peer: Peer, record: FileRecord, from: Member): void {
  const { pledges } = peer.replication;
  for (const { owner, from: after, to, foreign, until } of pledges.values()) {
    const theirs = from.instance === owner.instance || isVersionedBy(record, owner);
    if (theirs || !isWithin(record.key, after, to)) continue;
    if (foreign.size < FOREIGN_WRITES) foreign.add(writeKey(record));
    // Its owner, if it is still there, has to catch up for the next one: see `clean` above.
    else if (until <= peer.now) pledges.delete(owner.instance);
  }
}

/** A member has said that it has these writes, or knows of them. */
export function noteKnown(peer: Peer, { instance }: Member, writes: readonly WriteId[]): void {
  const pledge = peer.replication.pledges.get(instance);
  if (pledge === undefined || pledge.foreign.size === 0) return;
  // Which of them are all, it does not know.
  if (pledge.foreign.size >= FOREIGN_WRITES) return;
  for (const write of writes) pledge.foreign.delete(writeKey(write));
}

/**
 * Keeps word back that would break a promise.
 * @returns whether it is kept back; it is said when the promise has passed
 */
export function withhold(peer: Peer, word: Withheld): boolean {
  const until = promisedUntil(peer, word);
  if (until <= peer.now) return false;
  // More is asked for again, or looked after again.
  if (peer.replication.withheld.length < WITHHELD) peer.replication.withheld.push(word);
  peer.deadlines.setEarlier("withheld", 0, until);
  return true;
}

/** Until when word has to wait for another owner's sake; in the past if it need not. */
export function promisedUntil(peer: Peer, word: Withheld): number {
  let until = Number.NEGATIVE_INFINITY;
  for (const pledge of peer.replication.pledges.values()) {
    if (pledge.until <= peer.now || word.to === pledge.owner.address) continue;
    if (breaks(peer, word, pledge)) until = Math.max(until, pledge.until);
  }
  return until;
}

/**
 * Until when an acknowledgement of this peer's own has to wait: its copy is word of a replica too, and so is its version,
 * where its disk would not take the write. In the past if it need not.
 */
export function ownWordUntil(peer: Peer, record: FileRecord, held: boolean): number {
  if (held) return promisedUntil(peer, { kind: "replicated", to: "", record });
  let until = Number.NEGATIVE_INFINITY;
  if (!isVersionedBy(record, peer.self)) return until;
  for (const pledge of peer.replication.pledges.values()) {
    if (isWithin(record.key, pledge.from, pledge.to)) until = Math.max(until, pledge.until);
  }
  return until;
}

/** The word whose time has come. */
export function takeWithheld(peer: Peer): Withheld[] {
  return peer.replication.withheld.splice(0).filter((word) => !withhold(peer, word));
}

function breaks(peer: Peer, word: Withheld, pledge: Pledge): boolean {
  if (pledge.foreign.size === 0) return false;
  if (word.kind === "replicated") return isForeign(pledge, word.record);
  return peer.replication.files
    .siblings(baseOf(peer, word.inquire.name))
    .some((record) => isForeign(pledge, record));
}

/** True if another owner, or this very peer, may answer alone for some of it. */
function isTaken(peer: Peer, from: Member, after: number, to: number): boolean {
  for (const pledge of peer.replication.pledges.values()) {
    if (pledge.until <= peer.now || pledge.owner.instance === from.instance) continue;
    if (isWithin(to, pledge.from, pledge.to) || isWithin(pledge.to, after, to)) return true;
  }
  return peer.replication.tenure.until > peer.now && isWithin(peer.self.id, after, to);
}
