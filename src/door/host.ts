/** What a peer's daemon does for its door. */
import type { Outcome } from "../protocol/events.ts";
import type { LoggedEvent, Progress, ScrubReport, Status } from "./types.ts";

/** A content at the door, whole: in memory, or in a temporary file, which whoever takes it removes. */
export type Spooled =
  | { readonly bytes: Uint8Array }
  | { readonly path: string; readonly size: number };

export type DoorHost = {
  /** @param lookups keys, each looked up through the ring for this status */
  status(lookups: readonly number[]): Promise<Status>;
  /** Gives every event from now on; the function returned ends that. */
  subscribe(listener: (event: LoggedEvent) => void): () => void;
  /** As if the line had been typed at the peer's terminal. */
  type(line: string): void;
  store(name: string, upload: Spooled): Promise<Outcome>;
  /** The content is given with the outcome "received" only. */
  request(name: string): Promise<{ outcome: Outcome; content: Spooled | null }>;
  remove(name: string): Promise<Outcome>;
  where(name: string): Promise<Outcome>;
  list(): Promise<Outcome>;
  /** Reads every stored copy back, at once. */
  scrub(): Promise<ScrubReport>;
  /** How far a file is on its way between this peer and others. */
  progress(name: string): Progress;
  /** An existing folder for uploads, on the disk of the data folder. */
  readonly spoolDir: string;
};
