/** How a ring stood at a moment of its run: whoever draws it, on a page or in a terminal, draws this. Pure. */
import type { From, PageFault, PageOperation, PagePeer, PageRun, PeerState } from "./page-run.ts";

/** An arrow from a peer to one that it takes for its successor. */
export type Arrow = {
  readonly to: number;
  /** From 1: its first or its second successor. */
  readonly place: number;
  /** Whether that peer is the one, of those that run and are seen by it, that should stand there. */
  readonly right: boolean;
  /** It cannot send there now. */
  readonly severed: boolean;
};

export type PeerAt = {
  readonly id: number;
  readonly state: PeerState;
  /** None of one that does not run, or has said nothing yet. */
  readonly arrows: readonly Arrow[];
  /** The faults that it is under, each with the side of a cut that it is on. */
  readonly struck: readonly { readonly n: number; readonly side: "" | "a" | "b" }[];
};

export type RingAt = {
  readonly at: number;
  /** By their ids; the absent are left out. */
  readonly peers: readonly PeerAt[];
  /** Those that have begun and are not over. */
  readonly faults: readonly PageFault[];
  /** Those that are under way. */
  readonly operations: readonly PageOperation[];
};

/** A fault that is over at once is shown for so long, in milliseconds. */
export const SHOWN_MS = 400;
/** An operation that takes longer than this is still found by its start; those beyond are looked for whole. */
const NEAR_MS = 60_000;

/** @param at in milliseconds from the start of the run */
export function ringAt(run: PageRun, at: number): RingAt {
  const faults = run.faults.filter((fault) => isOn(fault, at));
  const severed = new Set((valueAt(run.severed, at) ?? []).map(([from, to]) => `${from} ${to}`));
  const states = new Map(run.peers.map((peer) => [peer.id, stateAt(peer, at)]));
  const running = run.peers.flatMap(({ id }) => (isThere(states.get(id)) ? [id] : []));
  const peers = run.peers.flatMap((peer): PeerAt[] => {
    const { id } = peer;
    const state = states.get(id) ?? "absent";
    if (state === "absent") return [];
    const says = isThere(state) ? (valueAt(peer.says, at) ?? []) : [];
    const arrows = arrowsOf(id, says, running, (to) => severed.has(`${id} ${to}`));
    return [{ id, state, arrows, struck: faults.flatMap((fault) => strikes(fault, id)) }];
  });
  return { at, peers, faults, operations: operationsAt(run.operations, at) };
}

/**
 * The arrows from a peer to those that it takes for its successors.
 * @param says nearest first
 * @param running by their ids
 * @param isSevered whether it cannot send to a peer
 */
export function arrowsOf(
  id: number,
  says: readonly number[],
  running: readonly number[],
  isSevered: (to: number) => boolean,
): Arrow[] {
  return says.map((to, index) => ({
    to,
    place: index + 1,
    right: successorOf(running, id, index + 1) === to,
    severed: isSevered(to),
  }));
}

/** Every moment at which something in the drawing changes, ascending. */
export function changesOf(run: PageRun): number[] {
  const times = [
    ...run.peers.flatMap(({ states, says }) => [...states, ...says].map(([at]) => at)),
    ...run.severed.map(([at]) => at),
    ...run.faults.flatMap(({ from, to }) => [from, to ?? from]),
  ];
  return [...new Set(times)].sort((a, b) => a - b);
}

/** The last entry from a time at most `at`; undefined where there is none. */
export function valueAt<T>(entries: readonly From<T>[], at: number): T | undefined {
  return entries[countUpTo(entries, at, ([from]) => from) - 1]?.[1];
}

/** How many of the entries, which ascend, are at most `at`. */
export function countUpTo<E>(
  entries: readonly E[],
  at: number,
  timeOf: (entry: E) => number,
): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && timeOf(entry) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isOn({ from, to }: PageFault, at: number): boolean {
  if (at < from) return false;
  // One that nobody undid lasts.
  return to === null || at <= Math.max(to, from + SHOWN_MS);
}

function stateAt({ states }: PagePeer, at: number): PeerState {
  return valueAt(states, at) ?? "absent";
}

function isThere(state: PeerState | undefined): boolean {
  return state === "running" || state === "frozen";
}

function strikes(fault: PageFault, id: number): PeerAt["struck"] {
  const { n, peers, others } = fault;
  if (others.includes(id)) return [{ n, side: "b" }];
  if (!peers.includes(id)) return [];
  return [{ n, side: others.length > 0 ? "a" : "" }];
}

/** @param running by their ids */
function successorOf(running: readonly number[], id: number, steps: number): number | undefined {
  const place = running.indexOf(id);
  return place < 0 ? undefined : running[(place + steps) % running.length];
}

function operationsAt(operations: readonly PageOperation[], at: number): PageOperation[] {
  const end = countUpTo(operations, at, ([start]) => start);
  const begin = countUpTo(operations, at - NEAR_MS, ([start]) => start);
  return operations.slice(begin, end).filter(([start, took]) => took < 0 || start + took >= at);
}
