/** What a peer's daemon does for its control socket. */
import type { Outcome } from "../protocol/model/events.ts";
import type { LabFaults } from "./lab.ts";
import type { LoggedEvent, Progress, RingTold, ScrubReport, Status } from "./types.ts";

/** A content at the control socket, whole: in memory, or in a temporary file, which whoever takes it removes. */
export type Spooled =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly path: string; readonly size: number };

/** The same of what came in at the control socket; of a file its hash is known by then. */
export type Uploaded =
  | { readonly bytes: Uint8Array }
  | { readonly path: string; readonly size: number; readonly sha256: string };

/** A file or folder that a command named by its absolute path, and its mark (`markOf`) as the command sees it. */
export type Named = { readonly path: string; readonly mark: string };

/** Where a command wants a content. */
export type Into = {
  /** The new file to be made. */
  readonly path: string;
  /** Of the folder in which it is to be. */
  readonly mark: string;
  /** What the person calls the destination, for sentences. */
  readonly as: string;
};

export type ControlHost = {
  /** @param lookups keys, each looked up through the ring for this status */
  status(lookups: readonly number[]): Promise<Status>;
  /** Asks all members how they see the ring. @param lookups keys that each looks up; none for some of the ring's own */
  ring(lookups: readonly number[]): Promise<RingTold>;
  /** Gives every event from now on; the function returned ends that. */
  subscribe(listener: (event: LoggedEvent) => void): () => void;
  /** As if the line had been typed at the peer's terminal. */
  type(line: string): void;
  /** @param require durable copies without which it is not acknowledged; 0 for a majority */
  store(name: string, upload: Uploaded, require: number): Promise<Outcome>;
  /** Stores a file as it is now, from where it is, or not at all. @returns null where this peer cannot open that very file */
  storeFile(name: string, file: Named, require: number): Promise<Outcome | null>;
  /**
   * The content is given with the outcome "received" only.
   * @param into a file to be made, for its user alone, for all but small contents. It is the path of the
   *   content given, unless this peer cannot make it: then the content is elsewhere, as without it.
   * @param aborted fires when nobody wants the content any more: what there is of it then goes. It is asked for
   *   where a content is large, or late: to make one takes longer than a small content does
   */
  request(
    name: string,
    into: Into | null,
    aborted: () => AbortSignal,
  ): Promise<{ outcome: Outcome; content: Spooled | null }>;
  /** @param require as for a store */
  remove(name: string, require: number): Promise<Outcome>;
  where(name: string): Promise<Outcome>;
  list(): Promise<Outcome>;
  /** Reads every stored copy back, at once. */
  scrub(): Promise<ScrubReport>;
  /**
   * Does what a lab asks for.
   * @returns false where no lab has started this peer, or another one than asks
   */
  inject(token: string | null, faults: LabFaults): boolean;
  /**
   * Writes an invite.
   * @param lastsMs how long it holds
   * @param once it can be used once
   * @throws Failure in a ring that has no key of its own
   */
  invite(lastsMs: number, once: boolean): Promise<string>;
  /**
   * Changes the ring's key.
   * @param without ids of members that do not get the next one
   * @param endsMs for so long the former is still taken
   * @returns ids of members that do not have the next one yet
   * @throws Failure in a ring that has no key of its own
   */
  rotate(without: readonly number[], endsMs: number): Promise<readonly number[]>;
  /** How far a file is on its way between this peer and others. */
  progress(name: string): Progress;
  /** An existing folder for uploads, on the disk of the data folder. */
  readonly spoolDir: string;
};
