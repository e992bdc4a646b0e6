/** The whole state of one peer's protocol, and the few verbs by which its parts speak to the driver. */

import type {
  Arrived,
  Awaited,
  Datagrams,
  Streamless,
  Trial,
  TrialReason,
  Vouching,
} from "./evidence.ts";
import type { Absence } from "./model/absence.ts";
import { agedForOthers } from "./model/ages.ts";
import type { ByVersion } from "./model/by-version.ts";
import { REQUESTS_REMEMBERED, type RingConfig } from "./model/config.ts";
import type { Deadlines } from "./model/deadlines.ts";
import type { PeerEvent } from "./model/events.ts";
import type { FileRecord, HeldVersion, VersionId } from "./model/files.ts";
import type { GoneTable } from "./model/gone.ts";
import type { BodySource, Effect, StartInput } from "./model/io.ts";
import type { Address, Member } from "./model/member.ts";
import type { Answer, Channel, Inquire, Message, RequestId, Routed } from "./model/messages.ts";
import type { Placement, Placements } from "./model/placements.ts";
import type { Random } from "./model/random.ts";
import type { Shelf } from "./model/shelf.ts";
import type { SharedViews, View } from "./model/view.ts";
import type {
  Departing,
  Doubt,
  FetchJob,
  Hop,
  Inquiry,
  Joining,
  Listing,
  Lock,
  Pending,
  Pledge,
  QueuedCopy,
  Returning,
  StrangersAsk,
  Survey,
  Tenure,
  Wanting,
} from "./work.ts";

/** `starting`: its incarnation is not durable yet. `joining`: it has asked to be taken in. */
export type Phase = "starting" | "joining" | "in" | "leaving" | "ended";

export type { Awaited, Datagrams, Streamless, Trial, TrialReason, Vouching };

/** A version that was read and has been copied, to `copies`: to a majority if `enough`. */
export type Reading = {
  readonly placement: Placement;
  readonly enough: boolean;
  readonly copies: readonly number[];
};

/** What is said to another only when the promises that it would break have passed. */
export type Withheld =
  /** That a version is durable here. */
  | { readonly kind: "holding"; readonly to: Address; readonly record: FileRecord }
  /** What is held here of a name. */
  | {
      readonly kind: "inquired";
      readonly to: Address;
      readonly inquire: Inquire;
    };

export type Peer = {
  readonly config: RingConfig;
  readonly start: StartInput;
  readonly views: SharedViews | null;
  readonly random: Random;
  readonly deadlines: Deadlines;
  now: number;
  /** The last time that this very process stood still: until when, and for how long at most. */
  sleep: { readonly until: number; readonly ms: number } | null;
  phase: Phase;
  self: Member;
  /** The highest incarnation asked to be made durable, and the highest that is. */
  incarnationAsked: number;
  /** Where the message at hand says that this peer is seen, and the address of its next record. */
  seenAt: Address | null;
  movesTo: Address | null;
  /** The highest counter of a stamp given or seen here. */
  counter: number;
  /** The view has changed since this peer last gave a stamp. */
  leap: boolean;
  /** The number of this peer's last operation; and of its last on each name, the oldest go first. */
  operations: number;
  readonly lastOn: Map<string, number>;
  view: View;
  /** Counts the changes of the view, and the sleeps and losses after which an owner has to ask again. */
  epoch: number;
  /** Something that readers or the driver are told of at the end of a step may have changed. */
  changed: boolean;
  viewSaved: boolean;
  readonly gone: GoneTable;
  /** The gone member that was tried last. */
  triedGone: number;
  /** Those who spread word of this peer's death, to be told that it lives. */
  readonly accusers: Set<Address>;
  readonly awaited: Map<number, Awaited>;
  readonly trials: Map<number, Trial>;
  readonly vouching: Map<number, Vouching>;
  readonly datagrams: Datagrams;
  /** Members that answer pings and take no streams, by id. */
  readonly streamless: Map<number, Streamless>;
  /** The last measured round trip to a member, by id. */
  readonly roundTrips: Map<number, number>;
  /** The last round's ping to, and the last one heard from, a member: duplicates print nothing. */
  readonly roundSent: Map<number, number>;
  readonly roundHeard: Map<number, number>;
  /** News to push at the end of the step, by id; and those of them heard in a joining itself. */
  readonly rumours: Map<number, Member>;
  readonly joiningRumours: Map<number, Member>;
  /** When news was last pushed, and a comparison of tables last opened. */
  pushedAt: number;
  syncedAt: number;
  /** Of the last ping that was sent to compare digests. */
  settleNonce: number;
  settleBackoffMs: number;
  /** Where this folder's peer listened before, until nobody has answered there; and what waits for that. */
  formerAddress: Address | null;
  formerNonce: number;
  waitingIncarnation: number | null;
  joining: Joining | null;
  returning: Returning | null;
  /** It is to be said who is there, once that is known: a founder has come back to its ring. */
  returns: boolean;
  lock: Lock | null;
  /** Joins that wait for word whether the id they want is still held, by that id. */
  readonly contested: Map<number, Routed>;
  readonly hops: Map<RequestId, Hop>;
  /** Requests seen of late, so that a retry prints nothing twice; the oldest go first. */
  readonly seen: Set<RequestId>;
  readonly pending: Map<RequestId, Pending>;
  readonly inquiries: Map<RequestId, Inquiry>;
  /** Requests that wait for a look into the working directory. */
  readonly looks: Map<RequestId, Routed>;
  readonly doubts: Map<RequestId, Doubt>;
  /** Hops that are still to be acknowledged, in the order of their times: to whom, and when. */
  readonly acks: Map<RequestId, { readonly to: Address; readonly at: number }>;
  readonly placements: Placements;
  /** Reads that may go on, handled within the step. */
  readonly readings: Reading[];
  /** Receipts given of late, for origins that ask again; the oldest go first. */
  readonly receipts: Map<RequestId, Answer>;
  readonly listings: Map<RequestId, Listing>;
  readonly surveys: Map<RequestId, Survey>;
  readonly files: Shelf;
  readonly absence: Absence;
  readonly tenure: Tenure;
  /** Promises given to owners, by their births. */
  readonly pledges: Map<string, Pledge>;
  /** Word that waits until a promise has passed. */
  readonly withheld: Withheld[];
  /** What was asked by those that are no members here, yet. */
  readonly strangers: StrangersAsk[];
  /** The view's change after which inquiries were last looked through. */
  inquiredEpoch: number;
  /** Bytes that this disk, and those of others by birth, have room for. */
  room: number;
  readonly rooms: Map<string, number>;
  /** The addresses of lost members that have their time to answer, since this peer started or slept; by id. */
  readonly sought: Map<number, { readonly address: Address; refused: boolean }>;
  soughtUntil: number;
  /** The members that came lately, by birth; `anew`: to this very ring, and from none. */
  readonly arrivals: Map<string, Arrived>;
  /** When a joiner came in: it cannot tell who of the others came just before it, and who was there long. */
  enteredAt: number;
  /** Names, with their keys, of which a copy here was damaged, and has not come back. */
  readonly lost: Wanting;
  /** Names that others hold a newer version of than this peer, as it knows: its disk would not take it. */
  readonly elsewhere: Wanting;
  /** Per version, the births of members that confirmed it under the stamp that it has here. */
  readonly confirmed: ByVersion<readonly string[]>;
  /** Versions that a holder may not have confirmed, and when they are to be offered. */
  readonly lacking: ByVersion<number>;
  /** All names may be such: the view has changed since they were last looked through. */
  rescan: boolean;
  /** Per name, the births of members that cannot keep it; the oldest go first. */
  readonly declined: Map<string, readonly string[]>;
  /** Names of which this peer has declined a version; the oldest go first. */
  readonly refusals: Wanting;
  /** Until when this peer's own disk is taken for full. */
  fullUntil: number;
  /** The removals held here. */
  readonly removals: Map<string, VersionId>;
  /** Damaged copies found in this run. */
  damaged: number;
  /** Word of copies held here that nobody waits for, by address. */
  readonly tidings: Map<Address, HeldVersion[]>;
  readonly jobs: Map<number, FetchJob>;
  /** Copies waiting for a place among the fetches, by version. */
  readonly copyQueue: Map<string, QueuedCopy>;
  nextJob: number;
  /** Takers of a content that this peer serves, to say when it has been sent. */
  readonly serving: Set<RequestId>;
  /** What a leaver still has to hand on, as it was last looked at, and until when it may. */
  handOver: { readonly short: number; readonly until: number; readonly said: boolean } | null;
  departing: Departing | null;
  /** What brought a new member into the two successors in this step. */
  cause: string | null;
  /** Messages to this very peer, handled within the step. */
  readonly loopback: Message[];
  effects: Effect[];
  /** What was last given to the driver or the readers, so that only changes are. */
  watched: string;
  reported: { pair: readonly [number, number]; neighbours: readonly number[] };
};

/** Sends a message, with a small content as its body if there is one. */
export function send(
  peer: Peer,
  to: Address,
  channel: Channel,
  message: Message,
  body: BodySource | null = null,
): void {
  if (to === peer.self.address) {
    peer.loopback.push(message);
    return;
  }
  const told = agedForOthers(message, peer.now);
  peer.effects.push({ type: "send", to, channel, message: told, body });
}

/** Sends one message to several others: it is made once, and encoded once. */
export function sendToEach(
  peer: Peer,
  to: readonly Member[],
  message: Message,
  body: BodySource | null = null,
): void {
  if (to.length === 0) return;
  const told = agedForOthers(message, peer.now);
  for (const { address } of to) {
    peer.effects.push({ type: "send", to: address, channel: "stream", message: told, body });
  }
}

export function emit(peer: Peer, event: PeerEvent): void {
  peer.effects.push({ type: "event", event });
}

/** A line of the transcript; `fold` marks those of pings, which a short view leaves out. */
export function line(peer: Peer, text: string, fold = false): void {
  emit(peer, { event: "line", text, fold });
}

/** A sentence for a person. */
export function note(peer: Peer, text: string): void {
  emit(peer, { event: "note", text });
}

/** True while the peer takes part in the ring. */
export function isIn(peer: Peer): boolean {
  return peer.phase === "in" || peer.phase === "leaving";
}

/** Ends the peer. `sentence` is null where nothing went wrong. */
export function exit(peer: Peer, code: number, sentence: string | null): void {
  peer.phase = "ended";
  peer.effects.push({ type: "exit", code, sentence });
}

/** Notes a request as seen. @returns whether it is new */
export function seeFirst(peer: Peer, request: RequestId): boolean {
  if (peer.seen.has(request)) return false;
  peer.seen.add(request);
  forgetOldest(peer.seen, REQUESTS_REMEMBERED);
  return true;
}

/**
 * Keeps at least the newest `limit` entries of a set or a map, and at most an eighth more: to take one
 * away for each that comes would walk over those taken away before, each time.
 */
export function forgetOldest<K>(table: Bounded<K>, limit: number): void {
  if (table.size > limit + limit / 8) boundTable(table, limit);
}

/** Drops the oldest entries of a set or a map above `limit`. */
export function boundTable<K>(table: Bounded<K>, limit: number): void {
  if (table.size <= limit) return;
  for (const key of table.keys()) {
    if (table.size <= limit) return;
    table.delete(key);
  }
}

type Bounded<K> = { readonly size: number; keys(): Iterable<K>; delete(key: K): boolean };
