/**
 * Ranges of the circle as two members hold them: where they have the same is told by digests, and what
 * differs is cut into parts until so little is left that it can be named. It takes a few messages,
 * whatever the number of files (Merkle, 1987; as in Dynamo, 2007). Replicas compare like this
 * (comparing.ts), and owners catch up (tenure.ts).
 */
import { COMPARE_PARTS, COMPARE_RANGES, REPLICATE_RECORDS } from "../model/config.ts";
import type { Range } from "../model/files.ts";
import type { Member } from "../model/member.ts";
import type { Author } from "../model/range-digest.ts";
import type { Peer } from "../state.ts";
import { isForeign } from "./state.ts";

/** Another's ranges beside what is here. */
export type Comparison = {
  /** Those in which both have the same, but for what a promise keeps back from the other. */
  readonly same: readonly Range[];
  /** The others, with what is here; and those of them that are small. */
  readonly differ: readonly Range[];
  readonly small: readonly Range[];
};

/** Compares what another has in some ranges with what is here. @param but is left out, as it was there */
export function compareRanges(
  peer: Peer,
  from: Member,
  ranges: readonly Range[],
  but: Author | null,
): Comparison {
  const same: Range[] = [];
  const differ: Range[] = [];
  const small: Range[] = [];
  for (const theirs of ranges) {
    const mine = peer.replication.files.range(theirs.from, theirs.to, but);
    if (mine.digest === theirs.digest && mine.count === theirs.count) {
      if (!keepsBack(peer, from, mine)) same.push(theirs);
      continue;
    }
    differ.push(mine);
    if (isSmall(peer, mine, theirs)) small.push(mine);
  }
  return { same, differ, small };
}

/**
 * Ranges in which another has something else.
 * @returns the small ones, with what is here, and the parts into which the others are cut
 */
export function cutRanges(
  peer: Peer,
  ranges: readonly Range[],
  but: Author | null,
): { readonly small: readonly Range[]; readonly parts: readonly Range[] } {
  const small: Range[] = [];
  const parts: Range[] = [];
  for (const theirs of ranges) {
    const mine = peer.replication.files.range(theirs.from, theirs.to, but);
    if (isSmall(peer, mine, theirs)) small.push(mine);
    else parts.push(...peer.replication.files.parts(theirs, COMPARE_PARTS, but));
  }
  return { small, parts };
}

/** What may be told to a member, in as many messages as it needs: the rest is for another time. */
export function tellable(peer: Peer, to: Member, ranges: readonly Range[]): Range[][] {
  const told = ranges.filter((range) => !keepsBack(peer, to, range));
  const messages: Range[][] = [];
  for (let i = 0; i < told.length; i += COMPARE_RANGES) {
    messages.push(told.slice(i, i + COMPARE_RANGES));
  }
  return messages;
}

/** True if a digest of it would tell what a promise keeps back. */
function keepsBack(
  { now, replication: { files, pledges } }: Peer,
  from: Member,
  range: Range,
): boolean {
  for (const pledge of pledges.values()) {
    const { owner, until, foreign } = pledge;
    if (until <= now || owner.instance === from.instance || foreign.size === 0) continue;
    if (files.within(range, null).some((record) => isForeign(pledge, record))) return true;
  }
  return false;
}

/** Small enough that what is in it is named, not compared any further. */
function isSmall(peer: Peer, mine: Range, theirs: Range): boolean {
  const circle = 2 ** peer.config.bits;
  const single = (mine.to - mine.from + circle) % circle === 1;
  return single || Math.max(mine.count, theirs.count) <= REPLICATE_RECORDS;
}
