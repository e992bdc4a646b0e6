/**
 * Whose word counts. A version is acknowledged once a majority of those that should hold it has it. The
 * word of all but W-1 of the R+1 members from the key on, W being that majority, meets every such
 * majority: also of an owner whose view was one member apart.
 */
import { isDoubtful } from "./absence.ts";
import { MOURNING_MS, NEW_ASKED, NEW_MS } from "./config.ts";
import { isExpected, type Member } from "./member.ts";
import { isWithin } from "./shelf.ts";
import type { Peer } from "./state.ts";

/** How many copies of a file there should be: as many as are wanted, or as there are members that stay. */
export function copiesWanted(peer: Peer): number {
  let stay = 0;
  for (const member of peer.view.members) if (member.state !== "leaving") stay += 1;
  return Math.max(1, Math.min(peer.config.copies, stay));
}

/** How many of these copies make an acknowledgement. */
export function majority(peer: Peer): number {
  return majorityOf(copiesWanted(peer));
}

/** How many make a majority of so many. */
export function majorityOf(copies: number): number {
  return Math.floor(copies / 2) + 1;
}

/** Those that may hold a name, and how many of them have to give their word. */
export type Quorum = {
  readonly members: readonly Member[];
  readonly needed: number;
  /** Those among them that have just come, or are awaited, who all have to. */
  readonly fresh: readonly Member[];
};

/**
 * The members that may hold a name: from the key on, as many as there are copies, one more, and `more`
 * beyond; those that leave besides, since they may hold what others do not have yet; and those that have
 * come just now, or, after a start of this peer, not yet. These may hold nothing that was acknowledged
 * before; or, where they were cut off, alone what was acknowledged there: so none of them is passed over.
 * Where one between them has just died, what it had acknowledged with one other may lie at that one alone:
 * all have to give their word.
 */
export function quorumFor(peer: Peer, key: number, more: number): Quorum {
  const wanted = peer.config.copies + 1 + more;
  const members: Member[] = [];
  let stay = 0;
  const fresh: Member[] = [];
  for (const member of peer.view.from(key)) {
    if (stay === wanted) break;
    if (isExpected(member)) continue;
    members.push(member);
    if (member.state === "leaving") continue;
    const unsure = isNew(peer, member) || peer.awaited.has(member.id);
    if (fresh.length < NEW_ASKED && unsure) fresh.push(member);
    else stay += 1;
  }
  const mourned = peer.gone.diedSince(peer.now - MOURNING_MS);
  const last = members.at(-1)?.id ?? key;
  const among = (id: number) => stay < wanted || isWithin(id, key - 1, last);
  // One that was away for long knows nothing by itself.
  const all = isDoubtful(peer.absence) || mourned.some((m) => among(m.id));
  return {
    members,
    fresh,
    needed: all ? members.length : Math.max(1, members.length - (majority(peer) - 1)),
  };
}

function isNew(peer: Peer, { birth }: Member): boolean {
  const at = peer.arrivals.get(birth);
  return at !== undefined && peer.now - at <= NEW_MS;
}
