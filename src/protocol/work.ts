/** What a peer is in the middle of: requests, joins, departures and contents that have not ended. */
import type { ListedFile } from "./events.ts";
import type { FileRecord } from "./files.ts";
import type { Body } from "./io.ts";
import type { Address, Member } from "./member.ts";
import type { Ask, Offer, RequestId, Routed } from "./messages.ts";
import type { StatusTold } from "./told.ts";
import type { View } from "./view.ts";

/** A request of this peer's own that has not ended. */
export type Pending = {
  readonly command: number;
  readonly ask: Ask;
  /** The content of a store, if it is small. */
  readonly body: Body | null;
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
export type Hop = {
  readonly routed: Routed;
  readonly body: Body | null;
  readonly tried: number[];
  to: Member;
};

/** What this peer, as an owner, does about a name it was asked for. */
export type Inquiry = {
  readonly routed: Routed;
  readonly body: Body | null;
  /** The request has not been here before. */
  readonly first: boolean;
  readonly name: string;
  /** Those who have not answered; and how many have. */
  readonly asked: Set<number>;
  answers: number;
  /** The newest version, and all who hold it. */
  best: { readonly record: FileRecord; readonly holders: Member[] } | null;
};

/** A store or a removal that this peer owns, until its receipt is given. */
export type Placement = {
  readonly request: RequestId;
  readonly origin: { readonly id: number; readonly address: Address };
  readonly route: readonly number[];
  /** Its hash is unknown as long as only the origin has seen the content. */
  record: FileRecord;
  readonly body: Body | null;
  /** Where it is durable, by birth. */
  readonly durable: Set<string>;
};

export type Listing = {
  readonly command: number;
  readonly silent: Set<number>;
  readonly found: Map<string, ListedFile>;
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

/** Which other holders have said, since the view last changed, that this owner lacks nothing. */
export type Settling = {
  /** The view's change that all of this is about. */
  epoch: number;
  settled: boolean;
  nonce: number;
  askedAt: number;
  /** The highest counter of this peer's stamps at that change: of what it stamps since, it knows. */
  counter: number;
  readonly agreed: Set<string>;
};

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
