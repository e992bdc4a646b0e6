/** The ring that chaos works on: its own children, or those of a running `p2p ring`. */
import type { Network } from "./network.ts";
import { askRing } from "./ring-client.ts";
import { Watch } from "./watch.ts";

export type LabRing = {
  readonly watch: Watch;
  /** Those that run and are not frozen, in ascending order. */
  living(): readonly number[];
  /** Kills a peer at once. @returns when, in epoch milliseconds */
  kill(id: number): Promise<number>;
  /** Removes the data folder of a peer that was killed. @throws Failure */
  loseDisk(id: number): Promise<void>;
  /** Starts it again, with its folder, through a living peer; resolves when it is in. @throws Failure */
  start(id: number): Promise<void>;
  /** The last sentence of a peer that has ended by itself; empty where it is not known. */
  lastWords(id: number): string;
};

/** A ring of this process's own children. */
export function ownRing(network: Network): LabRing {
  return {
    watch: network.watch,
    living: () => network.living(),
    kill: async (id) => network.signal(id, "SIGKILL"),
    loseDisk: (id) => network.loseDisk(id),
    start: async (id) => {
      await network.start(id);
    },
    lastWords: (id) => network.lastWords(id),
  };
}

/**
 * A ring of another process, reached through its control socket.
 * @param dir the ring's folder
 * @throws Failure if it does not answer
 */
export async function attachedRing(dir: string): Promise<LabRing> {
  const ring = askRing(dir);
  const watch = new Watch();
  const { peers } = await ring.status();
  const living = new Set<number>();
  const dirs = new Map(peers.map((peer) => [peer.id, peer.dir]));
  const follow = (id: number): void => {
    living.add(id);
    watch.follow(id, dirs.get(id) ?? `${dir}/${id}`);
  };
  for (const { id, state } of peers) if (state === "running") follow(id);
  return {
    watch,
    living: () => [...living].sort((a, b) => a - b),
    kill: async (id) => {
      const { at } = await ring.kill(id, "SIGKILL");
      living.delete(id);
      watch.forget(id);
      return at;
    },
    loseDisk: async (id) => {
      await ring.loseDisk(id);
    },
    start: async (id) => {
      await ring.start(id);
      follow(id);
    },
    lastWords: () => "",
  };
}
