/** How requests walk from peer to peer, by what the peers print: the lines of the assignment. Pure. */

/** A request on its way: the peers that have passed it on, the one that asked first. */
export type Walk = {
  readonly what: string;
  readonly route: readonly number[];
  /** Somebody has dealt with it. */
  readonly isOver: boolean;
};

/** Requests of which the way is remembered. */
const MOST_WALKS = 4;

const PASSED = /^(Store|Request|Remove|Where) (.+) request forwarded to my successor$/;
const TAKEN = /^(Store|Remove|Where) (.+) request accepted$/;
const SENT = /^File request for (.+) has been sent to my successor$/;
const PASSED_FILE = /^Request for File (.+) has been received, but the file is not stored here$/;
const FOUND = /^File (.+) is stored here$/;
const JOINS = /^Peer (\d+) Join request (forwarded to my successor|received)$/;
const READS = /^Receiving File (.+) from Peer \d+$/;
const HAS_READ = /^File (.+) received$/;

/** @returns the same list if the line is of no request */
export function walksAfter(walks: readonly Walk[], by: number, text: string): readonly Walk[] {
  const passed = PASSED.exec(text);
  if (passed !== null) return walked(walks, `${passed[1]} ${passed[2]}`, by, false);
  const taken = TAKEN.exec(text);
  if (taken !== null) return walked(walks, `${taken[1]} ${taken[2]}`, by, true);
  const asked = SENT.exec(text) ?? PASSED_FILE.exec(text);
  if (asked !== null) return walked(walks, `Request ${asked[1]}`, by, false);
  const found = FOUND.exec(text);
  if (found !== null) return walked(walks, `Request ${found[1]}`, by, true);
  const joins = JOINS.exec(text);
  if (joins !== null) return walked(walks, `Join ${joins[1]}`, by, joins[2] === "received");
  return walks;
}

/** The files that a peer fetches for itself. @returns the same list if the line is of none */
export function readingAfter(reading: readonly string[], text: string): readonly string[] {
  const begun = READS.exec(text)?.[1];
  if (begun !== undefined) return [...reading, begun];
  const read = HAS_READ.exec(text)?.[1];
  return read === undefined ? reading : reading.filter((name) => name !== read);
}

/** The next peer of a walk that is under way, or the first of a new one. */
function walked(walks: readonly Walk[], what: string, by: number, isOver: boolean): Walk[] {
  const last = walks.findLast((walk) => walk.what === what && !walk.isOver);
  const others = walks.filter((walk) => walk !== last);
  const before = last?.route ?? [];
  const route = before.at(-1) === by ? before : [...before, by];
  return [...others, { what, route, isOver }].slice(-MOST_WALKS);
}
