/** What a peer knows of the members that it is not sure of, and of the ways to them. */
import type { Address, Member } from "./model/member.ts";
import type { Channel } from "./model/messages.ts";

/** A present member that has not answered in this run yet. */
export type Awaited = {
  readonly since: number;
  /** When it is given up: infinity for one named by hand. */
  until: number;
  retryMs: number;
};

/** A member that came lately, and when another run of it died that was here before; long ago if none was. */
export type Arrived = {
  readonly id: number;
  readonly at: number;
  readonly anew: boolean;
  readonly formerDiedAt: number;
};

/** Why a member is being tried, which decides what an answer or a silence means. */
export type TrialReason =
  /** Own evidence: its silence is its death. */
  | "watch"
  /** Others said it is dead: silence confirms it, an answer refutes. */
  | "word"
  /** Others said it is alive: only an answer is believed. */
  | "newcomer"
  /** It holds an id that a joiner, or this very peer, wants: an answer keeps it. */
  | "rival";

export type Trial = {
  readonly reason: TrialReason;
  readonly target: Member;
  readonly startedAt: number;
  /** When its silence is a verdict. */
  until: number;
  /** Pings of this trial, by nonce, with their times. */
  readonly nonces: Map<number, number>;
  /** So many times it has pinged. */
  sent: number;
  lastTry: boolean;
  /** Connections refused in a row, and when the first of them was. */
  refusals: number;
  refusedAt: number;
  /** A dial had no answer. */
  unanswered: boolean;
};

/** Dials in a row without success, when the last was, and whether standard error says so. */
export type Streamless = { missed: number; at: number; said: boolean };

/** What this peer knows of the way that datagrams go; see ways.ts. */
export type Datagrams = {
  /** Addresses spoken to by stream: until when, and the datagrams lost to each since. */
  readonly muted: Map<Address, { readonly until: number; missed: number }>;
  /** Nobody answers by datagram: all are spoken to by stream. */
  deaf: boolean;
  /** When a ping by datagram was last answered by one. */
  answeredAt: number;
  /** When a member was last found alive that had left a ping unanswered: the network loses some. */
  lostAt: number;
  /** Standard error says that they do not come through. */
  said: boolean;
};

/** A member tried on behalf of another, which is told of an answer under its own nonce. */
export type Vouching = {
  readonly asker: Address;
  readonly nonce: number;
  readonly target: Member;
  readonly channel: Channel;
};
