/**
 * A run as it is drawn: who was there in which state, what each said of its neighbours, what was done to
 * them and what clients asked, each with its time. All times are milliseconds from the start of the run. It
 * is written into the page as JSON, so it is kept small.
 */
import type { CheckOutcome, TimeSpread, Verdict } from "../checks/verdict.ts";

/** `absent`: it has not been there yet. */
export type PeerState = "running" | "frozen" | "down" | "absent";

/** Something that holds from a time on, until the next entry. By their times. */
export type From<T> = readonly [at: number, value: T];

export type PagePeer = {
  readonly id: number;
  readonly states: readonly From<PeerState>[];
  /** Its successors, nearest first, as it said itself. */
  readonly says: readonly From<readonly number[]>[];
};

export type PageFault = {
  readonly n: number;
  readonly kind: string;
  readonly from: number;
  /** When it was undone; as `from` where it was over at once, null where nobody undid it. */
  readonly to: number | null;
  readonly peers: readonly number[];
  readonly others: readonly number[];
  readonly amount: number | null;
  /** When every view was right again; null where that was not measured. */
  readonly healedAt: number | null;
  /** What was measured of it, in milliseconds; null for what never came or was not waited for. */
  readonly times: Readonly<Record<string, number | null>>;
};

export const OPERATION_KINDS = ["store", "remove", "request", "where"] as const;
export const OUTCOMES = ["done", "refused", "unknown"] as const;

/** One operation: its start, how long it took (-1: it never ended), and places in the lists above. */
export type PageOperation = readonly [
  start: number,
  took: number,
  kind: number,
  outcome: number,
  client: number,
  peer: number,
  /** A place in `names`. */
  name: number,
];

export type PageRun = {
  readonly program: string;
  readonly seed: number;
  readonly copies: number;
  /** When it began, in epoch milliseconds. */
  readonly beganAt: number;
  readonly lengthMs: number;
  readonly verdict: Verdict;
  readonly why: string;
  /** False where it was cut short. */
  readonly complete: boolean;
  readonly checks: readonly CheckOutcome[];
  readonly times: readonly (TimeSpread & {
    readonly name: string;
    readonly limitMs: number | null;
  })[];
  /** By their ids. */
  readonly peers: readonly PagePeer[];
  /** By their times. */
  readonly faults: readonly PageFault[];
  /** Pairs of which the first cannot send to the second. */
  readonly severed: readonly From<readonly (readonly [from: number, to: number])[]>[];
  /** By their starts. */
  readonly operations: readonly PageOperation[];
  readonly names: readonly string[];
  /** Operations that were made, and are left out to keep the page small. */
  readonly leftOut: number;
};
