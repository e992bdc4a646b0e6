/** What each kind of fault is like: how long it lasts, whom it strikes, and what must not be at the same time. */
import type { FaultKind } from "./run-lines.ts";

/**
 * `soft`: messages are lost or late, and the ring goes on. `hard`: peers are away, cut off, or take nothing.
 * `careful`: a copy is destroyed on purpose, or who belongs to the ring changes; a hard fault at the same
 * time could rightly cost an acknowledged file, so there is none, and all is whole again before the next.
 */
export type Trait = {
  readonly sort: "soft" | "hard" | "careful";
  /** How long it may last, in milliseconds. */
  readonly holdsMs: readonly number[];
  /** Shares of what is sent, or milliseconds of a delay. */
  readonly amounts?: readonly number[];
  /** `one`; a `few`, within what may be down; a `side` of a cut, up to half; `some`, up to a quarter. */
  readonly strikes: "one" | "few" | "side" | "some";
  /** Whom it strikes answers nobody meanwhile. */
  readonly isDown?: true;
};

const MESSAGES_MS = [2_000, 4_000, 8_000] as const;
/** Less than a probe, about as long as one, and until the two sides hold each other for dead. */
const CUTS_MS = [800, 3_000, 6_000, 9_000] as const;

export const TRAITS: Readonly<Record<FaultKind, Trait>> = {
  kill: { sort: "hard", holdsMs: [500, 1_500, 3_000, 6_000], strikes: "few", isDown: true },
  freeze: { sort: "hard", holdsMs: [300, 1_500, 4_000, 7_000], strikes: "few", isDown: true },
  restart: { sort: "hard", holdsMs: [0], strikes: "one", isDown: true },
  partition: { sort: "hard", holdsMs: CUTS_MS, strikes: "side" },
  "one-way": { sort: "hard", holdsMs: CUTS_MS, strikes: "some" },
  "full-disk": { sort: "hard", holdsMs: [2_000, 4_000], strikes: "one" },
  loss: { sort: "soft", holdsMs: MESSAGES_MS, amounts: [0.05, 0.1, 0.2, 0.4], strikes: "some" },
  delay: { sort: "soft", holdsMs: MESSAGES_MS, amounts: [20, 50, 150, 300], strikes: "some" },
  duplicate: { sort: "soft", holdsMs: MESSAGES_MS, amounts: [0.1, 0.5], strikes: "some" },
  reorder: { sort: "soft", holdsMs: MESSAGES_MS, amounts: [0.1, 0.5], strikes: "some" },
  reset: { sort: "soft", holdsMs: [0], strikes: "some" },
  quit: { sort: "careful", holdsMs: [1_000, 3_000], strikes: "one", isDown: true },
  join: { sort: "careful", holdsMs: [1_500, 3_000], strikes: "one" },
  "bit-flip": { sort: "careful", holdsMs: [500, 1_500], strikes: "one" },
  "lose-disk": { sort: "careful", holdsMs: [1_000, 3_000], strikes: "one", isDown: true },
};

/** A hard fault counts as going on for so long after its end: views meet again, and victims start. */
export const AFTER_MS = 3_000;

/** Those that destroy a copy for good, which needs another one. */
export function destroys(kind: FaultKind): boolean {
  return kind === "bit-flip" || kind === "lose-disk";
}
