/** What a peer knows of the members of its ring, and of the ways to them. */
import { type Absence, type Postponed, startAbsence } from "../model/absence.ts";
import { fieldsOf, itself, listOf, mapOf, setOf, shared } from "../model/copying.ts";
import { DepartedTable } from "../model/departed.ts";
import type { Doubt } from "../model/events.ts";
import { GREETING, type Greeting } from "../model/greeting.ts";
import type { StartInput } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { Channel } from "../model/messages.ts";
import { makeTree, TREE, type Tree } from "../model/tree.ts";
import { type SharedViews, View } from "../model/view.ts";

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
export type ProbeReason =
  /** Own evidence: its silence is its death. */
  | "watch"
  /** Others said it is dead: silence confirms it, an answer refutes. */
  | "suspicion"
  /** Others said it is alive: only an answer is believed. */
  | "unverified"
  /** Nobody knows it, and it said so itself: its silence means nothing. */
  | "stranger"
  /** It holds an id that a joiner, or this very peer, wants: an answer keeps it. */
  | "claimant";

/** How far the silence of a member has come: see machine.ts. */
export type SilencePhase = "waiting" | "probing" | "probing-again" | "last-try";

/** How many connections to it were refused in a row. */
export type RefusalPhase = "unrefused" | "refused-once" | "refused-twice" | "confirming";

/** How a probe ends: by an answer, here or to another; by silence or refusals; or since it is not needed any more. */
export type ProbeEnd = "answered" | "relayed" | "silent" | "refused" | "superseded";

/** Why a member is held for dead on this peer's own evidence. */
export type Death = "lost" | "suspicion" | "refused";

/** What the end of a probe means, by its reason. */
export type Verdict =
  | Death
  /** It is there, as was believed. */
  | "lives"
  /** An awaited member is there, though it does not reach this peer. */
  | "confirmed"
  /** A new member is there; or is not, and whoever believes in it is to hear so. */
  | "believed"
  | "disbelieved"
  /** Nobody else believes in one that only said so itself. */
  | "ignored"
  /** The id that is wanted has its replica; or has none. */
  | "id-taken"
  | "id-free";

/** The course of asking one member until it answers or is given up. Times are on the peer's own clock. */
export type Probe = {
  readonly reason: ProbeReason;
  readonly target: Member;
  readonly startedAt: number;
  silence: SilencePhase;
  refusals: RefusalPhase;
  end: ProbeEnd | null;
  /** When its silence is a verdict. */
  until: number;
  /** Pings of this probe, by nonce, with their times. */
  readonly nonces: Map<number, number>;
  /** So many times it was pinged in vain. */
  missed: number;
  /** When the first of the refusals in a row was. */
  refusedAt: number;
  /** A dial had no answer. */
  timedOut: boolean;
  /** Something that was asked of it has had no answer: see unanswered.ts. */
  unanswered: boolean;
  /** What was last said of it to the readers of events; null where there is no doubt. */
  doubt: Doubt | null;
};

/** A probe that has come to a verdict. `from`: as the member was heard, where it answered. */
export type Judged = { readonly verdict: Verdict; readonly target: Member; readonly from: Member };

/** Dials in a row without success, when the last was, and whether standard error says so. */
export type Streamless = { missed: number; at: number; said: boolean };

/** What this peer knows of the way that datagrams go; see ways.ts. */
export type Datagrams = {
  /** Addresses spoken to by stream: until when, and the datagrams lost to each since. */
  readonly muted: Map<Address, { readonly until: number; missed: number }>;
  /** Nobody answers by datagram: all are spoken to by stream. */
  unansweredByAll: boolean;
  /** When a ping by datagram was last answered by one. */
  answeredAt: number;
  /** When a member was last found alive that had left a ping unanswered: the network loses some. */
  lostAt: number;
  /** Standard error says that they do not come through. */
  said: boolean;
};

/** A member tried on behalf of another, which is told of an answer under its own nonce. */
export type IndirectProbe = {
  readonly asker: Address;
  readonly nonce: number;
  readonly target: Member;
  readonly channel: Channel;
};

/** Something asked by one that is no member here, and since when it waits. */
export type StrangersAsk = {
  readonly came: Postponed;
  readonly since: number;
  readonly entries: number;
};

/** The membership's part of a peer. */
export type Membership = {
  /** The highest incarnation asked to be made durable, and the highest that is. */
  incarnationAsked: number;
  /** The address of this peer's next record, if that is another. */
  movesTo: Address | null;
  view: View;
  /** Counts the changes of the view, and the sleeps and losses after which an owner has to ask again. */
  epoch: number;
  readonly departed: DepartedTable;
  /** The departed member that was tried last. */
  probedDeparted: number;
  /** Those who spread word of this peer's death, to be told that it lives. */
  readonly suspecters: Set<Address>;
  readonly awaited: Map<number, Awaited>;
  readonly probes: Map<number, Probe>;
  /** Those who are only spoken of yet, by instance. */
  readonly greetings: Map<string, Greeting>;
  readonly indirect: Map<number, IndirectProbe>;
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
  readonly tree: Tree;
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
  readonly absence: Absence;
  /** What was asked by those that are no members here, yet. */
  readonly strangers: StrangersAsk[];
  /** Bytes that this disk, and those of others by instance, have room for. */
  room: number;
  readonly rooms: Map<string, number>;
  /** The addresses of lost members that have their time to answer, since this peer started or slept; by id. */
  readonly sought: Map<number, { readonly address: Address; refused: boolean }>;
  soughtUntil: number;
  /** The members that came lately, by instance; `anew`: to this very ring, and from none. */
  readonly arrivals: Map<string, Arrived>;
};

/** The part of a peer that has not been given its first input. */
export function makeMembership(
  start: StartInput,
  self: Member,
  at: number,
  views: SharedViews | null,
): Membership {
  return {
    incarnationAsked: start.incarnation,
    movesTo: null,
    view: View.of([self], views),
    epoch: 0,
    departed: new DepartedTable(),
    probedDeparted: start.id,
    suspecters: new Set(),
    awaited: new Map(),
    probes: new Map(),
    greetings: new Map(),
    indirect: new Map(),
    datagrams: {
      muted: new Map(),
      unansweredByAll: false,
      answeredAt: Number.NEGATIVE_INFINITY,
      lostAt: Number.NEGATIVE_INFINITY,
      said: false,
    },
    streamless: new Map(),
    roundTrips: new Map(),
    roundSent: new Map(),
    roundHeard: new Map(),
    rumours: new Map(),
    joiningRumours: new Map(),
    tree: makeTree(),
    pushedAt: Number.NEGATIVE_INFINITY,
    syncedAt: Number.NEGATIVE_INFINITY,
    settleNonce: 0,
    settleBackoffMs: 0,
    formerAddress: null,
    formerNonce: 0,
    waitingIncarnation: null,
    absence: startAbsence(start, at),
    strangers: [],
    room: Number.MAX_SAFE_INTEGER,
    rooms: new Map(),
    sought: new Map(),
    soughtUntil: Number.NEGATIVE_INFINITY,
    arrivals: new Map(),
  };
}

const PROBE = fieldsOf<Probe>({
  reason: shared,
  target: shared,
  startedAt: shared,
  silence: shared,
  refusals: shared,
  end: shared,
  until: shared,
  nonces: mapOf(),
  missed: shared,
  refusedAt: shared,
  timedOut: shared,
  unanswered: shared,
  doubt: shared,
});

/** How deep this part of a peer changes. */
export const MEMBERSHIP = fieldsOf<Membership>({
  incarnationAsked: shared,
  movesTo: shared,
  view: shared,
  epoch: shared,
  departed: itself,
  probedDeparted: shared,
  suspecters: setOf,
  awaited: mapOf((awaited) => ({ ...awaited })),
  probes: mapOf(PROBE),
  greetings: mapOf(GREETING),
  indirect: mapOf(),
  datagrams: fieldsOf<Datagrams>({
    muted: mapOf((muted) => ({ ...muted })),
    unansweredByAll: shared,
    answeredAt: shared,
    lostAt: shared,
    said: shared,
  }),
  streamless: mapOf((streamless) => ({ ...streamless })),
  roundTrips: mapOf(),
  roundSent: mapOf(),
  roundHeard: mapOf(),
  rumours: mapOf(),
  joiningRumours: mapOf(),
  tree: TREE,
  pushedAt: shared,
  syncedAt: shared,
  settleNonce: shared,
  settleBackoffMs: shared,
  formerAddress: shared,
  formerNonce: shared,
  waitingIncarnation: shared,
  absence: fieldsOf<Absence>({
    late: shared,
    knownUntil: shared,
    forgotten: shared,
    hasOld: shared,
    togetherMs: shared,
    others: mapOf(),
    answered: setOf,
    asked: mapOf(),
    postponed: shared,
  }),
  strangers: listOf,
  room: shared,
  rooms: mapOf(),
  sought: mapOf((sought) => ({ ...sought })),
  soughtUntil: shared,
  arrivals: mapOf(),
});
