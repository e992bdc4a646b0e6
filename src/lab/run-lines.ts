/**
 * The file of a run of chaos, as JSON Lines: what was drawn, what was done to which peer and when, what
 * clients asked and were told, and what came of it. A fault's line is on disk before the fault is done, so
 * whoever finds a broken ring finds what broke it. The form is a promise: docs/CHAOS.md.
 */
import type { Ending, Operation, Situation } from "../checks/history.ts";
import type { LoggedEvent } from "../control/types.ts";

/** What chaos can do to peers, to what lies between them, and to their disks. */
export const FAULT_KINDS = [
  "kill",
  "freeze",
  "restart",
  "quit",
  "join",
  "partition",
  "one-way",
  "loss",
  "delay",
  "duplicate",
  "reorder",
  "reset",
  "full-disk",
  "bit-flip",
  "lose-disk",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault as it was drawn from the seed. */
export type PlannedFault = {
  /** From 1 on, in the order in which they begin. */
  readonly n: number;
  readonly kind: FaultKind;
  /** From the first moment at which a fault may be, in milliseconds. */
  readonly atMs: number;
  /** How long it lasts; of a kill, until the victim is started again; 0 for what is over at once. */
  readonly forMs: number;
  /** Whom it strikes: the victims, or one side of a cut. */
  readonly peers: readonly number[];
  /** Of a cut the other side; of what is sent one way those who no longer get it; otherwise empty. */
  readonly others: readonly number[];
  /** A share of what is sent, in (0, 1], or milliseconds of a delay; null where a kind has neither. */
  readonly amount: number | null;
};

/** What came of a fault; times in milliseconds, null for what never came or was not waited for. */
export type Measured = {
  readonly n: number;
  /** Until those who watch the victim had dropped it. */
  readonly detectMs: number | null;
  /** From the fault, or where it lasts from its end, until the checks held, and held on. */
  readonly healMs: number | null;
  /** Until every file had all its copies again. */
  readonly recopyMs: number | null;
  /** The longest time in which no operation on some name that was asked for came to its end. */
  readonly unavailableMs: number | null;
  /** How far each of these times may be off. */
  readonly errorMs: number;
};

/** All times but those called `atMs` are epoch milliseconds of the one clock of whoever runs chaos. */
export type RunLine =
  | {
      readonly type: "run";
      readonly v: 1;
      readonly at: number;
      readonly seed: number;
      /** What the peers run: this program and its version, or the command of another one. */
      readonly program: string;
      readonly ids: readonly number[];
      readonly copies: number;
      readonly plan: readonly PlannedFault[];
      /** Its peers shared processes: kills were emulated, and say nothing of files. Left out where they were real. */
      readonly emulated?: true;
    }
  /** Written before it is done. */
  | { readonly type: "fault"; readonly at: number; readonly fault: PlannedFault }
  /** Its end: mended, thawed, started again. */
  | { readonly type: "undone"; readonly at: number; readonly n: number }
  | ({ readonly type: "situation" } & Situation)
  | ({ readonly type: "operation" } & Operation)
  /** How it stood at a peer before the first fault, for whoever draws the ring. */
  | {
      readonly type: "view";
      readonly at: number;
      readonly peer: number;
      /** Nearest first, both. */
      readonly successors: readonly number[];
      readonly predecessors: readonly number[];
    }
  /** What a peer said of its view from then on. */
  | {
      readonly type: "event";
      readonly at: number;
      readonly peer: number;
      readonly event: LoggedEvent;
    }
  | ({ readonly type: "measured"; readonly at: number } & Measured)
  /** A file stored before the first fault that could not be read back whole in the end. */
  | {
      readonly type: "loss";
      readonly at: number;
      readonly file: string;
      readonly peer: number;
      readonly why: string;
    }
  /** How many of those files were read back in the end, and how many times in all. */
  | {
      readonly type: "read-back";
      readonly at: number;
      readonly files: number;
      readonly reads: number;
    }
  | ({ readonly type: "ending" } & Ending)
  /** The last line; a file without it is of a run that was cut short. */
  | {
      readonly type: "verdict";
      readonly at: number;
      readonly verdict: "passed" | "failed" | "inconclusive";
      /** The check that does not hold, or null. */
      readonly check: string | null;
      readonly peers: readonly number[];
      readonly why: string;
    };
