/**
 * The history of a ring as its clients and the one who injects the faults saw it: what D6 and D7 judge.
 * All times are milliseconds of one clock, that of the observer; nothing here knows of versions, but for
 * `Applied`. Writes are told apart by their contents, so each store needs one of its own.
 */

/** What a name stands for: what tells a content from all others, or null for "missing". */
export type Value = string | null;

/** What came of an operation, as its client saw it. */
export type Outcome =
  | {
      /** Acknowledged, or answered. */
      readonly kind: "done";
      /** What was read. Of a removal that found nothing, null: it counts as a read of "missing". */
      readonly value?: Value;
      /** The peers that the acknowledgement of a store or a removal names. */
      readonly replicas?: readonly number[];
    }
  /** It was not done, and never will be. Of a read: no answer. */
  | { readonly kind: "refused" }
  /** It may have been done, or may yet be: no answer, a broken connection, "not confirmed". */
  | { readonly kind: "unknown" };

/** One operation of one client at one peer. A retry, at the same peer or another, is an operation of its own. */
export type Operation = {
  /** For sentences only. */
  readonly client: number;
  /** The peer that was asked. */
  readonly peer: number;
  /** `where` is judged as the read that it is: leave it out where it should not be. */
  readonly kind: "store" | "remove" | "request" | "where";
  readonly name: string;
  /** Of a store, its content; of everything else null. */
  readonly content: Value;
  readonly start: number;
  /** Null if it never ended; then its outcome is unknown. */
  readonly end: number | null;
  readonly outcome: Outcome;
  /** So many of its copies were destroyed on purpose that nobody could have kept it: not judged. */
  readonly excused?: boolean;
};

/** How things stand from a time on, until the next situation. */
export type Situation = {
  readonly from: number;
  /** The peers that run and are in the ring, the frozen among them. */
  readonly running: readonly number[];
  readonly frozen: readonly number[];
  /** Pairs of which the first cannot send to the second; all others can. See `between`. */
  readonly severed: readonly (readonly [from: number, to: number])[];
  /** Severed pairs whose cut is just being made or mended: word may still come, or come already. */
  readonly passing?: readonly (readonly [from: number, to: number])[];
  /** Peers that have got another address: word comes and goes, but they do not count as connected yet. */
  readonly moved?: readonly number[];
  /** Ids of which two processes run: a pair with one of them is severed if either process is. */
  readonly doubled?: readonly number[];
};

/** What a name stands for at the end, in calm, and the contents that are kept as its conflicts. */
export type Ending = {
  readonly name: string;
  readonly value: Value;
  readonly conflicts: readonly string[];
};

/** A write that became durable at a peer: only one who sees all disks can say so. */
export type Applied = {
  readonly peer: number;
  readonly name: string;
  readonly content: string;
  /** Its version as numbers, the most significant first. */
  readonly version: readonly number[];
  readonly at: number;
  /** When its owner had given it its version at the latest, by its age there. */
  readonly versionedAt?: number;
  /** It had been replaced there before: it was executed, and takes nothing's place. */
  readonly overtaken?: boolean;
};

/**
 * A whole history. Each name is missing at its beginning; what was there before is given as a store that
 * is done before everything else.
 */
export type History = {
  readonly operations: readonly Operation[];
  /** By ascending time. The first counts for all that was before it. */
  readonly situations: readonly Situation[];
  readonly endings: readonly Ending[];
  readonly applied?: readonly Applied[];
};

/** After a heal the two sides count as connected from so long on, in milliseconds. */
export const HEAL_MS = 3_000;
/** An operation whose outcome is unknown takes effect within so long of its end, or never. */
export const LATE_MS = 5_000;

/** An operation without an answer for so long may have been sent to another owner as well. */
export const ASKED_AGAIN_MS = 400;

/** What sides that cannot talk to each other sever: each peer of one from each of every other, both ways. */
export function between(...sides: readonly (readonly number[])[]): [number, number][] {
  return sides.flatMap((side) =>
    side.flatMap((from) =>
      sides.filter((s) => s !== side).flatMap((s) => s.map((to): [number, number] => [from, to])),
    ),
  );
}
