/** The ring that chaos works on: its own children, or those of a running `p2p ring`. */

import { Failure } from "../protocol/model/failure.ts";
import { RING_ASK_MS } from "./limits.ts";
import type { Network, NetworkPeer } from "./network.ts";
import { askRing, type StartHow } from "./ring-client.ts";
import { Watch } from "./watch.ts";

export type LabRing = {
  readonly watch: Watch;
  /** Peer N listens on it plus N. */
  readonly basePort: number;
  /** What the peers take faults with; null where they take none. */
  readonly labToken: string | null;
  /** Its peers share processes: a kill is emulated, and none can be frozen. */
  readonly emulated: boolean;
  /** Those that run and are not frozen, in ascending order. */
  living(): readonly number[];
  /** The data folder of a peer. */
  dirOf(id: number): string;
  /** Kills a peer at once. @returns when, in epoch milliseconds */
  kill(id: number): Promise<number>;
  /** Stops its process where it stands. @param forMs it goes on by itself after so long at the latest */
  freeze(id: number, forMs: number): Promise<void>;
  thaw(id: number): Promise<void>;
  /** Has it leave, and waits until its process has ended. @throws Failure if it does not end in time */
  quit(id: number): Promise<void>;
  /** Removes the data folder of a peer that was killed. @throws Failure */
  loseDisk(id: number): Promise<void>;
  /** Starts it, again or as a new one, through a living peer; resolves when it is in. @throws Failure */
  start(id: number, how?: StartHow): Promise<void>;
  /** The last sentence of a peer that has ended by itself; empty where it is not known. */
  lastWords(id: number): string;
};

/** A ring of this process's own children. */
export function ownRing(network: Network): LabRing {
  const { watch, labToken, basePort } = network;
  return {
    ...{ watch, labToken, basePort },
    emulated: network.peers().some(({ shared }) => shared),
    living: () => network.living(),
    dirOf: (id) => network.peers().find((peer) => peer.id === id)?.dir ?? "",
    kill: async (id) => network.signal(id, "SIGKILL"),
    freeze: async (id) => void network.signal(id, "SIGSTOP"),
    thaw: async (id) => void network.signal(id, "SIGCONT"),
    quit: async (id) => {
      await watch.control(id)?.type("Quit");
      if (!(await network.untilEnded(id, QUIT_MS))) throw notEnded(id);
    },
    loseDisk: (id) => network.loseDisk(id),
    start: async (id, { known = null, faults = null } = {}) => {
      await network.start(id, known, faults);
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
  const { peers, basePort, labToken } = await ring.status();
  const living = new Set<number>();
  const dirs = new Map(peers.map((peer) => [peer.id, peer.dir]));
  const dirOf = (id: number): string => dirs.get(id) ?? `${dir}/${id}`;
  const follow = (id: number): void => {
    living.add(id);
    watch.follow(id, dirOf(id));
  };
  const forget = (id: number): void => {
    living.delete(id);
    watch.forget(id);
  };
  for (const { id, state } of peers) if (state === "running") follow(id);
  return {
    ...{ watch, basePort, dirOf },
    emulated: peers.some(({ shared }) => shared),
    // A ring of an earlier version has none.
    labToken: labToken ?? null,
    living: () => [...living].sort((a, b) => a - b),
    kill: async (id) => {
      const { at } = await ring.kill(id, "SIGKILL");
      forget(id);
      return at;
    },
    freeze: async (id, forMs) => {
      living.delete(id);
      await ring.kill(id, "SIGSTOP", forMs);
    },
    thaw: async (id) => {
      await ring.kill(id, "SIGCONT");
      living.add(id);
    },
    quit: async (id) => {
      await watch.control(id)?.type("Quit");
      const end = performance.now() + QUIT_MS;
      const isOver = ({ id: one, state }: NetworkPeer) => one === id && state === "ended";
      while (!(await ring.status()).peers.some(isOver)) {
        if (performance.now() > end) throw notEnded(id);
        await Bun.sleep(QUIT_POLL_MS);
      }
      forget(id);
    },
    loseDisk: async (id) => {
      await ring.loseDisk(id);
    },
    start: async (id, how = {}) => {
      try {
        await ring.start(id, how);
      } catch (error) {
        // It may be in the ring yet, only later.
        const isThere = ({ id: one, state }: NetworkPeer) => one === id && state === "running";
        if ((await ring.status()).peers.some(isThere)) follow(id);
        throw error;
      }
      follow(id);
    },
    lastWords: () => "",
  };
}

/** A peer that leaves hands on all it has first. */
const QUIT_MS = 4 * RING_ASK_MS;
const QUIT_POLL_MS = 50;

function notEnded(id: number): Failure {
  return new Failure(`Peer ${id} was to leave, and has not ended after ${QUIT_MS / 1000} s.`);
}
