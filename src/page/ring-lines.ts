/**
 * The log of a ring, as JSON Lines: what was typed and shown, what was done to its peers, and what they said of
 * themselves. Lines that a run of chaos has as well (lab/run-lines.ts) have the same form. A line is written when
 * it comes, and its time is that of what it tells of: whoever reads the log sorts it. Unknown fields are passed over.
 */
import type { LoggedEvent } from "../control/types.ts";

/** What becomes of a peer's process. */
export const PROCESS_STATES = ["started", "killed", "frozen", "thawed", "ended"] as const;

export type ProcessState = (typeof PROCESS_STATES)[number];

/** All times are epoch milliseconds with fractions. */
export type RingLine =
  /** The first line. */
  | {
      readonly type: "ring";
      readonly v: 1;
      readonly at: number;
      readonly ids: readonly number[];
      /** Copies kept of each file. */
      readonly copies: number;
      /** Milliseconds from ping to ping. */
      readonly intervalMs: number;
    }
  /** The checks hold for the first time. */
  | { readonly type: "stands"; readonly at: number }
  /** At the ring's prompt. */
  | { readonly type: "typed"; readonly at: number; readonly line: string }
  /** To its user: by a peer, or by the ring itself, where that is null. */
  | {
      readonly type: "shown";
      readonly at: number;
      readonly peer: number | null;
      readonly text: string;
      /** On standard error. */
      readonly error: boolean;
    }
  | {
      readonly type: "process";
      readonly at: number;
      readonly peer: number;
      readonly state: ProcessState;
    }
  /** A peer's own word about its neighbours, when it was asked. Nearest first, both. */
  | {
      readonly type: "view";
      readonly at: number;
      readonly peer: number;
      readonly successors: readonly number[];
      readonly predecessors: readonly number[];
    }
  | {
      readonly type: "event";
      readonly at: number;
      readonly peer: number;
      readonly event: LoggedEvent;
    };

/** False of events that nobody is shown: pings, and what those who judge the ring ask it. */
export function isTold(event: LoggedEvent): boolean {
  if (event.event === "line") return !event.fold;
  if (event.event !== "outcome") return true;
  return !["owner", "listed", "surveyed"].includes(event.outcome.kind);
}
