/**
 * What must hold of a ring, one named check per function. The peers given are those that run, have
 * joined, and are neither frozen nor cut off, as the one who injects the faults knows them.
 */

import type { Strategy } from "../protocol/model/config.ts";
import type { MemberState } from "../protocol/model/member.ts";

/** What one peer found for a key: the owner, and the ids that the request passed. */
export type LookupResult = {
  readonly key: number;
  /** Null if nobody answered. */
  readonly owner: number | null;
  readonly hops: number;
  readonly route: readonly number[];
};

/** What one peer says of itself; successors and predecessors nearest first. */
export type PeerSnapshot = {
  readonly id: number;
  readonly bits: number;
  readonly strategy: Strategy;
  readonly successors: readonly number[];
  readonly predecessors: readonly number[];
  readonly members: readonly { readonly id: number; readonly state: MemberState }[];
  readonly lookups: readonly LookupResult[];
};

/** Whether a check holds; if not, at which peers, and a sentence. */
export type CheckResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly peers: readonly number[]; readonly why: string };

export const CHECK_NAMES = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** The living by ascending id, and where each stands among them. */
type Living = { readonly ids: readonly number[]; readonly places: ReadonlyMap<number, number> };

type Check = (peers: readonly PeerSnapshot[], living: Living) => CheckResult;

/** Neighbours that a peer knows in each direction: the two that it watches. */
const NEIGHBOURS = 2;

/** Runs every check over a ring in calm. R8 looks at the lookups that were made, and holds if none were. */
export function checkRing(peers: readonly PeerSnapshot[]): Record<CheckName, CheckResult> {
  return checksAmong(peers, []);
}

/**
 * What can be told of a ring some of whose members do not answer, which may live all the same: where
 * their successors lead, and what they look up, cannot. Of a ring of which nobody answers nothing can.
 */
export function checkTold(
  peers: readonly PeerSnapshot[],
  silent: readonly number[],
): Partial<Record<CheckName, CheckResult>> {
  if (peers.length === 0) return {};
  const all = checksAmong(peers, silent);
  if (silent.length === 0) return all;
  const { R4: _4, R5: _5, R8: _8, ...told } = all;
  return told;
}

function checksAmong(
  peers: readonly PeerSnapshot[],
  silent: readonly number[],
): Record<CheckName, CheckResult> {
  const ids = [...new Set([...peers.map((p) => p.id), ...silent])].sort((a, b) => a - b);
  const living: Living = { ids, places: new Map(ids.map((id, place) => [id, place])) };
  const run = (check: Check) => check(peers, living);
  return {
    R1: run(successorsRight),
    R2: run(predecessorsRight),
    R3: run(firstSuccessorLives),
    R4: run(oneRing),
    R5: run(passesZeroOnce),
    R6: run(viewsRight),
    R7: run(idsUnique),
    R8: run(lookupsRight),
  };
}

/** R1: every peer's i-th successor is the i-th next of the living. */
export const successorsRight: Check = (peers, living) =>
  each(peers, (peer) => {
    const want = neighbours(living, peer.id, 1);
    return same(peer.successors, want)
      ? null
      : differs(peer.id, "successors", peer.successors, want);
  });

/** R2: every peer's predecessors are the previous ones of the living. */
export const predecessorsRight: Check = (peers, living) =>
  each(peers, (peer) => {
    const want = neighbours(living, peer.id, -1);
    if (same(peer.predecessors, want)) return null;
    return differs(peer.id, "predecessors", peer.predecessors, want);
  });

/** R3: one of the successors that a peer knows of lives, or it is alone; in calm, its first. */
export const firstSuccessorLives: Check = (peers, { ids, places }) =>
  each(peers, (peer) => {
    const first = peer.successors[0];
    if (first === undefined) return ids.length === 1 ? null : `peer ${peer.id} knows no successor`;
    return places.has(first) ? null : `the first successor of peer ${peer.id}, ${first}, is gone`;
  });

/** R4: following first successors from any peer visits all of the living once. */
export const oneRing: Check = (peers, { ids }) => {
  const next = firstSuccessors(peers);
  const start = ids[0];
  // A walk that visits all and comes back is the same walk from wherever it begins.
  if (start !== undefined && walk(next, start).size === ids.length) return { ok: true };
  return each(peers, (peer) => {
    const seen = new Set<number>();
    let at = peer.id;
    while (!seen.has(at)) {
      seen.add(at);
      const to = next.get(at);
      if (to === undefined)
        return `first successors from peer ${peer.id} lead to ${at}, which is gone`;
      at = to;
    }
    if (at === peer.id && seen.size === ids.length) return null;
    const where = at === peer.id ? "back" : `into a loop at ${at}`;
    return `first successors from peer ${peer.id} lead ${where} after ${seen.size} of ${ids.length}`;
  });
};

/** R5: that walk passes zero exactly once. */
export const passesZeroOnce: Check = (peers, { ids }) => {
  const next = firstSuccessors(peers);
  const start = ids[0];
  if (start === undefined) return { ok: true };
  let wraps = 0;
  let at = start;
  for (let i = 0; i < ids.length; i++) {
    const to = next.get(at) ?? Number.NaN;
    if (!(to > at)) wraps += 1;
    at = to;
  }
  if (wraps === 1) return { ok: true };
  return { ok: false, peers: [start], why: `the walk passes zero ${wraps} times` };
};

/** R6: no view holds a peer outside the living for alive, nor one of them for gone. */
export const viewsRight: Check = (peers, living) => {
  // Peers of one process may share a table: it is right or wrong for all of them.
  const judged = new Map<PeerSnapshot["members"], string | null>();
  return each(peers, ({ id, members }) => {
    const wrong = judged.has(members) ? judged.get(members) : viewWrong(members, living);
    judged.set(members, wrong ?? null);
    return wrong ? `peer ${id} ${wrong}` : null;
  });
};

function viewWrong(members: PeerSnapshot["members"], { ids, places }: Living): string | null {
  const alive = members.filter((m) => m.state === "alive" || m.state === "leaving");
  const held = new Set(alive.map((m) => m.id));
  const extra = [...held].filter((id) => !places.has(id));
  const lost = ids.filter((id) => !held.has(id));
  if (extra.length === 0 && lost.length === 0) return null;
  const wrong = [
    extra.length > 0 ? `holds ${some(extra)} for alive` : "",
    lost.length > 0 ? `does not hold ${some(lost)} for alive` : "",
  ];
  return wrong.filter(Boolean).join(" and ");
}

/** R7: no two living peers have one id. */
export const idsUnique: Check = (peers) => {
  const seen = new Set<number>();
  for (const { id } of peers) {
    if (seen.has(id)) return { ok: false, peers: [id], why: `two living peers have the id ${id}` };
    seen.add(id);
  }
  return { ok: true };
};

/** R8: every lookup named the right owner, within the strategy's bound on hops. */
export const lookupsRight: Check = (peers, { ids }) =>
  each(peers, (peer) => {
    for (const { key, owner, hops } of peer.lookups) {
      const want = ids.find((id) => id >= key) ?? ids[0];
      if (owner !== want) return `peer ${peer.id} found owner ${owner} of key ${key}, not ${want}`;
      const most = mostHops(peer.strategy, ids.length);
      if (hops > most) return `peer ${peer.id} took ${hops} hops to key ${key}, at most ${most}`;
    }
    return null;
  });

/** The most hops that a lookup takes in calm, by strategy, in a ring of `size`. */
export function mostHops(strategy: Strategy, size: number): number {
  if (strategy === "direct") return 1;
  if (strategy === "finger") return Math.ceil(Math.log2(Math.max(size, 1)));
  return Math.max(size - 1, 0);
}

/** The names of the checks that do not hold. */
export function brokenChecks(checks: Readonly<Record<string, CheckResult>>): string[] {
  return Object.keys(checks).filter((name) => checks[name]?.ok === false);
}

/** The next (or, with -1, the previous) of the living as seen from `id`: two, or as many as there are. */
function neighbours({ ids, places }: Living, id: number, direction: 1 | -1): number[] {
  const at = places.get(id) ?? 0;
  const count = Math.min(NEIGHBOURS, ids.length - 1);
  return Array.from({ length: count }, (_, i) => {
    const index = at + direction * (i + 1);
    return ids[((index % ids.length) + ids.length) % ids.length] ?? Number.NaN;
  });
}

/** The ids on the walk of first successors from `start` back to it; empty if it does not come back. */
function walk(next: ReadonlyMap<number, number>, start: number): Set<number> {
  const seen = new Set<number>();
  for (let at: number | undefined = start; at !== undefined && !seen.has(at); at = next.get(at)) {
    seen.add(at);
    if (next.get(at) === start) return seen;
  }
  return new Set();
}

function firstSuccessors(peers: readonly PeerSnapshot[]): Map<number, number> {
  return new Map(peers.map((p) => [p.id, p.successors[0] ?? p.id]));
}

function each(
  peers: readonly PeerSnapshot[],
  wrongOf: (peer: PeerSnapshot) => string | null,
): CheckResult {
  const wrong: { id: number; why: string }[] = [];
  for (const peer of peers) {
    const why = wrongOf(peer);
    if (why !== null) wrong.push({ id: peer.id, why });
  }
  const first = wrong[0];
  if (first === undefined) return { ok: true };
  return { ok: false, peers: wrong.map((w) => w.id), why: first.why };
}

/** The first few of a list of ids, and how many more there are. */
function some(ids: readonly number[]): string {
  const shown = ids.slice(0, 5).join(", ");
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

function differs(
  id: number,
  what: string,
  have: readonly number[],
  want: readonly number[],
): string {
  return `peer ${id} has the ${what} ${have.join(", ") || "none"}, not ${want.join(", ") || "none"}`;
}
