/** A run as the page draws it: the same lines, each peer's by themselves, with times from the start. Pure. */
import type { Operation } from "../checks/history.ts";
import { tenth } from "../checks/verdict.ts";
import {
  type From,
  OPERATION_KINDS,
  OUTCOMES,
  type PageFault,
  type PageOperation,
  type PagePeer,
  type PageRun,
  type PeerState,
} from "../page/page-run.ts";
import { MOST_DRAWN, SLOWEST_DRAWN } from "./limits.ts";
import type { Run } from "./run.ts";
import { type FaultOutcome, type RunReport, TIMES } from "./verdict.ts";

/** The living heal of a death while the victim is away; of all else from its end on. */
const OF_DEATH: readonly string[] = ["kill", "restart", "lose-disk"];

/** @returns what `page/` makes a page of */
export function pageOfRun(report: RunReport): PageRun {
  const { run, faults, checks, times, limits, verdict, why } = report;
  const { at: beganAt, seed, program, copies } = run.header;
  const since = (at: number) => tenth(Math.max(0, at - beganAt)) ?? 0;
  const drawn = thinned(run.operations);
  const names = [...new Set(drawn.map(({ name }) => name))].sort();
  return {
    ...{ program, seed, copies, beganAt, verdict, why, checks },
    lengthMs: since(run.endAt),
    complete: run.verdict !== null,
    times: TIMES.map((name) => ({ name, ...times[name], limitMs: limits[name] ?? null })),
    peers: peersOf(run, since),
    faults: faults.map((each) => faultOf(each, since)).sort((a, b) => a.from - b.from),
    severed: run.situations.map(({ from, severed }) => [since(from), severed] as const),
    operations: drawn.map((each) => operationOf(each, since, names)),
    names,
    leftOut: run.operations.length - drawn.length,
  };
}

/**
 * Of very many operations all that did not end well, the slowest, and of the others every so many-eth: an
 * hour under load would make a page of many megabytes.
 */
function thinned(operations: readonly Operation[]): Operation[] {
  const sorted = [...operations].sort((a, b) => a.start - b.start);
  if (sorted.length <= MOST_DRAWN) return sorted;
  const took = ({ start, end }: Operation) => (end ?? Number.POSITIVE_INFINITY) - start;
  const slowest = new Set(sorted.toSorted((a, b) => took(b) - took(a)).slice(0, SLOWEST_DRAWN));
  const isKept = (each: Operation) => each.outcome.kind !== "done" || slowest.has(each);
  const room = Math.max(0, MOST_DRAWN - sorted.filter(isKept).length);
  const others = sorted.filter((each) => !isKept(each));
  const every = room === 0 ? Number.POSITIVE_INFINITY : others.length / room;
  let due = 0;
  const kept = new Set(
    others.filter((_, index) => {
      if (index < due) return false;
      due += every;
      return true;
    }),
  );
  return sorted.filter((each) => isKept(each) || kept.has(each)).slice(0, 2 * MOST_DRAWN);
}

function operationOf(
  { start, end, kind, outcome, client, peer, name }: Operation,
  since: (at: number) => number,
  names: readonly string[],
): PageOperation {
  return [
    since(start),
    end === null ? -1 : (tenth(end - start) ?? 0),
    OPERATION_KINDS.indexOf(kind),
    OUTCOMES.indexOf(outcome.kind),
    client,
    peer,
    names.indexOf(name),
  ];
}

function faultOf(
  { at, fault, undoneAt, measured }: FaultOutcome,
  since: (at: number) => number,
): PageFault {
  const { n, kind, forMs, peers, others, amount } = fault;
  const from = since(at);
  const over = forMs === 0 ? from : null;
  const to = undoneAt === null ? over : since(undoneAt);
  const healFrom = OF_DEATH.includes(kind) ? from : (to ?? from);
  const { healMs } = measured;
  return {
    ...{ n, kind, from, to, peers, others, amount },
    healedAt: healMs === null ? null : tenth(healFrom + healMs),
    times: Object.fromEntries(TIMES.map((name) => [name, tenth(measured[`${name}Ms`])])),
  };
}

function peersOf(run: Run, since: (at: number) => number): PagePeer[] {
  const { header, situations, events, views } = run;
  const all = [
    ...header.ids,
    ...views.map(({ peer }) => peer),
    ...situations.flatMap(({ running }) => running),
    ...events.map(({ peer }) => peer),
  ];
  const ids = [...new Set(all)].sort((a, b) => a - b);
  const says = new Map<number, From<readonly number[]>[]>(ids.map((id) => [id, []]));
  const told = [
    ...views.map(({ at, peer, successors }) => ({ at, peer, successors })),
    ...events.flatMap(({ at, peer, event }) =>
      event.event === "successors" ? { at, peer, successors: event.successors } : [],
    ),
  ].sort((a, b) => a.at - b.at);
  for (const { at, peer, successors } of told) {
    const known = says.get(peer);
    // What is heard first of one that was there from the start is how it was.
    const first = known?.length === 0 && header.ids.includes(peer);
    known?.push([first ? 0 : since(at), successors]);
  }
  return ids.map((id) => ({ id, states: statesOf(run, id, since), says: says.get(id) ?? [] }));
}

/** Only where it changes; one that came for a while is gone afterwards. The first situation is as it was before, too. */
function statesOf(
  { header, situations }: Run,
  id: number,
  since: (at: number) => number,
): From<PeerState>[] {
  const states: From<PeerState>[] = [];
  let state: PeerState = "absent";
  const first: PeerState = header.ids.includes(id) ? "running" : "absent";
  if (situations.length === 0) return [[0, first]];
  for (const [index, { from, running, frozen }] of situations.entries()) {
    const otherwise: PeerState = header.ids.includes(id) ? "down" : "absent";
    const now: PeerState = frozen.includes(id)
      ? "frozen"
      : running.includes(id)
        ? "running"
        : otherwise;
    if (now !== state) states.push([index === 0 ? 0 : since(from), now]);
    state = now;
  }
  return states;
}
