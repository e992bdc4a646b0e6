/** How long names could not be had: told from what clients asked and when they were answered. Pure. */
import type { Operation } from "../checks/history.ts";

/**
 * The longest time in which some name was asked for and no operation on it came to its end: from the
 * first start after an operation that was done, to the next that is done. Only what overlaps the span
 * counts, whole; null where nothing was asked in it.
 * @param from the span, in epoch milliseconds, `to` included
 */
export function longestUnavailable(
  operations: readonly Operation[],
  from: number,
  to: number,
): number | null {
  const names = new Map<string, Operation[]>();
  for (const operation of operations) {
    const { start, end, name } = operation;
    if (start > to || (end ?? to) < from) continue;
    const known = names.get(name);
    if (known === undefined) names.set(name, [operation]);
    else known.push(operation);
  }
  let longest: number | null = null;
  for (const each of names.values()) {
    longest = Math.max(longest ?? 0, longestWait(each, to));
  }
  return longest;
}

function longestWait(operations: readonly Operation[], to: number): number {
  const starts = operations.map(({ start }) => start).sort((a, b) => a - b);
  const done = operations
    .flatMap(({ outcome, end }) => (outcome.kind === "done" && end !== null ? [end] : []))
    .sort((a, b) => a - b);
  let longest = 0;
  let waitingFrom = starts[0] ?? to;
  for (const end of done) {
    longest = Math.max(longest, end - waitingFrom);
    waitingFrom = starts.find((start) => start >= end) ?? Number.POSITIVE_INFINITY;
  }
  // What was never answered: as long as it was looked at.
  return Math.max(longest, to - waitingFrom);
}
