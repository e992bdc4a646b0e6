/**
 * Anti-entropy: two replicas find out by digests of ranges what one has and the other lacks. What both
 * have, each has confirmed to the other.
 */
import { COMPARE_EVERY_MS } from "../model/config.ts";
import type { Range } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import type { Compare, Compared } from "../model/messages.ts";
import { randomBelow } from "../model/random.ts";
import { type Peer, send } from "../state.ts";
import { takesFrom } from "./confirming.ts";
import { compareRanges, cutRanges, tellable } from "./ranges.ts";
import { confirm, otherReplicas } from "./replica-set.ts";
import { replicateTo } from "./sending.ts";
import { ownedFrom } from "./tenure.ts";

/** Asks a replica what it lacks of the parts of the circle that these members own. */
export function compareWith(peer: Peer, replica: Member, owners: ReadonlySet<number>): void {
  const ranges: Range[] = [];
  for (const id of owners) ranges.push(peer.replication.files.range(ownedFrom(peer, id), id, null));
  sendCompare(peer, replica, ranges);
}

/** Compares all that this peer shares with others, now and again from time to time. */
export function compareAll(peer: Peer): void {
  const spread = randomBelow(peer.random, COMPARE_EVERY_MS / 4);
  peer.deadlines.set("compare", 0, peer.now + COMPARE_EVERY_MS + spread);
  const owners = new Map<Member, Set<number>>();
  for (const record of peer.replication.files.values()) {
    const owner = peer.membership.view.owner(record.key);
    if (owner === undefined) continue;
    for (const replica of otherReplicas(peer, record)) {
      const known = owners.get(replica) ?? new Set();
      owners.set(replica, known.add(owner.id));
    }
  }
  for (const [replica, ids] of owners) compareWith(peer, replica, ids);
}

/** Another replica's ranges: says which are the same here, and replicates what may be missing there. */
export function receiveCompare(peer: Peer, from: Member, { ranges }: Compare): void {
  const { same, differ, small } = compareRanges(peer, from, ranges, null);
  if (peer.phase !== "leaving") for (const range of same) confirmRange(peer, from, range);
  for (const range of small) replicateRange(peer, from, range);
  const taking = takesFrom(peer, from.address);
  send(peer, from.address, "stream", { tag: "compared", same, differ, taking });
}

/** What came of a comparison: the same is confirmed, what differs is replicated, or looked at more closely. */
export function receiveCompared(peer: Peer, from: Member, compared: Compared): void {
  const { same, differ, taking } = compared;
  // A leaver counts on those alone that stay, and know that it does not.
  const counts = taking || peer.phase !== "leaving";
  for (const range of same) {
    const mine = peer.replication.files.range(range.from, range.to, null);
    if (counts && mine.digest === range.digest) confirmRange(peer, from, mine);
  }
  const { small, parts } = cutRanges(peer, differ, null);
  for (const range of small) replicateRange(peer, from, range);
  sendCompare(peer, from, parts);
}

function sendCompare(peer: Peer, to: Member, all: readonly Range[]): void {
  for (const ranges of tellable(peer, to, all)) {
    send(peer, to.address, "stream", { tag: "compare", ranges });
  }
}

function replicateRange(peer: Peer, to: Member, range: Range): void {
  replicateTo(peer, to.address, peer.replication.files.within(range, null));
}

function confirmRange(peer: Peer, by: Member, range: Range): void {
  for (const record of peer.replication.files.within(range, null)) confirm(peer, record, by);
}
