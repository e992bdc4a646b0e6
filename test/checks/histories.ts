/** Short words for histories made by hand. */
import type { Ending, History, Operation, Outcome, Situation } from "../../src/checks/history.ts";

type Times = readonly [start: number, end: number | null];

/** Copies that receipts name where a test does not say others. */
export const REPLICAS: readonly number[] = [1, 2, 3];
const NAME = "x";

export const done = (replicas: readonly number[] = REPLICAS): Outcome => ({
  kind: "done",
  replicas,
});
export const UNKNOWN: Outcome = { kind: "unknown" };
export const REFUSED: Outcome = { kind: "refused" };

/** A store through a peer, acknowledged by 1, 2 and 3 unless said otherwise. */
export function store(
  content: string,
  peer: number,
  [start, end]: Times,
  outcome = done(),
): Operation {
  return { client: peer, peer, kind: "store", name: NAME, content, start, end, outcome };
}

export function remove(peer: number, [start, end]: Times, outcome = done()): Operation {
  return { client: peer, peer, kind: "remove", name: NAME, content: null, start, end, outcome };
}

/** A request through a peer, and what it got. */
export function read(value: string | null, peer: number, [start, end]: Times): Operation {
  const outcome: Outcome = { kind: "done", value };
  return { client: peer, peer, kind: "request", name: NAME, content: null, start, end, outcome };
}

export function end(value: string | null, ...conflicts: string[]): Ending {
  return { name: NAME, value, conflicts };
}

export const ALL: readonly number[] = [1, 2, 3, 4, 5, 6];

/** From a time on: all run and reach each other, unless said otherwise. */
export function from(time: number, what: Partial<Situation> = {}): Situation {
  return { from: time, running: ALL, frozen: [], severed: [], ...what };
}

/** A history of one name. */
export function history(
  operations: readonly Operation[],
  more: { situations?: Situation[]; ending?: Ending; applied?: History["applied"] } = {},
): History {
  const { situations = [], ending, applied = [] } = more;
  return { operations, situations, endings: ending === undefined ? [] : [ending], applied };
}
