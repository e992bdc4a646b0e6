/** What a peer's daemon does for its door. */
import type { Outcome } from "../protocol/events.ts";
import type { LoggedEvent, Status } from "./types.ts";

export type DoorHost = {
  /** @param lookups keys, each looked up through the ring for this status */
  status(lookups: readonly number[]): Promise<Status>;
  /** Gives every event from now on; the function returned ends that. */
  subscribe(listener: (event: LoggedEvent) => void): () => void;
  /** As if the line had been typed at the peer's terminal. */
  type(line: string): void;
  /** The upload is a spooled file that the door made; the host removes it when it is done with it. */
  store(name: string, upload: { path: string; size: number }): Promise<Outcome>;
  /** The content's path is a temporary file, which the door streams and then removes. */
  request(name: string): Promise<{
    outcome: Outcome;
    content: { size: number; sha256: string; path: string } | null;
  }>;
  list(): Promise<Outcome>;
  /** An existing folder for uploads, on the disk of the data folder. */
  readonly spoolDir: string;
};
