/** What was done in a run, and when: for the simulator, which plays it again. Pure. */
import type { Operation } from "../checks/history.ts";
import type { Run } from "./run.ts";
import type { PlannedFault } from "./run-lines.ts";

/** An operation and when it began. */
export type OperationAt = Pick<Operation, "client" | "kind" | "name" | "peer"> & {
  readonly atMs: number;
};

/** Times in milliseconds from the first moment at which a fault may be. */
export type RunSchedule = {
  readonly seed: number;
  readonly ids: readonly number[];
  readonly copies: number;
  /** As they were done, or where none was, as they were planned. */
  readonly faults: readonly PlannedFault[];
  readonly asDone: boolean;
  readonly operations: readonly OperationAt[];
};

/** The schedule of a run. What clients read in the end, when all was over, is no part of it. */
export function scheduleOf({ header, faults, operations, situations, readBack }: Run): RunSchedule {
  const { seed, ids, copies, plan } = header;
  const [first] = faults;
  const asDone = first !== undefined;
  // The first fault came when it was to come, give or take what a timer is late.
  const began = asDone ? first.at - first.fault.atMs : (situations[0]?.from ?? header.at);
  const whole = (ms: number) => Math.max(0, Math.round(ms));
  const done = faults.map(({ at, fault, undoneAt }) => ({
    ...fault,
    atMs: whole(at - began),
    forMs: undoneAt === null ? fault.forMs : whole(undoneAt - at),
  }));
  const over = readBack?.at ?? Number.POSITIVE_INFINITY;
  const asked = operations.filter(({ client, start }) => client > 0 && start < over);
  return {
    ...{ seed, ids, asDone, copies: Math.max(1, copies) },
    faults: asDone ? done : plan,
    operations: asked
      .map(({ client, kind, name, peer, start }) => {
        return { client, kind, name, peer, atMs: whole(start - began) };
      })
      .sort((a, b) => a.atMs - b.atMs),
  };
}
