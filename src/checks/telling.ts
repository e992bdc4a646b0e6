/** Operations of a history in words, with times in seconds since its beginning. */
import type { History, Operation, Value } from "./history.ts";
import type { Write } from "./writes.ts";

/** The time from which sentences count: when the first operation began. */
export function beginOf({ operations }: History): number {
  return operations.reduce((first, { start }) => Math.min(first, start), Number.POSITIVE_INFINITY);
}

/** For example "the store of 2067 by client 3 through peer 5 at 1.250 s". */
export function tellOperation(operation: Operation, zero: number): string {
  const { kind, name, client, peer, start } = operation;
  const what = { store: "store", remove: "removal", request: "request", where: "look" }[kind];
  return `the ${what} of ${name} by client ${client} through peer ${peer} at ${seconds(start - zero)}`;
}

/** A write as the operation that made it; what a name holds before all of them is nothing. */
export function tellWrite({ operation }: Write, zero: number): string {
  return operation === null ? "nothing" : tellOperation(operation, zero);
}

/** A content by what tells it apart; hashes are cut short. */
export function tellValue(value: Value): string {
  return value === null ? "nothing" : `content ${value.slice(0, 12)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
