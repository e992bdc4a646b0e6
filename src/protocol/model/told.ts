/** What a member tells of the ring as it sees it, for the checks of a whole ring. */
import type { Strategy } from "./config.ts";
import type { MemberState } from "./member.ts";

/** What a peer holds, removals left out. */
export type SnapshotFiles = {
  readonly count: number;
  readonly bytes: number;
  /** Files, but for what has just come, with fewer durable copies than are wanted, or than there are members. */
  readonly short: number;
  /** Copies of the file that has the fewest; 0 where there is none. */
  readonly least: number;
  /**
   * True if this peer may go for good at once: of each file that it holds as many others as are wanted
   * but for one, and one at least, have confirmed their copies.
   */
  readonly safe: boolean;
  /** Damaged copies found in this run. */
  readonly damaged: number;
  /** Bytes of files that its disk has room for. */
  readonly room: number;
};

/** "How do you see the ring?" */
export type StatusAsk = {
  readonly tag: "status-ask";
  readonly request: number;
  /** Of the asker's view: one that is the same need not be told. */
  readonly digest: number;
};

/** The answer: the sender's neighbours, its view, and what it holds. */
export type StatusTold = {
  readonly tag: "status-told";
  readonly request: number;
  readonly strategy: Strategy;
  /** Two at most, nearest first. */
  readonly successors: readonly number[];
  readonly predecessors: readonly number[];
  /** Of its view. */
  readonly digest: number;
  /** Its present members but for the expected ones; null where the digest is the asker's. */
  readonly present: readonly PresentMember[] | null;
  /** Members that are in no view: named by hand and not heard from, dead, left. */
  readonly expected: number;
  readonly dead: number;
  readonly left: number;
  readonly files: SnapshotFiles;
};

/** A member that the sender holds for present: alive or leaving. */
export type PresentMember = { readonly id: number; readonly state: MemberState };

/** The question and its answer. */
export type StatusMessage = StatusAsk | StatusTold;
