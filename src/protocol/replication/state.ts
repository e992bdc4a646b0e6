/** What a peer holds, and what it does for the copies of it. */

import { COUNTER_JUMP } from "../model/bounds.ts";
import { ByWrite } from "../model/by-write.ts";
import { fieldsOf, itself, listOf, mapOf, setOf, shared } from "../model/copying.ts";
import { FileIndex } from "../model/file-index.ts";
import { type FileRecord, type HeldVersion, type WriteId, writeKey } from "../model/files.ts";
import type { Arrival, StartInput } from "../model/io.ts";
import { Jobs } from "../model/jobs.ts";
import { FOREIGN_WRITES } from "../model/limits.ts";
import type { Address, Member } from "../model/member.ts";
import type { Answer, Inquire, Inquired, RequestId, Routed } from "../model/messages.ts";
import { type Placement, Placements } from "../model/placements.ts";
import { isWithin } from "../model/range-digest.ts";
import { ReplicaQueue } from "../model/replica-queue.ts";
import type { Siblings } from "../model/siblings.ts";

/** What this peer asks about a name before it deals with a request: of a quorum of those that may hold it. */
export type Inquiry = {
  arrival: Arrival;
  readonly name: string;
  /** All writes that were told of. */
  siblings: Siblings;
  /** Who has said what it holds, by instance; and who of them has rejected a write. */
  readonly heard: Map<string, { readonly member: Member; readonly siblings: Siblings }>;
  readonly rejected: Set<string>;
  /** Word of members, by instance, that know of others which this peer knows nothing of yet. */
  readonly ahead: Map<string, { readonly from: Member; readonly told: Inquired }>;
  /** What was lost of it, by the instance ids of those that have: what they say is not all that they acknowledged. */
  readonly lost: Map<string, readonly HeldVersion[]>;
  readonly asked: Set<string>;
  /** When it is given up. */
  readonly until: number;
  /**
   * That too few have answered was said of each copy of the request that has come. Said twice of one, it
   * would be taken for word of the next, which may have gone to another owner and be executed there.
   */
  told: boolean;
};

/** A request that came late: its origin is asked whether it still waits. */
export type Doubt = { arrival: Arrival; readonly askedAt: number; readonly nonce: number };

/** A write that was read and has been copied, to `replicas`: to a majority if `enough`. */
export type Reading = {
  readonly placement: Placement;
  readonly enough: boolean;
  readonly replicas: readonly number[];
};

/** What is said to another only when the promises that it would break have passed. */
export type Withheld =
  /** That a write is durable here. */
  | { readonly kind: "replicated"; readonly to: Address; readonly record: FileRecord }
  /** What is held here of a name. */
  | {
      readonly kind: "inquired";
      readonly to: Address;
      readonly inquire: Inquire;
    };

/**
 * Whether this owner may answer alone for its part of the circle: all that were acknowledged there it
 * knows, and a quorum has promised to acknowledge no other owner's for a while.
 */
export type Tenure = {
  /** The view's change that all of this is about. */
  epoch: number;
  /** Members that have said, since then, that they have nothing else; by instance. */
  readonly agreed: Set<string>;
  /** The highest counter of this peer's versions at that change: what it has given a version since, it knows. */
  counter: number;
  /** The last time that it asked the others what it lacks. */
  catchUpNonce: number;
  catchUpAskedAt: number;
  /** The last wish for a lease, and who has granted it. */
  leaseNonce: number;
  leaseAskedAt: number;
  readonly granted: Set<string>;
  /** Until when this peer may answer alone. */
  until: number;
};

/** A promise that this peer gave to an owner. */
export type Pledge = {
  readonly owner: Member;
  readonly from: number;
  readonly to: number;
  readonly until: number;
  /** Writes taken in there from others, of which the owner has not said that it knows them; by key. See `isForeign`. */
  readonly foreign: Set<string>;
};

/** Writes that are not here, by name: all that are known of, up to a few. */
export type Wanting = Map<string, Siblings>;

/** The replication's part of a peer. */
export type Replication = {
  /** The highest counter of a version given or seen here. */
  counter: number;
  /** The view has changed since this peer last gave a version. */
  leap: boolean;
  readonly inquiries: Map<RequestId, Inquiry>;
  /** Requests that wait for a look into the working directory. */
  readonly looks: Map<RequestId, Routed>;
  readonly doubts: Map<RequestId, Doubt>;
  readonly placements: Placements;
  /** Reads that may go on, handled within the step. */
  readonly readings: Reading[];
  /** Acknowledgements given of late, for origins that ask again; the oldest go first. */
  readonly acknowledgements: Map<RequestId, Answer>;
  readonly files: FileIndex;
  readonly tenure: Tenure;
  /** Promises given to owners, by their instances. */
  readonly pledges: Map<string, Pledge>;
  /** Word that waits until a promise has passed. */
  readonly withheld: Withheld[];
  /** The view's change after which inquiries were last looked through. */
  inquiredEpoch: number;
  /** Names, with their keys, of which a copy here was damaged, and has not come back. */
  readonly lost: Wanting;
  /** Names that others hold a newer write of than this peer, as it knows: its disk would not take it. */
  readonly knownStale: Wanting;
  /** Per write, the instance ids of members that confirmed it under the version that it has here. */
  readonly confirmed: ByWrite<readonly string[]>;
  /** Writes that a replica may not have confirmed, and when they are to be replicated. */
  readonly unconfirmed: ByWrite<number>;
  /** All names may be such: the view has changed since they were last looked through. */
  rescan: boolean;
  /** Per name, the instance ids of members that cannot keep it; the oldest go first. */
  readonly rejected: Map<string, readonly string[]>;
  /** Names of which this peer has rejected a write; the oldest go first. */
  readonly refusals: Wanting;
  /** Until when this peer's own disk is taken for full. */
  fullUntil: number;
  /** The removals held here. */
  readonly removals: Map<string, WriteId>;
  /** Damaged copies found in this run. */
  damaged: number;
  /** Word of copies held here that nobody waits for, by address. */
  readonly batched: Map<Address, HeldVersion[]>;
  readonly jobs: Jobs;
  /** Copies waiting for a place among the fetches, by write. */
  readonly replicaQueue: ReplicaQueue;
  nextJob: number;
  /** Takers of a content that this peer serves, to say when it has been sent. */
  readonly serving: Set<RequestId>;
};

/** The part of a peer that has not been given its first input. */
export function makeReplication(start: StartInput): Replication {
  return {
    counter: start.files.reduce((highest, { version }) => Math.max(highest, version.counter), 0),
    leap: true,
    inquiries: new Map(),
    looks: new Map(),
    doubts: new Map(),
    placements: new Placements(),
    readings: [],
    acknowledgements: new Map(),
    files: new FileIndex(start.config.bits, start.files),
    tenure: {
      epoch: -1,
      agreed: new Set(),
      counter: 0,
      catchUpNonce: 0,
      catchUpAskedAt: Number.NEGATIVE_INFINITY,
      leaseNonce: 0,
      leaseAskedAt: Number.NEGATIVE_INFINITY,
      granted: new Set(),
      until: Number.NEGATIVE_INFINITY,
    },
    pledges: new Map(),
    withheld: [],
    inquiredEpoch: 0,
    lost: new Map(),
    knownStale: new Map(),
    confirmed: new ByWrite(),
    unconfirmed: new ByWrite(),
    rescan: true,
    rejected: new Map(),
    refusals: new Map(),
    fullUntil: Number.NEGATIVE_INFINITY,
    removals: new Map(start.files.filter((r) => r.removed).map((r) => [writeKey(r), r])),
    damaged: 0,
    batched: new Map(),
    jobs: new Jobs(),
    replicaQueue: new ReplicaQueue(),
    nextJob: 1,
    serving: new Set(),
  };
}

/**
 * A counter that was seen in a message: the next version given here is above it (Lamport, 1978). One that is
 * too far off is passed over, or a single lie would bring all names to the end of their counters; the name
 * that has it is versioned above it all the same, as long as there is an above.
 */
export function witness(replication: Replication, counter: number): void {
  if (counter > replication.counter + COUNTER_JUMP) return;
  replication.counter = Math.max(replication.counter, counter);
}

/** True of a write that a promise keeps back: of all in its part of the circle where there are too many of them. */
export function isForeign({ foreign, from, to }: Pledge, record: FileRecord): boolean {
  if (foreign.size >= FOREIGN_WRITES) return isWithin(record.key, from, to);
  return foreign.size > 0 && foreign.has(writeKey(record));
}

/** The view has changed: what an owner before this one left unacknowledged is to lose to the next version. */
export function leapNext(replication: Replication): void {
  replication.leap = true;
}

/** Any of the files held here may have too few copies. */
export function rescanAll(replication: Replication): void {
  replication.rescan = true;
}

const INQUIRY = fieldsOf<Inquiry>({
  arrival: shared,
  name: shared,
  siblings: shared,
  heard: mapOf(),
  rejected: setOf,
  ahead: mapOf(),
  lost: mapOf(),
  asked: setOf,
  until: shared,
  told: shared,
});

/** How deep this part of a peer changes. */
export const REPLICATION = fieldsOf<Replication>({
  counter: shared,
  leap: shared,
  inquiries: mapOf(INQUIRY),
  looks: mapOf(),
  doubts: mapOf((doubt) => ({ ...doubt })),
  placements: itself,
  readings: listOf,
  acknowledgements: mapOf(),
  files: itself,
  tenure: fieldsOf<Tenure>({
    epoch: shared,
    agreed: setOf,
    counter: shared,
    catchUpNonce: shared,
    catchUpAskedAt: shared,
    leaseNonce: shared,
    leaseAskedAt: shared,
    granted: setOf,
    until: shared,
  }),
  pledges: mapOf((pledge) => ({ ...pledge, foreign: new Set(pledge.foreign) })),
  withheld: listOf,
  inquiredEpoch: shared,
  lost: mapOf(),
  knownStale: mapOf(),
  confirmed: itself,
  unconfirmed: itself,
  rescan: shared,
  rejected: mapOf(),
  refusals: mapOf(),
  fullUntil: shared,
  removals: mapOf(),
  damaged: shared,
  batched: mapOf(listOf),
  jobs: itself,
  replicaQueue: itself,
  nextJob: shared,
  serving: setOf,
});
