/** The whole state of one peer's protocol, and the few verbs by which its parts speak to the driver. */
import { REQUESTS_REMEMBERED, type RingConfig } from "./config.ts";
import { Deadlines } from "./deadlines.ts";
import type { ListedFile, PeerEvent } from "./events.ts";
import type { FileRecord } from "./files.ts";
import type { Effect, StartInput } from "./io.ts";
import { type Address, type Member, makeMember } from "./member.ts";
import type { Answer, Ask, Channel, Message, RequestId, Routed } from "./messages.ts";
import { makeRandom, type Random } from "./random.ts";
import { View } from "./view.ts";

/** `starting`: its incarnation is not durable yet. `joining`: it has asked to be taken in. */
export type Phase = "starting" | "joining" | "in" | "leaving" | "ended";

/** A member that is known to have gone, kept to refuse stale word of its life and to try it now and then. */
export type Gone = { readonly member: Member; readonly since: number; triedAt: number };

/** A present member that has not answered in this run yet. */
export type Awaited = {
  readonly since: number;
  /** When it is given up: infinity for one named by hand. */
  until: number;
  retryMs: number;
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
  /** Pings of this trial, by nonce, with their times. */
  readonly nonces: Map<number, number>;
  sent: number;
  lastTry: boolean;
};

/** A member tried on behalf of another, which is told of an answer under its own nonce. */
export type Vouching = { readonly asker: Address; readonly nonce: number; readonly target: Member };

/** A request of this peer's own that has not ended. */
export type Pending = {
  readonly command: number;
  readonly ask: Ask;
  readonly startedAt: number;
  /** The last sign that someone works on it. */
  progressAt: number;
  /** How often a content has failed on its way. */
  failures: number;
  /** A content is moving, so silence means nothing. */
  moving: boolean;
  /** The peer that answered last. */
  server: number | null;
  route: readonly number[];
};

/** A request that this peer passed on and whose hop is not acknowledged yet. */
export type Hop = { readonly routed: Routed; readonly tried: number[]; to: Member };

/** What this peer, as an owner, does about a name it was asked for. */
export type Inquiry = {
  readonly routed: Routed;
  readonly name: string;
  readonly asked: Set<number>;
  best: { readonly record: FileRecord; readonly holder: Member } | null;
};

/** A store that this peer owns, until its receipt is given. */
export type Placement = {
  readonly request: RequestId;
  readonly origin: Address;
  readonly route: readonly number[];
  readonly name: string;
  /** Null until the content is durable here. */
  record: FileRecord | null;
};

export type Listing = {
  readonly command: number;
  readonly silent: Set<number>;
  readonly found: Map<string, ListedFile>;
};

export type FetchJob =
  | { readonly kind: "deliver"; readonly request: RequestId }
  | { readonly kind: "placement"; readonly request: RequestId; readonly record: FileRecord }
  | { readonly kind: "copy"; readonly record: FileRecord; readonly from: Member };

/** A joiner's way into the ring. */
export type Joining = {
  readonly contact: Address;
  readonly contactName: string;
  readonly proposed: boolean;
  readonly startedAt: number;
  request: RequestId;
  unanswered: number;
  acceptance: { incarnation: number; members: readonly Member[]; acceptor: Address } | null;
};

/** The one joiner that is let into this peer's gap at a time. */
export type Lock = {
  readonly request: RequestId;
  readonly joiner: Member;
  /** Its predecessor knows, so the joiner may be told. */
  told: boolean;
};

/** The last steps of a leaver: whose word it waits for, and which names are short of copies. */
export type Departing = {
  readonly request: RequestId;
  readonly waiting: Set<number>;
  readonly short: readonly string[];
};

export type Peer = {
  readonly config: RingConfig;
  readonly start: StartInput;
  readonly random: Random;
  readonly deadlines: Deadlines;
  now: number;
  phase: Phase;
  self: Member;
  /** The highest incarnation asked to be made durable, and the highest that is. */
  incarnationAsked: number;
  /** The highest counter of a stamp given or seen here. */
  counter: number;
  view: View;
  /** Something that readers or the driver are told of at the end of a step may have changed. */
  changed: boolean;
  viewSaved: boolean;
  readonly gone: Map<number, Gone>;
  readonly awaited: Map<number, Awaited>;
  readonly trials: Map<number, Trial>;
  readonly vouching: Map<number, Vouching>;
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
  joining: Joining | null;
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
  readonly placements: Map<RequestId, Placement>;
  /** Receipts given of late, for origins that ask again; the oldest go first. */
  readonly receipts: Map<RequestId, Answer>;
  readonly listings: Map<RequestId, Listing>;
  readonly files: Map<string, FileRecord>;
  /** Per name, the births of members that confirmed the version held here. */
  readonly confirmed: Map<string, Set<string>>;
  readonly jobs: Map<number, FetchJob>;
  /** Copies waiting for a place among the fetches, by name. */
  readonly copyQueue: Map<string, { readonly record: FileRecord; readonly from: Member }>;
  nextJob: number;
  /** Takers of a content that this peer serves, to say when it has been sent. */
  readonly serving: Set<RequestId>;
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

/** A peer that has not been given its start's effects yet. */
export function createPeer(start: StartInput, at: number): Peer {
  const { id, address, birth, incarnation } = start;
  const self = makeMember({ id, address, birth, incarnation: 0, state: "alive" });
  return {
    config: start.config,
    start,
    random: makeRandom(start.seed),
    deadlines: new Deadlines(),
    now: at,
    phase: "starting",
    self,
    incarnationAsked: incarnation,
    counter: start.files.reduce((highest, { stamp }) => Math.max(highest, stamp.counter), 0),
    view: View.empty.with(self),
    changed: true,
    viewSaved: true,
    gone: new Map(),
    awaited: new Map(),
    trials: new Map(),
    vouching: new Map(),
    roundTrips: new Map(),
    roundSent: new Map(),
    roundHeard: new Map(),
    rumours: new Map(),
    joiningRumours: new Map(),
    pushedAt: Number.NEGATIVE_INFINITY,
    syncedAt: Number.NEGATIVE_INFINITY,
    settleNonce: 0,
    settleBackoffMs: 0,
    joining: null,
    lock: null,
    contested: new Map(),
    hops: new Map(),
    seen: new Set(),
    pending: new Map(),
    inquiries: new Map(),
    looks: new Map(),
    placements: new Map(),
    receipts: new Map(),
    listings: new Map(),
    files: new Map(start.files.map((record) => [record.name, record])),
    confirmed: new Map(),
    jobs: new Map(),
    copyQueue: new Map(),
    nextJob: 1,
    serving: new Set(),
    departing: null,
    cause: null,
    loopback: [],
    effects: [],
    watched: "",
    reported: { pair: [id, id], neighbours: [] },
  };
}

export function send(peer: Peer, to: Address, channel: Channel, message: Message): void {
  if (to === peer.self.address) peer.loopback.push(message);
  else peer.effects.push({ type: "send", to, channel, message });
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
  boundTable(peer.seen, REQUESTS_REMEMBERED);
  return true;
}

/** Drops the oldest entries of a set or a map above `limit`. */
export function boundTable<K>(
  table: { readonly size: number; keys(): Iterable<K>; delete(key: K): boolean },
  limit: number,
): void {
  for (const key of table.keys()) {
    if (table.size <= limit) return;
    table.delete(key);
  }
}
