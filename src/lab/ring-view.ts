/**
 * What a lab sees of a ring, however it sees it: by the peers' own word at their control sockets (watch.ts), or
 * by what another program's peers print (foreign-view.ts). Whoever waits for a ring to heal needs no more.
 */
import type { CheckName, PeerSnapshot } from "../checks/ring.ts";
import type { Seen } from "./follower.ts";
import type { Silence } from "./judge.ts";

export type RingView = {
  /**
   * The checks that can be told by what is seen, which may come to be more. Where several fail, the first of
   * them is named.
   */
  readonly tells: readonly CheckName[];
  /** What is said of a peer of which nothing is known. */
  readonly silence: Silence;
  /** Raised by everything seen of a view. */
  readonly version: number;
  /** What is known of these peers, leaving out those of which nothing is. */
  snapshots(ids: readonly number[]): PeerSnapshot[];
  /**
   * The same by asking them, where they can be asked.
   * @param keysOf keys that each is to look up
   */
  ask(ids: readonly number[], keysOf?: (id: number) => readonly number[]): Promise<PeerSnapshot[]>;
  /** Resolves once any view is seen to have changed since that version, or after `limitMs`. */
  changed(since: number, limitMs: number): Promise<void>;
  /** @returns a function that ends it */
  listen(listener: (seen: Seen) => void): () => void;
};
