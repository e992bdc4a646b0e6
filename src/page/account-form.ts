/** The form of an account: what a line of a ring's log tells a student. Pure. */
import type { LoggedEvent } from "../control/types.ts";

/** What kind of thing it was: told by a sign as well as by a color. */
export type AccountKind =
  | "deed"
  | "doubt"
  | "death"
  | "leave"
  | "arrow"
  | "join"
  | "hop"
  | "copy"
  | "end";

export type Account = {
  readonly at: number;
  /** Who tells it; null for the ring itself. */
  readonly peer: number | null;
  readonly kind: AccountKind;
  /** "Peer 14's port refuses" and the like, without a full stop. */
  readonly text: string;
  /** From whom to whom it points in the drawing; null where it does not. */
  readonly points: readonly [from: number, to: number] | null;
  /** Exactly two sentences. */
  readonly meaning: string;
};

/** The same, of whoever tells it. */
export type Told = Omit<Account, "at" | "peer">;

/** An event of one kind. */
export type Of<K extends LoggedEvent["event"]> = Extract<LoggedEvent, { event: K }>;

/** The second sentence: which step of the protocol it was, and where that is described. */
export function step(what: string, section: string): string {
  return `${what} (docs/PROTOCOL.md#${section}).`;
}
