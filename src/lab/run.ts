/** A run of chaos, put together from the lines of its file. Pure. */
import type { Ending, Operation, Situation } from "../checks/history.ts";
import { Malformed } from "./readers.ts";
import type { Measured, PlannedFault, RunLine } from "./run-lines.ts";

type Line<T extends RunLine["type"]> = Extract<RunLine, { readonly type: T }>;

/** A fault that was done, and when it was over; null where nothing had to be undone, or was not. */
export type Injected = {
  readonly at: number;
  readonly fault: PlannedFault;
  readonly undoneAt: number | null;
};

export type Run = {
  readonly header: Line<"run">;
  readonly faults: readonly Injected[];
  /** By their times. */
  readonly situations: readonly Situation[];
  readonly operations: readonly Operation[];
  readonly endings: readonly Ending[];
  readonly measured: readonly Measured[];
  readonly losses: readonly Line<"loss">[];
  readonly views: readonly Line<"view">[];
  /** By their times. */
  readonly events: readonly Line<"event">[];
  /** Null where it did not come to that. */
  readonly readBack: Line<"read-back"> | null;
  /** What whoever ran it said in the end; null where it was cut short. */
  readonly verdict: Line<"verdict"> | null;
  /** The latest of all times in it. */
  readonly endAt: number;
};

/** @throws Malformed if the first line is none of a run, or another one is */
export function collectRun(lines: readonly RunLine[]): Run {
  const [header, ...rest] = lines;
  if (header?.type !== "run") throw new Malformed(`is none of the type "run", which is the first`);
  const of = <T extends RunLine["type"]>(type: T): Line<T>[] =>
    rest.filter((line): line is Line<T> => line.type === type);
  const undone = new Map(of("undone").map(({ n, at }) => [n, at]));
  return {
    header,
    faults: of("fault").map(({ at, fault }) => ({
      ...{ at, fault },
      undoneAt: undone.get(fault.n) ?? null,
    })),
    situations: of("situation").sort((a, b) => a.from - b.from),
    operations: of("operation"),
    endings: of("ending"),
    measured: of("measured"),
    losses: of("loss"),
    views: of("view"),
    events: of("event").sort((a, b) => a.at - b.at),
    readBack: of("read-back").at(-1) ?? null,
    verdict: of("verdict").at(-1) ?? null,
    endAt: lines.reduce((latest, line) => Math.max(latest, timeOf(line)), header.at),
  };
}

function timeOf(line: RunLine): number {
  if (line.type === "situation") return line.from;
  if (line.type === "operation") return line.end ?? line.start;
  return line.type === "ending" ? 0 : line.at;
}
