/**
 * Every message that peers exchange, each request beside its answer. The sender's own member record
 * travels in the header of each (see wire/), so no message repeats it. Tags are only ever appended.
 */

import type {
  Answer,
  Confirm,
  Confirmed,
  ContentMessage,
  Origin,
  RequestId,
  Routed,
} from "./asks.ts";
import type { Strategy } from "./config.ts";
import type { FileRecord, HeldVersion, Range, WriteId } from "./files.ts";
import type { Address, Member } from "./member.ts";
import type { StatusMessage } from "./told.ts";

export type * from "./asks.ts";

/** How a message travels: one UDP datagram, or the pooled TCP stream to that peer. */
export type Channel = "datagram" | "stream";

/** How much a member may have missed; and what its ring has forgotten, so that others may have missed it. */
export type Standing = {
  /** It knows of no removal for so long, and has heard from none that does; null of one that is up to date. */
  readonly awayMs: number | null;
  /** The age of the youngest removal that may be forgotten; null if none is. */
  readonly forgottenMs: number | null;
};

/** "Are you there?", with the digest of the sender's view. */
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
/** The answer to a ping, with its nonce; the rest is the answerer's own. */
export type Pong = Omit<Ping, "tag"> & { readonly tag: "pong" };

/** "I cannot reach this member, can you?" The answer comes only if it can. */
export type PingReq = { readonly tag: "ping-req"; readonly nonce: number; readonly target: Member };
export type PingReqAck = {
  readonly tag: "ping-req-ack";
  readonly nonce: number;
  readonly target: Member;
};

/** News of members. `joining`: the sender has just heard from them, in their joining itself. */
export type Gossip = {
  readonly tag: "gossip";
  readonly joining: boolean;
  readonly members: readonly Member[];
};

/** News of members in a large ring, which all before the receiver are to have from it, up to `upTo` and not that one. */
export type Spread = {
  readonly tag: "spread";
  readonly upTo: number;
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
  readonly replicationFactor: number;
  /** Near the middle of the widest gap in the sender's view: none that was proposed before. */
  readonly proposedId: number;
};

/** Acknowledges a hop, a successor change or a departure. */
export type Ack = { readonly tag: "ack"; readonly request: RequestId };

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

/** "What do you hold of this name?", from an owner that cannot know to the other replicas, whose ids are told. */
export type Inquire = {
  readonly tag: "inquire";
  readonly request: RequestId;
  readonly name: string;
  readonly key: number;
  readonly asked: readonly number[];
};
export type Inquired = {
  readonly tag: "inquired";
  readonly request: RequestId;
  /** All writes of the name. */
  readonly records: readonly FileRecord[];
  /** The sender has rejected a write of it: another member may have it in its place. */
  readonly rejected: boolean;
  /** Writes whose copies were damaged at the sender, and have not come back, nor what replaced them. */
  readonly lost: readonly HeldVersion[];
  readonly room: number;
  /** Members that may hold the name as well, by the sender's view, and were not asked. */
  readonly others: readonly Member[];
};
/** An owner's word that the receiver, which holds the write, shall serve this request. */
export type Delegate = {
  readonly tag: "delegate";
  readonly request: RequestId;
  /** As it was asked for. */
  readonly asked: string;
  readonly write: WriteId;
  readonly origin: Origin;
  readonly route: readonly number[];
  readonly back: boolean;
};

/**
 * An owner's wish to answer alone for its part of the circle (Gray & Cheriton, "Leases", 1989): a
 * promise to acknowledge no other owner's write there for PROMISE_MS.
 */
export type Lease = {
  readonly tag: "lease";
  /** Returned in the answer; 32 random bits. */
  readonly nonce: number;
  readonly from: number;
  readonly to: number;
  readonly asked: readonly number[];
};
export type Leased = {
  readonly tag: "leased";
  readonly nonce: number;
  readonly granted: boolean;
  /** It was promised before, and nothing was taken in there since but what this owner has said it knows. */
  readonly clean: boolean;
};
/**
 * "Of what I own I have this: what else have you?", from an owner that is to be authoritative, to those
 * that may hold it. Answered by `caught-up`, and where little differs by a `replicate` of what is there.
 */
export type CatchUp = {
  readonly tag: "catch-up";
  /** Returned in the answer, and said again with each closer look; 32 random bits. */
  readonly nonce: number;
  /** What the owner has versioned itself in its present run, above this, is left out on both sides. */
  readonly counter: number;
  /** All of its part of the circle as one; then parts of what differs. */
  readonly ranges: readonly Range[];
};
export type CaughtUp = Omit<CatchUp, "tag" | "ranges"> &
  Omit<Compared, "tag" | "taking"> & { readonly tag: "caught-up" };

/**
 * "You are to hold these." The content of a single one may be the message's body; else it is fetched
 * from the sender, or from where `origin` says, since the sender cannot keep it: under a request's id, or
 * as the write that it is.
 */
export type Replicate = {
  readonly tag: "replicate";
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
export type Replicated = {
  readonly tag: "replicated";
  readonly files: readonly HeldVersion[];
  /** The sender knows that the receiver is leaving, and is not leaving itself. */
  readonly taking: boolean;
};
/** "I cannot keep these: my disk is full, or fails." */
export type Rejected = { readonly tag: "rejected"; readonly files: readonly HeldVersion[] };
/** "My copies of these are damaged: I do not hold them any more." */
export type Lost = { readonly tag: "lost"; readonly files: readonly HeldVersion[] };

/** "Of these ranges, which you should hold too, I have this": answered by `compared`. */
export type Compare = { readonly tag: "compare"; readonly ranges: readonly Range[] };
/**
 * The ranges in which the sender has just the same, as they were sent; and those in which it has not,
 * with what it has itself.
 */
export type Compared = {
  readonly tag: "compared";
  readonly same: readonly Range[];
  readonly differ: readonly Range[];
  /** As in Replicated. */
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
  /** All writes of each name. */
  readonly records: readonly FileRecord[];
  /** There are others behind the last of these. */
  readonly more: boolean;
};

/** Whatever a peer may send to another, told apart by `tag`. */
export type Message =
  | Ping
  | Pong
  | PingReq
  | PingReqAck
  | Gossip
  | Spread
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
  | CatchUp
  | CaughtUp
  | Replicate
  | Replicated
  | Rejected
  | Lost
  | Compare
  | Compared
  | List
  | Listed
  | ContentMessage
  | StatusMessage;
