/**
 * Every message that peers exchange, each request beside its answer. The sender's own member record
 * travels in the header of each (see wire/), so no message repeats it. Tags are only ever appended.
 */
import type { Strategy } from "./config.ts";
import type { FileRecord, Range, Stamp, VersionId } from "./files.ts";
import type { Address, Member } from "./member.ts";
import type { StatusMessage } from "./told.ts";

/** How a message travels: one UDP datagram, or the pooled TCP stream to that peer. */
export type Channel = "datagram" | "stream";

/** Names one request on its whole way and in all its retries: 48 random bits, drawn at the origin. */
export type RequestId = number;

/** "Are you there?", with the digest of the sender's view. */
/** How much a member may have missed; and what its ring has forgotten, so that others may have missed it. */
export type Standing = {
  /** It knows of no removal for so long, and has heard from none that does; null of one that is up to date. */
  readonly awayMs: number | null;
  /** The age of the youngest removal that may be forgotten; null if none is. */
  readonly forgottenMs: number | null;
};

export type Ping = Standing & {
  readonly tag: "ping";
  /** Returned in the answer; 32 random bits. */
  readonly nonce: number;
  /** True of a round's ping, which the transcript shows; false of a silent probe. */
  readonly round: boolean;
  readonly digest: number;
  /** Bytes of files that the sender's disk has room for. */
  readonly room: number;
};
export type Pong = Standing & {
  readonly tag: "pong";
  readonly nonce: number;
  readonly round: boolean;
  readonly digest: number;
  readonly room: number;
};

/** "I cannot reach this member, can you?" The answer comes only if it can. */
export type Vouch = { readonly tag: "vouch"; readonly nonce: number; readonly target: Member };
export type Vouched = { readonly tag: "vouched"; readonly nonce: number; readonly target: Member };

/** News of members. `joining`: the sender has just heard from them, in their joining itself. */
export type Gossip = {
  readonly tag: "gossip";
  readonly joining: boolean;
  readonly members: readonly Member[];
};

/**
 * Two peers whose digests differ compare them by buckets of the circle: `open` brings the digests of
 * the buckets, `answer` the other's and its members of those that differ, `close` what that one lacks.
 */
export type Sync = {
  readonly tag: "sync";
  readonly stage: "open" | "answer" | "close";
  /** SYNC_BUCKETS digests, none in `close`. */
  readonly buckets: readonly number[];
  readonly members: readonly Member[];
};

/** "Which ring are you of?": asked by a joiner that knows only an address. The header tells the ring. */
export type Introduce = { readonly tag: "introduce"; readonly request: RequestId };
export type Introduction = {
  readonly tag: "introduction";
  readonly request: RequestId;
  readonly bits: number;
  readonly strategy: Strategy;
  readonly pingIntervalMs: number;
  readonly copies: number;
  /** Near the middle of the widest gap in the sender's view: none that was proposed before. */
  readonly proposedId: number;
};

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
  readonly birth: string;
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
  /** The highest counter of a stamp that its origin has seen (Lamport, 1978). */
  readonly counter: number;
  /** Owners that do not answer those on the way: the next member stands in. */
  readonly avoid: readonly number[];
  /** The answer goes back the way that this came. */
  readonly back: boolean;
};

/** "Do you still wait for this request, which comes late?": to its origin. */
export type Confirm = {
  readonly tag: "confirm";
  readonly request: RequestId;
  /** The ids that the answer has to pass, the origin first, the asker last. */
  readonly onward: readonly number[];
  /** The ids that it still has to pass itself, the origin first; none if it goes there itself. */
  readonly via: readonly number[];
};
/** For how many milliseconds from its saying on; 0 if not. Nobody else is told so meanwhile. */
export type Confirmed = {
  readonly tag: "confirmed";
  readonly request: RequestId;
  readonly leftMs: number;
  /** The ids that it still has to pass, the next first. */
  readonly onward: readonly number[];
};

/** Acknowledges a hop, a successor change or a departure. */
export type Ack = { readonly tag: "ack"; readonly request: RequestId };

/** From where a request ended to its origin. */
export type Answer = {
  readonly tag: "answer";
  readonly request: RequestId;
  readonly route: readonly number[];
  readonly outcome: AnswerOutcome;
  /** The ids that it still has to pass on its way back, the origin first; none if it goes there itself. */
  readonly via: readonly number[];
};
export type AnswerOutcome =
  /** The sender owns the key. */
  | { readonly kind: "owner" }
  /** The sender owns the name and now fetches the content, if there is any. */
  | { readonly kind: "placed" }
  /**
   * Durable on these peers, of so many wanted: a version, or the removal of the name; or what has
   * replaced it meanwhile. `lacking` should have it and have not said so.
   */
  | {
      readonly kind: "stored";
      readonly record: FileRecord;
      readonly copies: readonly number[];
      readonly wanted: number;
      readonly lacking: readonly number[];
    }
  /**
   * The content is the message's body, or else to be fetched from the sender under the request's id, or
   * as the version from one of the holders. `version` is null for a file that lies in the sender's working
   * directory and was never stored.
   */
  | {
      readonly kind: "found";
      readonly size: number;
      readonly version: VersionId | null;
      readonly holders: readonly number[];
    }
  | { readonly kind: "missing" }
  /** What the sender and the other holders have of the name: its newest version, and on which peers. */
  | {
      readonly kind: "where";
      readonly record: FileRecord | null;
      readonly holders: readonly number[];
    }
  /** `maybe`: it was stamped, and may still appear; else it was not executed, and will not be. */
  | { readonly kind: "failed"; readonly why: string; readonly maybe: boolean }
  /** Too few of those that may hold the name have answered; nothing was executed. */
  | { readonly kind: "unavailable"; readonly answered: number; readonly needed: number };

/** From the peer that takes a joiner in (or does not) to the joiner. */
export type JoinAnswer = {
  readonly tag: "join-answer";
  readonly request: RequestId;
  readonly outcome:
    | {
        readonly kind: "accepted";
        /** The sender's own. */
        readonly standing: Standing;
        /** Above all that were known of this id. */
        readonly incarnation: number;
        readonly members: readonly Member[];
      }
    | { readonly kind: "busy" }
    | { readonly kind: "taken"; readonly by: Address };
};
/** The joiner has made its incarnation durable and takes part: the gap is free for the next. */
export type JoinDone = { readonly tag: "join-done"; readonly request: RequestId };

/** From the peer that took a joiner in to its own predecessor. Acknowledged. */
export type SuccessorChange = {
  readonly tag: "successor-change";
  readonly request: RequestId;
  readonly joiner: Member;
};

/** From a peer that leaves (its header says `left`) to its two predecessors. Acknowledged. */
export type Depart = { readonly tag: "depart"; readonly request: RequestId };

/** "What do you hold of this name?", from an owner that cannot know to the other holders. */
export type Inquire = {
  readonly tag: "inquire";
  readonly request: RequestId;
  readonly name: string;
};
export type Inquired = {
  readonly tag: "inquired";
  readonly request: RequestId;
  /** All versions of the name. */
  readonly records: readonly FileRecord[];
  /** The sender has declined a version of it: another member may have it in its place. */
  readonly declined: boolean;
  readonly room: number;
};
/** An owner's word that the receiver, which holds the version, shall serve this request. */
export type Delegate = {
  readonly tag: "delegate";
  readonly request: RequestId;
  /** As it was asked for. */
  readonly asked: string;
  readonly version: VersionId;
  readonly origin: Origin;
  readonly route: readonly number[];
  readonly back: boolean;
};

/**
 * An owner's wish to answer alone for its part of the circle (Gray & Cheriton, "Leases", 1989): a
 * promise to acknowledge no other owner's version there for PROMISE_MS.
 */
export type Lease = {
  readonly tag: "lease";
  /** Returned in the answer; 32 random bits. */
  readonly nonce: number;
  readonly from: number;
  readonly to: number;
};
export type Leased = {
  readonly tag: "leased";
  readonly nonce: number;
  readonly granted: boolean;
  /**
   * The sender has promised this before, and has taken in no version there since from anybody else but
   * what this owner has said it knows.
   */
  readonly clean: boolean;
};

/**
 * "You are to hold these." The content of a single one may be the message's body; else it is fetched
 * from the sender, or from where `origin` says, since the sender cannot keep it: under a request's id, or
 * as the version that it is.
 */
export type Offer = {
  readonly tag: "offer";
  readonly records: readonly FileRecord[];
  readonly origin: {
    readonly id: number;
    readonly address: Address;
    readonly request: RequestId | null;
  } | null;
};
/**
 * "These are durable here": under their names, as conflicts, or in what has replaced them. The hash is
 * what the content came to.
 */
export type Holding = {
  readonly tag: "holding";
  readonly files: readonly HeldVersion[];
  /** The sender knows that the receiver is leaving, and is not leaving itself. */
  readonly taking: boolean;
};
export type HeldVersion = VersionId & { readonly stamp: Stamp };
/** "I cannot keep these: my disk is full, or fails." */
export type Declined = { readonly tag: "declined"; readonly files: readonly HeldVersion[] };
/** "My copies of these are damaged: I do not hold them any more." */
export type Lost = { readonly tag: "lost"; readonly files: readonly HeldVersion[] };

/**
 * "Of these ranges, which you should hold too, I have this": answered by `compared`. Where `own` is a
 * number, an owner asks what it may lack: versions that it has stamped itself in its present
 * run, with a counter above this, are left out on both sides.
 */
export type Compare = {
  readonly tag: "compare";
  /** Returned in the answer; 32 random bits. */
  readonly nonce: number;
  readonly own: number | null;
  readonly ranges: readonly Range[];
};
/**
 * The ranges in which the sender has just the same, as they were sent; and those in which it has not,
 * with what it has itself.
 */
export type Compared = {
  readonly tag: "compared";
  readonly nonce: number;
  readonly own: number | null;
  readonly same: readonly Range[];
  readonly differ: readonly Range[];
  /** As in Holding. */
  readonly taking: boolean;
};

/** "Which files do you hold?" `after`: those whose names come behind it, in the order of UTF-16. */
export type List = {
  readonly tag: "list";
  readonly request: RequestId;
  readonly after: string | null;
};
export type Listed = {
  readonly tag: "listed";
  readonly request: RequestId;
  /** All versions of each name. */
  readonly records: readonly FileRecord[];
  /** There are others behind the last of these. */
  readonly more: boolean;
};

/** First frame of a connection that carries one content and nothing else. */
export type Fetch = {
  readonly tag: "fetch";
  readonly source: FetchSource;
  /** Where to begin, in bytes. */
  readonly offset: number;
};
/** What is fetched: an offer made under a request's id, or a stored version. */
export type FetchSource =
  | { readonly kind: "ticket"; readonly request: RequestId }
  | { readonly kind: "version"; readonly version: VersionId };
/** Then `size - offset` raw bytes follow, then a ContentEnd, which the taker answers with its own. */
export type Content = { readonly tag: "content"; readonly size: number };
/** What the whole must hash to, or what its taker found; null where an unhashed one began at an offset. */
export type ContentEnd = { readonly tag: "content-end"; readonly sha256: string | null };
export type ContentRefused = { readonly tag: "content-refused"; readonly why: string };

export type Message =
  | Ping
  | Pong
  | Vouch
  | Vouched
  | Gossip
  | Sync
  | Introduce
  | Introduction
  | Routed
  | Ack
  | Answer
  | JoinAnswer
  | JoinDone
  | SuccessorChange
  | Depart
  | Inquire
  | Inquired
  | Delegate
  | Confirm
  | Confirmed
  | Lease
  | Leased
  | Offer
  | Holding
  | Declined
  | Lost
  | Compare
  | Compared
  | List
  | Listed
  | Fetch
  | Content
  | ContentEnd
  | ContentRefused
  | StatusMessage;
