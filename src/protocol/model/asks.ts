/** What is asked of a ring, on its way from peer to peer, the answers to it, and the contents that are fetched then. */
import type { FileRecord, WriteId } from "./files.ts";
import type { Address, Member } from "./member.ts";

/** Names one request on its whole way and in all its retries: 48 random bits, drawn at the origin. */
export type RequestId = number;

/** Which of its origin's operations a store or a removal is: fixed before its first try. */
export type Write = {
  readonly number: number;
  /** The one before it on the same name, if the origin remembers one; else 0. */
  readonly after: number;
  /** Durable copies without which it is not acknowledged; 0 for a majority. */
  readonly require: number;
};

/** What a request carried from peer to peer asks for. */
export type Ask =
  | { readonly kind: "join"; readonly joiner: Member }
  | { readonly kind: "lookup"; readonly key: number }
  /** `content` is null where the origin has none to store. */
  | {
      readonly kind: "store";
      readonly name: string;
      readonly key: number;
      readonly content: { readonly size: number; readonly sha256: string } | null;
      readonly write: Write;
    }
  | { readonly kind: "request"; readonly name: string; readonly key: number }
  | {
      readonly kind: "remove";
      readonly name: string;
      readonly key: number;
      readonly write: Write;
    }
  | { readonly kind: "where"; readonly name: string; readonly key: number };

/** The peer to which a request was given. */
export type Origin = {
  readonly id: number;
  readonly address: Address;
  readonly instance: string;
};

/**
 * A request on its way to the peer where it belongs. Each hop is acknowledged. A store may bring its
 * content as the message's body.
 */
export type Routed = {
  readonly tag: "routed";
  readonly request: RequestId;
  readonly origin: Origin;
  /** The ids it has passed, the origin first. */
  readonly route: readonly number[];
  readonly ask: Ask;
  /**
   * For so many milliseconds from its sending on, no other copy of it is on its way and its origin waits:
   * so long it may be executed. Later, or where its time under way cannot be told, the origin is asked.
   */
  readonly leftMs: number;
  /** The highest counter of a version that its origin has seen (Lamport, 1978). */
  readonly counter: number;
  /** Owners that do not answer those on the way: the next member stands in. */
  readonly avoid: readonly number[];
  /** The answer goes back the way that this came. */
  readonly back: boolean;
  /** A copy went another way from a peer in between, and nobody has refused it: it may be executed. */
  readonly lost: boolean;
};

/** "Do you still wait for this request, which comes late?": to its origin. */
export type Confirm = {
  readonly tag: "confirm";
  readonly request: RequestId;
  /** Of this very question: late word of an earlier one says nothing of now. */
  readonly nonce: number;
  /** The ids that the answer has to pass, the origin first, the asker last. */
  readonly onward: readonly number[];
  /** The ids that it still has to pass itself, the origin first; none if it goes there itself. */
  readonly via: readonly number[];
};
/** For how many milliseconds from its saying on; 0 if not. Nobody else is told so meanwhile. */
export type Confirmed = {
  readonly tag: "confirmed";
  readonly request: RequestId;
  /** That of the question. */
  readonly nonce: number;
  readonly leftMs: number;
  /** The ids that it still has to pass, the next first. */
  readonly onward: readonly number[];
};

/** From where a request ended to its origin. */
export type Answer = {
  readonly tag: "answer";
  readonly request: RequestId;
  readonly route: readonly number[];
  readonly outcome: AnswerOutcome;
  /** The ids that it still has to pass on its way back, the origin first; none if it goes there itself. */
  readonly via: readonly number[];
  /** As of the request: where this is a refusal, another copy may be executed all the same. */
  readonly lost: boolean;
};
/** What came of a request, told by the peer where it ended. */
export type AnswerOutcome =
  /** The sender owns the key. */
  | { readonly kind: "owner" }
  /** The sender owns the name and now fetches the content, if there is any. */
  | { readonly kind: "placed" }
  /**
   * Durable on these peers, of so many wanted: a content, or the removal of the name; or what has
   * replaced it meanwhile. `withoutReplica` should have it and have not said so.
   */
  | {
      readonly kind: "stored";
      readonly record: FileRecord;
      readonly replicas: readonly number[];
      readonly wanted: number;
      readonly withoutReplica: readonly number[];
    }
  /**
   * The content is the message's body, or else to be fetched from the sender under the request's id, or
   * as the write from one of the replicas. `write` is null for a file that lies in the sender's working
   * directory and was never stored.
   */
  | {
      readonly kind: "found";
      readonly size: number;
      readonly write: WriteId | null;
      readonly replicas: readonly number[];
    }
  | { readonly kind: "missing" }
  /** What the sender and the other replicas have of the name: its newest write, and on which peers. */
  | {
      readonly kind: "where";
      readonly record: FileRecord | null;
      readonly replicas: readonly number[];
    }
  /** `maybe`: it was given its version, and may still appear; else it was not executed, and will not be. */
  | { readonly kind: "failed"; readonly why: string; readonly maybe: boolean }
  /** Too few of those that may hold the name have answered; nothing was executed. */
  | { readonly kind: "unavailable"; readonly answered: number; readonly needed: number };

/** True of what changes a name: a store or a removal. */
export function isWrite(ask: Ask): ask is Extract<Ask, { kind: "store" | "remove" }> {
  return ask.kind === "store" || ask.kind === "remove";
}

/** True of an answer that says that nothing was done. */
export function isRefusal(outcome: AnswerOutcome): boolean {
  if (outcome.kind === "failed") return !outcome.maybe;
  return outcome.kind === "missing" || outcome.kind === "unavailable";
}

/** A request in words. */
export function whatOf(ask: Ask): string {
  const { kind } = ask;
  return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ${askName(ask)}`.trim();
}

/** The name that is asked for; empty where there is none. */
export function askName(ask: Ask): string {
  return "name" in ask ? ask.name : "";
}

/** First frame of a connection that carries one content and nothing else. */
export type Fetch = {
  readonly tag: "fetch";
  readonly source: FetchSource;
  /** Where to begin, in bytes. */
  readonly offset: number;
};
/** The same of a part of a stored write: from `offset` to before `until`, in bytes. One connection brings one part. */
export type FetchPart = {
  readonly tag: "fetch-part";
  readonly write: WriteId;
  readonly offset: number;
  readonly until: number;
};
/** What is fetched: a content under a request's id, or that of a stored write. */
export type FetchSource =
  | { readonly kind: "ticket"; readonly request: RequestId }
  | { readonly kind: "write"; readonly write: WriteId };
/**
 * Then `size - offset` raw bytes follow, or those of the part, then a ContentEnd, which the taker of a whole
 * answers with its own.
 */
export type Content = { readonly tag: "content"; readonly size: number };
/** What the whole must hash to, or what its taker found; null where an unhashed one began at an offset. */
export type ContentEnd = { readonly tag: "content-end"; readonly sha256: string | null };
export type ContentRefused = { readonly tag: "content-refused"; readonly why: string };

/** The frames of a connection that carries one content. */
export type ContentMessage = Fetch | FetchPart | Content | ContentEnd | ContentRefused;
