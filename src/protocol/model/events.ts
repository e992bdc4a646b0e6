/**
 * All that happens at a peer, as typed values. The transcript, the log, the live view and the checks
 * are readers of this one stream; none of them is called by the protocol.
 */
import type { FileRecord } from "./files.ts";
import type { Address, Member, MemberState } from "./member.ts";
import type { RequestId } from "./messages.ts";
import type { PresentMember, StatusTold } from "./told.ts";

/** Why a member's record changed. */
export type Why =
  /** Its port refuses: nobody listens there. */
  | "refused"
  /** It did not answer, nor to others. */
  | "lost"
  /** Others said so, and it did not refute. */
  | "suspicion"
  | "joined"
  | "left"
  | "returned"
  | "heard"
  | "replaced";

/** What has come of trying a member that may be dead. */
export type Doubt =
  /** Its port refused a connection: it is tried again at once. */
  | "refused"
  /** Pings to it have no answer. */
  | "silent"
  /** The same, and others are asked to try. */
  | "asking"
  /** Others say that it is dead. */
  | "word"
  /** It has answered, here or to one that was asked. */
  | "answered";

/** Something that happened at a peer. */
export type PeerEvent =
  /**
   * A line of the transcript, for standard output. `fold`: of a ping, which a short view leaves out. `request`: of
   * a request that is made or served here, of which there may be thousands a second.
   */
  | {
      readonly event: "line";
      readonly text: string;
      readonly fold: boolean;
      readonly request?: true;
    }
  /** A sentence for a person, for standard error. */
  | { readonly event: "note"; readonly text: string }
  /** Dealing with a message threw, which must not be: it is dropped, and nothing of it was kept. */
  | {
      readonly event: "thrown";
      readonly tag: string;
      readonly from: Address;
      readonly why: string;
      readonly stack: string;
    }
  /** Something threw that must not: the peer ends. A sentence for a person, and where it was. */
  | { readonly event: "crash"; readonly text: string; readonly stack: string }
  | {
      readonly event: "member";
      readonly id: number;
      /** The member's own; a logged event's `incarnation` is that of the peer which reports it. */
      readonly memberIncarnation: number;
      readonly state: MemberState;
      readonly why: Why;
    }
  /** A member is in doubt here, or is no more. `asked`: the others that are to try it, too. */
  | {
      readonly event: "probe";
      readonly id: number;
      readonly doubt: Doubt;
      readonly asked: readonly number[];
    }
  /** Nearest first. */
  | {
      readonly event: "successors";
      readonly successors: readonly number[];
      readonly predecessors: readonly number[];
    }
  /** The peer takes part in the ring from here on. */
  | { readonly event: "joined"; readonly id: number }
  /** This very process stood still, for at most so many milliseconds. */
  | { readonly event: "woke"; readonly ms: number }
  /** A content moved, or failed to. `ms` is its duration. */
  | {
      readonly event: "transfer";
      readonly file: string;
      readonly size: number;
      readonly sha256: string | null;
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
      readonly ms: number;
      readonly outcome: string;
    }
  /** A copy that belongs to others now, who have confirmed theirs, or a removal that is old enough, is gone from here. */
  | { readonly event: "dropped"; readonly file: string }
  /** The way that a request of this peer took. */
  | {
      readonly event: "route";
      readonly what: string;
      readonly route: readonly number[];
      readonly ms: number;
    }
  /** Events of requests that the log leaves out, since there were too many: so many in so long. */
  | { readonly event: "omitted"; readonly events: number; readonly ms: number }
  /** How a command given to this peer ended. */
  | { readonly event: "outcome"; readonly command: number; readonly outcome: Outcome };

/** How a command ended. Members and owners are ids; `route` has the ids that it passed, the origin first. */
export type Outcome =
  /** Or removed, where the record says so. */
  | {
      readonly kind: "stored";
      readonly record: FileRecord;
      readonly replicas: readonly number[];
      readonly wanted: number;
      /** Members that should have a copy and have not confirmed one. */
      readonly withoutReplica: readonly number[];
      readonly route: readonly number[];
    }
  /** Placed on its owner, but the origin had no content to give. */
  | { readonly kind: "placed"; readonly owner: number; readonly route: readonly number[] }
  /** The content has arrived, whole, where the command wanted it. */
  | {
      readonly kind: "received";
      readonly request: RequestId;
      readonly from: number;
      readonly size: number;
      readonly sha256: string;
      readonly route: readonly number[];
    }
  | { readonly kind: "missing"; readonly owner: number; readonly route: readonly number[] }
  /** What the replicas have of a name; `record` is null if none has any, or it was removed. */
  | {
      readonly kind: "where";
      readonly owner: number;
      readonly record: FileRecord | null;
      readonly replicas: readonly number[];
      readonly wanted: number;
      readonly route: readonly number[];
    }
  | {
      readonly kind: "owner";
      readonly key: number;
      readonly owner: number;
      readonly route: readonly number[];
    }
  | { readonly kind: "listed"; readonly files: readonly ListedFile[]; readonly silent: number }
  /** How the members see the ring, by id; and those who did not say. */
  | {
      readonly kind: "surveyed";
      readonly members: readonly SurveyedMember[];
      readonly silent: readonly Member[];
    }
  /** `maybe`: a store or a removal that may still take effect; else it has none, and will have none. */
  | { readonly kind: "failed"; readonly why: string; readonly maybe: boolean };

/** What a member said of the ring. */
export type SurveyedMember = Omit<StatusTold, "tag" | "request" | "present"> & {
  readonly member: Member;
  /** Those whom it holds for present. Members that have one view share one list. */
  readonly present: readonly PresentMember[];
  readonly lookups: readonly SurveyedLookup[];
};

/** What a member found for a key: `route` begins with itself; `owner` is null if nobody answered. */
export type SurveyedLookup = {
  readonly key: number;
  readonly owner: number | null;
  readonly route: readonly number[];
};

/** A file of the ring and the peers that said they hold it. A conflict is named as one. */
export type ListedFile = { readonly record: FileRecord; readonly replicas: readonly number[] };
