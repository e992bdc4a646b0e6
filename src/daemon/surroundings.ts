/**
 * What a peer has of the process that it runs in. As a rule that is its own. In a large ring several peers share
 * one, and then what is everybody's is touched by none of them: signals, standard streams, the end of the process.
 */
import type { SharedViews } from "../protocol/model/view.ts";
import { LineWriter } from "./lines.ts";

/** Takes lines of one kind: those of the transcript, or all else that is said. */
export type Lines = {
  /** @param fold it may be left out when many wait */
  write(text: string, fold: boolean): void;
  flush(): void;
};

export type Surroundings = {
  /** What the process was started with; of one that is shared, what this peer was. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @param lost called for each write that failed, with the system's code */
  transcript(lost: (code: string) => void): Lines;
  notes(): Lines;
  /** Those that know the same share one table; null for a peer by itself. */
  readonly views: SharedViews | null;
  /** How many share the process, its descriptors and its memory, at most. */
  readonly peers: number;
  /** Has `quit` called when the peer is to leave. @returns what ends that */
  onTerminate(quit: () => void): () => void;
  /** Aborted when the peer is to end as if its process were killed; null where its process can be. */
  readonly killed: AbortSignal | null;
};

export const OWN_PROCESS: Surroundings = {
  environment: process.env,
  transcript: (lost) => new LineWriter(process.stdout, lost),
  notes: () => new LineWriter(process.stderr),
  views: null,
  peers: 1,
  onTerminate: (quit) => {
    process.on("SIGTERM", quit);
    return () => process.off("SIGTERM", quit);
  },
  killed: null,
};

/** Views that change all the time are saved this often, by a peer by itself, and at the least. */
const SAVED_EVERY_MS = 250;
const SAVED_AT_LEAST_MS = 10_000;

/** How often a peer saves its view, so that those of one process together keep no disk busy. */
export function saveSpacingMs(peers: number): number {
  return Math.min(peers * SAVED_EVERY_MS, SAVED_AT_LEAST_MS);
}

/** Thrown in a peer that was killed before its life began. */
export class Killed extends Error {
  override readonly name = "Killed";
}
