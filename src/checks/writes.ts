/** What of a history is a write, and what a read: removals and lookups are of either kind, or of none. */
import { ASKED_AGAIN_MS, LATE_MS, type Operation, type Value } from "./history.ts";

/** A store or a removal that was or may have been executed; the first of all is that nothing is there. */
export type Write = {
  /** Null of the first of all. */
  readonly operation: Operation | null;
  readonly value: Value;
  readonly start: number;
  /** It took effect by then: its end, or somewhat later where its outcome is not known. */
  readonly last: number;
  readonly acknowledged: boolean;
  readonly excused: boolean;
  /** Its place among the writes of its name. */
  readonly place: number;
};

/** An answer, and the writes that may have written what it gave. */
export type Read = {
  readonly operation: Operation;
  readonly value: Value;
  readonly start: number;
  readonly end: number;
  readonly writes: readonly Write[];
  /** One of them is. */
  readonly excused: boolean;
};

/** Before all others nothing is there. */
export const FIRST: Readonly<Write> = {
  operation: null,
  value: null,
  start: Number.NEGATIVE_INFINITY,
  last: Number.NEGATIVE_INFINITY,
  acknowledged: true,
  excused: false,
  place: 0,
};

/** An operation as a write, if it is one that was or may have been executed. */
export function writeOf(operation: Operation): Omit<Write, "place">[] {
  const { outcome, start, content, excused } = operation;
  const end = operation.end ?? Number.POSITIVE_INFINITY;
  // One that found nothing in the end may have removed it on a way from which no answer came.
  const twice = foundNothing(operation) && end - start >= ASKED_AGAIN_MS;
  if (!(isWrite(operation) || twice) || outcome.kind === "refused") return [];
  const acknowledged = outcome.kind === "done" && operation.end !== null && !twice;
  const last = acknowledged || twice ? end : end + LATE_MS;
  return [{ operation, value: content, start, last, acknowledged, excused: excused === true }];
}

/** A removal that found nothing has written nothing. */
export function isWrite(operation: Operation): boolean {
  if (operation.kind === "store") return true;
  return operation.kind === "remove" && !foundNothing(operation);
}

function foundNothing({ kind, outcome }: Operation): boolean {
  return kind === "remove" && outcome.kind === "done" && outcome.value === null;
}

/** What an operation has read; undefined of one that read nothing. */
export function readBy({ kind, outcome }: Operation): Value | undefined {
  // Of a removal that is null, or nothing.
  return kind === "store" || outcome.kind !== "done" ? undefined : outcome.value;
}
