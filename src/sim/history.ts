/**
 * The history of a run as its clients and the one who injects the faults saw it. Times are virtual
 * milliseconds. Stores have contents of their own, so that what is read says which store it was.
 */

/** What a name stands for: the hash of a content, or null for "missing". */
export type Value = string | null;

/** What came of an operation, as its client saw it. */
export type ClientOutcome =
  | {
      /** Acknowledged, or answered. */
      readonly kind: "done";
      /** What was read; null for a removal that found nothing. Undefined for a store or a removal that was done. */
      readonly value?: Value;
      /** The peers that a receipt names. */
      readonly copies?: readonly number[];
    }
  /** It was not done, and never will be. Of a read: no answer. */
  | { readonly kind: "refused" }
  /** It may have been done, or may yet be. */
  | { readonly kind: "unknown" };

export type ClientVerb = "store" | "remove" | "request" | "where";

/** One try of a client at one peer; when it tries again elsewhere, that is another one. */
export type Operation = {
  readonly client: number;
  readonly peer: number;
  readonly kind: ClientVerb;
  readonly name: string;
  /** Of a store, its content. */
  readonly content: Value;
  readonly start: number;
  /** Null if it never ended. */
  end: number | null;
  outcome: ClientOutcome;
  /** So many of its copies were destroyed on purpose that nobody could have kept it. */
  readonly excused?: boolean;
};

/** How things stood from a time on, until the next situation. */
export type Situation = {
  readonly from: number;
  /** The peers that ran and were in the ring, the frozen among them. */
  readonly running: readonly number[];
  readonly frozen: readonly number[];
  /** Ordered pairs of which the first could send no stream to the second. */
  readonly severed: readonly (readonly [from: number, to: number])[];
};

/** A version that became durable at a peer. */
export type Applied = {
  readonly peer: number;
  readonly name: string;
  readonly content: string;
  /** Its stamp: counter, owner, run. */
  readonly stamp: readonly number[];
  readonly at: number;
};

/** What a name stands for at the end, in calm, and the contents kept as its conflicts. */
export type Ending = {
  readonly name: string;
  readonly value: Value;
  readonly conflicts: readonly string[];
};

export type History = {
  readonly operations: readonly Operation[];
  readonly situations: readonly Situation[];
  readonly endings: readonly Ending[];
  readonly applied: readonly Applied[];
};
