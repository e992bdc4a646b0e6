/** The requests that a peer has been given, and those that come by. */
import { fieldsOf, itself, listOf, mapOf, nullOr, setOf, shared } from "../model/copying.ts";
import type { WriteId } from "../model/files.ts";
import type { Arrival, Body } from "../model/io.ts";
import { JournaledMap } from "../model/journaled.ts";
import type { Member } from "../model/member.ts";
import type { Ask, RequestId } from "../model/messages.ts";
import type { Siblings } from "../model/siblings.ts";
import type { StatusTold } from "../model/told.ts";
import type { View } from "../model/view.ts";

/** A request of this peer's own that has not ended. */
export type Pending = {
  readonly command: number;
  readonly ask: Exclude<Ask, { kind: "join" }>;
  /** The content of a store, if it is small. */
  readonly body: Body | null;
  readonly startedAt: number;
  /** False of a store or a removal that waits for one of the same name: an origin has one at a time. */
  begun: boolean;
  /** When it was last sent, and when it is sent again. */
  sentAt: number;
  againAt: number;
  /** Who has taken it over, and has not answered it. */
  handed: Member | null;
  /** Since when a person waits for it, but for the time in which a content was moving. */
  waitsFrom: number;
  /** The last sign that someone works on it. */
  progressAt: number;
  /** Too few have answered, by the last word of it. */
  unavailable: { readonly answered: number; readonly needed: number } | null;
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
    readonly write: WriteId;
    readonly size: number;
    readonly replicas: number[];
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

/** The members' word of what they hold, as it comes in. */
export type Listing = {
  readonly command: number;
  /** Those who have not said all, and the last name that each has told of. */
  readonly silent: Map<number, string | null>;
  readonly found: Map<string, Siblings>;
  /** By write key. */
  readonly replicas: Map<string, number[]>;
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

/** The requests' part of a peer. */
export type Requests = {
  /** The number of this peer's last operation; and of its last on each name, the oldest go first. */
  operations: number;
  readonly lastOn: JournaledMap<string, number>;
  readonly hops: Map<RequestId, Hop>;
  /** Requests seen of late, so that a retry prints nothing twice; the oldest go first. */
  readonly seen: Set<RequestId>;
  readonly pending: Map<RequestId, Pending>;
  /** The stores and removals among them, by name, in their order: an origin has one at a time. */
  readonly writes: Map<string, readonly RequestId[]>;
  readonly listings: Map<RequestId, Listing>;
  readonly surveys: Map<RequestId, Survey>;
};

/** The part of a peer that has not been given its first input. */
export function makeRequests(): Requests {
  return {
    operations: 0,
    lastOn: new JournaledMap(),
    hops: new Map(),
    seen: new Set(),
    pending: new Map(),
    writes: new Map(),
    listings: new Map(),
    surveys: new Map(),
  };
}

const PENDING = fieldsOf<Pending>({
  command: shared,
  ask: shared,
  body: shared,
  startedAt: shared,
  begun: shared,
  sentAt: shared,
  againAt: shared,
  handed: shared,
  waitsFrom: shared,
  progressAt: shared,
  unavailable: shared,
  tries: shared,
  out: shared,
  lost: shared,
  failures: shared,
  moving: shared,
  server: shared,
  confirmed: shared,
  sources: nullOr((sources) => ({ ...sources, replicas: [...sources.replicas] })),
  route: shared,
});

const SURVEY = fieldsOf<Survey>({
  command: shared,
  view: shared,
  startedAt: shared,
  silent: mapOf(),
  told: mapOf(),
  lookups: mapOf((lookup) => ({ ...lookup })),
  heard: shared,
  quiet: shared,
});

/** How deep this part of a peer changes. */
export const REQUESTS = fieldsOf<Requests>({
  operations: shared,
  lastOn: itself,
  hops: mapOf((hop) => ({ ...hop, tried: [...hop.tried] })),
  seen: setOf,
  pending: mapOf(PENDING),
  writes: mapOf(),
  listings: mapOf((listing) => ({
    command: listing.command,
    silent: new Map(listing.silent),
    found: new Map(listing.found),
    replicas: mapOf<string, number[]>(listOf)(listing.replicas),
  })),
  surveys: mapOf(SURVEY),
});
