/**
 * What is said at a peer's control socket: the types of its answers and of its event stream. Everything here is
 * JSON as it stands; `v` is raised when a reader of the old form would be misled.
 */
import type { CheckResult } from "../checks/ring.ts";
import type { Strategy } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import type { MemberState } from "../protocol/model/member.ts";
import type { SnapshotFiles } from "../protocol/snapshot.ts";
import type { DropRow } from "../transport/drops.ts";
import type { StatusFaults } from "./lab.ts";

/** A peer's word about itself, as `p2p status --json` prints it. */
export type Status = {
  readonly v: 1;
  /** Epoch milliseconds with fractions. */
  readonly at: number;
  /** The base port of a numbered ring, else the number that names the ring. */
  readonly ring: string;
  readonly bits: number;
  readonly route: Strategy;
  readonly pingIntervalMs: number;
  readonly self: StatusSelf;
  /** Left out by peers of versions that know of no lock. */
  readonly lock?: StatusLock | undefined;
  /** Nearest first. */
  readonly successors: readonly number[];
  /** Nearest first. */
  readonly predecessors: readonly number[];
  /** By id, self included. */
  readonly members: readonly StatusMember[];
  /** Of the view, in hexadecimal: equal where two views are. */
  readonly digest: string;
  readonly files: StatusFiles;
  /** What came in and was not taken, or could not be sent, and was dropped, since the start. */
  readonly dropped: { readonly datagrams: number; readonly frames: number };
  /** The same and more, by what it was, why, and from whom: contents broken off, connections turned away. */
  readonly drops: readonly DropRow[];
  readonly rssBytes: number;
  /** What a lab has put into this peer, as long as it is on; left out where nothing is. */
  readonly faults?: StatusFaults | undefined;
  /** One for each key asked about, in that order. */
  readonly lookups: readonly StatusLookup[];
};

/** What keeps strangers out of the ring, and the name of its key, which tells nothing of it. */
export type StatusLock = {
  readonly by: "key" | "user" | "nothing";
  readonly fingerprint: string | null;
};

/** What this peer holds, and whether it is safe; removals left out. */
export type StatusFiles = SnapshotFiles & {
  /** Copies wanted of each file in this ring. */
  readonly copies: number;
  /** False if the data folder was deleted under the peer: what it holds is stored no more. */
  readonly kept: boolean;
  /** Bytes that the disk of the data folder still has free; null where it does not say. */
  readonly freeBytes: number | null;
};

export type StatusSelf = {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly incarnation: number;
};

export type StatusMember = {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  /** 0 for a member named by hand that nobody has heard from yet. */
  readonly incarnation: number;
  readonly state: MemberState;
};

export type StatusLookup = {
  readonly key: number;
  /** Null if nobody answered. */
  readonly owner: number | null;
  readonly hops: number;
  readonly route: readonly number[];
};

/** An event as the log and the control socket's stream have it: what happened, where, when, in which order. */
export type LoggedEvent = {
  readonly v: 1;
  /** Epoch milliseconds with fractions. */
  readonly at: number;
  /** From 1 at each start of the peer, without gaps in the stream; the log may leave events of requests out. */
  readonly seq: number;
  readonly peer: number;
  readonly incarnation: number;
} & PeerEvent;

/** The first line of the event stream: what happens from here on will come. */
export type EventHello = { readonly v: 1; readonly hello: true };
/** The last line of a stream that the peer cut off, and why. */
export type EventCut = { readonly v: 1; readonly cut: string };

/** How the members of a ring see it, as one of them has asked them all. */
export type RingTold = {
  readonly v: 1;
  readonly at: number;
  readonly ring: string;
  readonly bits: number;
  /** Those that answered, by id; the peer itself is among them. */
  readonly peers: readonly RingPeer[];
  /** The views that they have: `view` is a place in this list. */
  readonly views: readonly (readonly RingMember[])[];
  /** Those that did not answer. */
  readonly silent: readonly RingPlace[];
};

export type RingPlace = { readonly id: number; readonly host: string; readonly port: number };
export type RingMember = { readonly id: number; readonly state: MemberState };

/** What a member said of itself. */
export type RingPeer = {
  readonly self: RingPlace & { readonly incarnation: number };
  readonly route: Strategy;
  /** Nearest first. */
  readonly successors: readonly number[];
  /** Nearest first. */
  readonly predecessors: readonly number[];
  readonly view: number;
  /** Members that are in no view: named by hand and not heard from, dead, left. */
  readonly expected: number;
  readonly dead: number;
  readonly left: number;
  /** Of its view, in hexadecimal. */
  readonly digest: string;
  readonly files: SnapshotFiles;
  readonly lookups: readonly StatusLookup[];
};

/** What `p2p status --all --json` prints. */
export type Checks = {
  readonly v: 2;
  readonly at: number;
  /** By id. */
  readonly peers: readonly CheckedPeer[];
  /** Members that did not answer. */
  readonly silent: readonly RingPlace[];
  /** By the check's name: R1, R2 and so on; those that cannot be told are not there. */
  readonly checks: Readonly<Record<string, CheckResult>>;
};

/** A member with those whom it holds for present. */
export type CheckedPeer = Omit<RingPeer, "view"> & { readonly members: readonly RingMember[] };

/** What came of reading every stored copy of a peer back. */
export type ScrubReport = {
  readonly v: 1;
  readonly files: number;
  readonly bytes: number;
  /** `mended`: another holder's copy, or a newer version, has taken its place by now. */
  readonly damaged: readonly { readonly name: string; readonly mended: boolean }[];
  /** Damaged copies that are not named here. */
  readonly more: number;
  readonly ms: number;
};

/** A file that is to be stored is read once before it moves, so that its hash is known. */
export type Doing = "reading" | "moving";

/** How far a file is on its way in or out of a peer; null where it does not move, or nobody knows. */
export type Progress = {
  readonly v: 1;
  readonly bytes: number | null;
  readonly size: number | null;
  readonly doing: Doing | null;
};

/** What went wrong at the control socket. */
export type ControlErrorKind =
  /** The request itself is wrong. */
  | "bad-request"
  /** There is no such route, or no such file in the ring. */
  | "not-found"
  /** Too many are at it already. */
  | "busy"
  /** The peer cannot get at the file that was named: its bytes must be sent. */
  | "elsewhere"
  /** A store or a removal was not executed, and will not be. */
  | "refused"
  /** A store or a removal is not confirmed, and may still take effect. */
  | "unconfirmed"
  /** The peer tried and could not. Of a store or a removal nothing is known. */
  | "failed";

/** The body of every answer that is an error. `maybe`: what was asked may still take effect. */
export type ControlError = {
  readonly error: string;
  readonly kind: ControlErrorKind;
  readonly maybe?: boolean;
};

/** What `p2p health --json` prints. */
export type Health = {
  readonly v: 1;
  readonly at: number;
  /** Null where it could not be told. */
  readonly healthy: boolean | null;
  /** A sentence for each thing that is wrong. */
  readonly problems: readonly string[];
  /** Members that answered. */
  readonly peers: number;
};

/** The time of all that is said here: the system's at the process's start, monotonic from there. Epoch milliseconds with fractions. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}

/** The header of a file's content that carries where it came from, as the JSON of `ContentFrom`. */
export const CONTENT_HEADER = "x-p2p-content";

/** The header of an upload that says how many bytes will come, where it is a stream. */
export const SIZE_HEADER = "x-p2p-size";

/** What comes with a file's content. */
export type ContentFrom = {
  readonly size: number;
  readonly sha256: string;
  /** The peer that sent it. */
  readonly from: number;
  readonly route: readonly number[];
};
