/** What a peer is in the middle of: requests, joins, departures and contents that have not ended. */
import type { Postponed } from "./model/absence.ts";
import type { ByVersion } from "./model/by-version.ts";
import type { FileRecord, HeldVersion, VersionId } from "./model/files.ts";
import type { Arrival, Body, RequestCommand } from "./model/io.ts";
import type { Address, Member } from "./model/member.ts";
import type { Ask, Inquired, Offer, RequestId, Standing } from "./model/messages.ts";
import type { StatusTold } from "./model/told.ts";
import type { Versions } from "./model/versions.ts";
import type { View } from "./model/view.ts";

/** A request of this peer's own that has not ended. */
export type Pending = {
  readonly command: number;
  readonly ask: Exclude<Ask, { kind: "join" }>;
  /** The content of a store, if it is small. */
  readonly body: Body | null;
  readonly startedAt: number;
  /** False of a store or a removal that waits for one of the same name: an origin has one at a time. */
  begun: boolean;
  /** When it was last sent. */
  sentAt: number;
  /** The last sign that someone works on it. */
  progressAt: number;
  /** Since when too few have answered; null if enough have, or it was not said. */
  unavailableSince: number | null;
  /** How often it was sent. */
  tries: number;
  /** A copy of it is out that has not been refused; and one was that nobody has refused: it may be executed. */
  out: boolean;
  lost: boolean;
  /** How often a content has failed on its way. */
  failures: number;
  /** A content is moving, so silence means nothing. */
  moving: boolean;
  /** The peer that answered last. */
  server: number | null;
  /** The one that was told that this peer still waits: no other's refusal counts. */
  confirmed: number | null;
  /** Where else the content that was found may be had. */
  sources: {
    readonly version: VersionId;
    readonly size: number;
    readonly holders: number[];
  } | null;
  route: readonly number[];
};

/** A request that this peer passed on and whose hop is not acknowledged yet. */
export type Hop = {
  readonly arrival: Arrival;
  readonly tried: number[];
  readonly to: Member;
  /** Until when the copy sent there may be executed. */
  readonly validUntil: number;
};

/** What this peer asks about a name before it deals with a request: of a quorum of those that may hold it. */
export type Inquiry = {
  arrival: Arrival;
  readonly name: string;
  /** All versions that were told of. */
  versions: Versions;
  /** Who has said what it holds, by birth; and who of them has declined a version. */
  readonly heard: Map<string, { readonly member: Member; readonly versions: Versions }>;
  readonly declined: Set<string>;
  /** Word of members, by birth, that know of others which this peer knows nothing of yet. */
  readonly ahead: Map<string, { readonly from: Member; readonly told: Inquired }>;
  /** What was lost of it, by the births of those that have: what they say is not all that they acknowledged. */
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

export type Listing = {
  readonly command: number;
  readonly silent: Set<number>;
  readonly found: Map<string, Versions>;
  /** By version key. */
  readonly holders: Map<string, number[]>;
};

/** The members' word of how they see the ring, as it comes in. */
export type Survey = {
  readonly command: number;
  /** This peer's, as it was at the beginning: what is the same is not told. */
  readonly view: View;
  readonly startedAt: number;
  /** Those who have not answered, by id; and what the others said. */
  readonly silent: Map<number, Member>;
  readonly told: Map<number, { readonly from: Member; readonly told: StatusTold }>;
  readonly lookups: Map<RequestId, SurveyLookup>;
  /** Something has come since the last wait began; and waits in a row in which nothing did. */
  heard: boolean;
  quiet: number;
};

/** A key that a member looks up for a survey. */
export type SurveyLookup = {
  readonly by: Member;
  readonly key: number;
  found: { readonly owner: number; readonly route: readonly number[] } | null;
};

export type FetchJob =
  | { readonly kind: "deliver"; readonly request: RequestId }
  | { readonly kind: "placement"; readonly request: RequestId; readonly record: FileRecord }
  | { readonly kind: "copy"; readonly record: FileRecord; readonly from: Member };

/** A copy that waits for its turn to be fetched. */
export type QueuedCopy = {
  readonly record: FileRecord;
  readonly from: Member;
  /** The origin of the store, where the one who offers has no copy itself. */
  readonly origin: Offer["origin"];
};

/**
 * Whether this owner may answer alone for its part of the circle: all that were acknowledged there it
 * knows, and a quorum has promised to acknowledge no other owner's for a while.
 */
export type Tenure = {
  /** The view's change that all of this is about. */
  epoch: number;
  /** Members that have said, since then, that they have nothing else; by birth. */
  readonly agreed: Set<string>;
  /** The highest counter of this peer's stamps at that change: of what it stamps since, it knows. */
  counter: number;
  /** The last comparison with them. */
  compareNonce: number;
  comparedAt: number;
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
  /** Versions taken in there from others, of which the owner has not said that it knows them; by key. */
  readonly foreign: Set<string>;
};

/** A joiner's way into the ring. */
export type Joining = {
  readonly contact: Address;
  readonly contactName: string;
  readonly proposed: boolean;
  readonly startedAt: number;
  request: RequestId;
  unanswered: number;
  acceptance: {
    readonly incarnation: number;
    readonly members: readonly Member[];
    readonly standing: Standing;
    readonly acceptor: Member;
  } | null;
};

/** The way back of a peer that left in good order: those who may take it in. */
export type Returning = {
  /** Former members that have said nothing yet, by address. */
  readonly silent: Map<Address, Member>;
  /** All births known then: one of them that is in the ring says that the ring has gone on. */
  readonly births: ReadonlySet<string>;
  readonly until: number;
  retryMs: number;
  /** Those in the ring that were started anew since. */
  readonly restarted: Member[];
  /** What is asked of this peer meanwhile, and waits. */
  readonly commands: { readonly command: number; readonly what: RequestCommand }[];
};

/** The one joiner that is let into this peer's gap at a time. */
export type Lock = {
  readonly request: RequestId;
  readonly joiner: Member;
  /** Its predecessor knows, so the joiner may be told. */
  told: boolean;
};

/** The last steps of a leaver. */
export type Departing = {
  readonly request: RequestId;
  /** Whose word it waits for. */
  readonly waiting: Set<number>;
  /** What it held when it said that it goes. */
  readonly kept: ByVersion<true>;
};

/** Versions that are not here, by name: all that are known of, up to a few. */
export type Wanting = Map<string, Versions>;

/** Something asked by one that is no member here, and since when it waits. */
export type StrangersAsk = { readonly came: Postponed; readonly since: number };
