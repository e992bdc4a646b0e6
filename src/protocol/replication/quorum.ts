/**
 * Whose word counts. A write is acknowledged once a majority of those that should hold it has it. The
 * word of all but W-1 of the R+1 members from the key on, W being that majority, meets every such
 * majority: also of an owner whose view was one member apart.
 */

import { SEEK_MS, stillSought } from "../membership/seeking.ts";
import { isUnanswering } from "../membership/unanswered.ts";
import { isDoubtful } from "../model/absence.ts";
import { ASKED_TOLD, LOST_TRY_FOR_MS, MOURNING_MS, NEW_ASKED, NEW_MS } from "../model/config.ts";
import { isExpected, type Member, stays } from "../model/member.ts";
import { isWithin } from "../model/range-digest.ts";
import type { Peer } from "../state.ts";

/** So many of those that were there before a new member it asks for one name, and all have to answer. */
const NEW_MEMBER_ASKS = 8;

/** How many copies of a file there should be: as many as are wanted, or as there are members that stay. */
export function replicasWanted(peer: Peer): number {
  return Math.max(1, Math.min(peer.config.replicationFactor, peer.membership.view.staying));
}

/** How many of these copies make an acknowledgement. */
export function majority(peer: Peer): number {
  return majorityOf(replicasWanted(peer));
}

/** How many make a majority of so many. */
export function majorityOf(replicationFactor: number): number {
  return Math.floor(replicationFactor / 2) + 1;
}

/** Those that may hold a name, and how many of them have to give their word. */
export type Quorum = {
  readonly members: readonly Member[];
  /** How many; more than there are, where others are sought first. */
  readonly needed: number;
  /** Those among them that have just come, or are awaited, who all have to. */
  readonly fresh: readonly Member[];
};

/**
 * The members that may hold a name: from the key on, as many as there are copies, one more, and `more`
 * beyond; those that leave besides, since they may hold what others do not have yet; and those that have
 * come just now, or, after a start of this peer, not yet. These may hold nothing that was acknowledged
 * before; or, where they were cut off, alone what was acknowledged there, wherever they are on the circle:
 * so none of the first NEW_ASKED of them is passed over.
 * Where one between them has just died, what it had acknowledged with one other may lie at that one alone:
 * all have to give their word. So it is where it is back by now, since it may be back with nothing.
 */
export function quorumFor(peer: Peer, key: number, more: number): Quorum {
  const wanted = peer.config.replicationFactor + 1 + more;
  const members: Member[] = [];
  let stay = 0;
  const fresh: Member[] = [];
  for (const member of peer.membership.view.from(key)) {
    if (stay === wanted) break;
    if (isExpected(member)) continue;
    members.push(member);
    if (!stays(member)) continue;
    if (isUnsure(peer, member, fresh.length)) fresh.push(member);
    else stay += 1;
  }
  const last = members.at(-1)?.id ?? key;
  for (const member of newMembersFrom(peer, key)) {
    if (fresh.length === NEW_ASKED) break;
    if (members.includes(member)) continue;
    members.push(member);
    fresh.push(member);
  }
  const among = ({ id }: { readonly id: number }) => stay < wanted || isWithin(id, key - 1, last);
  // One that was away for long knows nothing by itself.
  const all = isDoubtful(peer.membership.absence) || hasJustDied(peer, among);
  const enough = all ? members.length : Math.max(1, members.length - (majority(peer) - 1));
  return { members, fresh, needed: mayHaveContinued(peer, key) ? members.length + 1 : enough };
}

/** True if one of these has just died, or another run of it that is back. */
function hasJustDied(
  { now, membership: { departed, arrivals } }: Peer,
  among: (member: { readonly id: number }) => boolean,
): boolean {
  const since = now - MOURNING_MS;
  if (departed.diedSince(since).some(among)) return true;
  for (const came of arrivals.values()) if (came.formerDiedAt >= since && among(came)) return true;
  return false;
}

/** Those that may hold a name as this peer sees it, and are not among the ids that were asked. */
export function othersFor(peer: Peer, key: number, asked: readonly number[]): Member[] {
  const {
    config,
    membership: { view },
  } = peer;
  const own = view.replicaSet(key, config.replicationFactor + 1);
  return own.filter((m) => !(isExpected(m) || asked.includes(m.id)));
}

/** True if some of these have not been heard, and are not known to be silent. */
export function isAnySlow(
  peer: Peer,
  members: readonly Member[],
  heard: { has(instance: string): boolean },
): boolean {
  return members.some((m) => !(heard.has(m.instance) || isUnanswering(peer, m.id)));
}

/** The ids of those that are asked, as far as each of them is told. */
export function askedOf(members: readonly Member[]): number[] {
  return members.slice(0, ASKED_TOLD).map((m) => m.id);
}

/**
 * The members that may hold a name and are lost, where so many of them were lost at about the same time
 * that all copies of an acknowledged write may be among theirs. What nobody here has may then not be said
 * to be missing, for as long as they are looked for.
 */
export function lostReplicas(peer: Peer, key: number): number[] {
  const enough = majorityOf(peer.config.replicationFactor);
  const { died, away } = lostLately(peer, key);
  if (away.length < enough) return [];
  const near = (a: number, b: number) =>
    Math.abs((died.get(a) ?? 0) - (died.get(b) ?? 0)) <= MOURNING_MS;
  return away.filter((id) => away.filter((other) => near(id, other)).length >= enough);
}

/** True if a member that may hold a name was lost, and is still looked for. */
export function isReplicaLost(peer: Peer, key: number): boolean {
  return lostLately(peer, key).away.length > 0;
}

/** Those that may hold a name, were lost and are looked for; and when whoever was lost died. */
function lostLately(peer: Peer, key: number): { died: Map<number, number>; away: number[] } {
  const died = peer.membership.departed.seenDead(peer.now - LOST_TRY_FOR_MS);
  return { died, away: died.size === 0 ? [] : replicasIfPresent(peer, key, [...died.keys()]) };
}

/** Which of these ids would be among the replicas of a key, or the next one, if they were members. */
function replicasIfPresent(
  { config, membership: { view } }: Peer,
  key: number,
  ids: readonly number[],
): number[] {
  // With one copy there is none that another view would have had.
  const count = config.replicationFactor === 1 ? 1 : config.replicationFactor + 1;
  const circle = 2 ** config.bits;
  const places = (id: number) => (id - key + circle) % circle;
  const all = [...view.replicaSet(key, count).map((m) => m.id), ...ids];
  const first = all.sort((a, b) => places(a) - places(b)).slice(0, count);
  return first.filter((id) => ids.includes(id));
}

/** True while one is sought that may hold a name, and may have gone on without this peer: alone, if need be. */
function mayHaveContinued(peer: Peer, key: number): boolean {
  const sought = stillSought(peer);
  return sought.length > 0 && replicasIfPresent(peer, key, sought).length > 0;
}

/**
 * True of one that has come just now, or has not answered yet since this peer started or slept; and of all
 * others to one that has just come itself. Up to a number for one name. @param count how many there are so far
 */
function isUnsure(peer: Peer, { id, instance }: Member, count: number): boolean {
  const entered = peer.now - peer.lifecycle.enteredAt <= NEW_MS && id !== peer.self.id;
  if (entered && count < NEW_MEMBER_ASKS) return true;
  if (count >= NEW_ASKED) return false;
  const came = peer.membership.arrivals.get(instance);
  return (came !== undefined && peer.now - came.at <= NEW_MS) || peer.membership.awaited.has(id);
}

/**
 * Those that may hold names of any part, from a key on: who has come, but for who is in its first ring; and
 * who has not answered yet, for as long as the lost are sought.
 */
function newMembersFrom(peer: Peer, key: number): Member[] {
  const {
    config,
    now,
    membership: { arrivals, awaited, view },
  } = peer;
  if (arrivals.size === 0 && awaited.size === 0) return [];
  const ids = new Set<number>();
  for (const { id, at, anew } of arrivals.values()) if (!anew && now - at <= NEW_MS) ids.add(id);
  for (const [id, { since }] of awaited) if (now - since < SEEK_MS) ids.add(id);
  const present = [...ids].flatMap((id) => view.find(id) ?? []).filter((m) => !isExpected(m));
  const places = (m: Member) => (m.id - key + 2 ** config.bits) % 2 ** config.bits;
  return present.sort((a, b) => places(a) - places(b));
}
