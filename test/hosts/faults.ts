/** What is done to a ring on hosts: each fault is injected, lasts, and is mended. */
import type { RandomGenerator } from "../../src/sim/random-generator.ts";
import type { HostRing } from "./host-ring.ts";

export type Fault = {
  /** How long it lasts, in seconds; the other length is that of the long tests. */
  readonly seconds: number;
  readonly longSeconds: number;
  /** It needs packet rules. */
  readonly needsRules?: boolean;
  /** Nobody may be held for dead meanwhile. */
  readonly deathless?: boolean;
  /**
   * @param name of a file that has been stored
   * @returns what mends it
   */
  inject(ring: HostRing, generator: RandomGenerator, name: string): Promise<() => void>;
};

/** A silence is noticed within 8 s: a round of pings comes every 5 s, and three are tried. */
const NOTICED_S = 9;
/** Nobody need have noticed when it is over. */
const UNNOTICED_S = 3;
const LONG_S = 30;
/** As many as a bad middlebox resets. */
const RESETS_PER_MILLE = 10;
const LOST_PER_MILLE = 150;
/** What IPv6 asks of every line (RFC 8200, section 5), and what most have. */
const SHORTEST_MTU = 1_280;
const USUAL_MTU = 1_500;

export const FAULTS = {
  /** Two halves, each with enough peers for all copies. */
  halves: {
    seconds: NOTICED_S,
    longSeconds: LONG_S,
    inject: async (ring, generator) => {
      const half = generator.sample(ring.numbers, ring.size >> 1);
      return parted(ring, half);
    },
  },
  isolated: {
    seconds: UNNOTICED_S,
    longSeconds: LONG_S,
    inject: async (ring, generator) => parted(ring, [generator.pick(ring.numbers)]),
  },
  /** The owner of a file, and the next that holds it: a majority of three. */
  "frozen owner": {
    seconds: NOTICED_S,
    longSeconds: LONG_S,
    inject: async (ring, _, name) => {
      ring.freeze((await ring.holders(name)).slice(0, 2));
      return () => ring.thaw();
    },
  },
  /** Datagrams of one peer go out, and none come in. */
  "no UDP at one": {
    seconds: NOTICED_S,
    longSeconds: LONG_S,
    deathless: true,
    inject: async (ring, generator) => withoutUdp(ring, [generator.pick(ring.numbers)]),
  },
  "no UDP at all": {
    seconds: NOTICED_S,
    longSeconds: LONG_S,
    deathless: true,
    inject: async (ring) => withoutUdp(ring, ring.numbers),
  },
  "resets of TCP": {
    seconds: UNNOTICED_S,
    longSeconds: LONG_S,
    needsRules: true,
    deathless: true,
    inject: async (ring) => {
      ring.network.resetTcp(RESETS_PER_MILLE);
      return () => ring.network.allowTcp();
    },
  },
  /** As through a tunnel over a bad line: short packets, of which many are lost one way. */
  "short packets, lost one way": {
    seconds: NOTICED_S,
    longSeconds: LONG_S,
    needsRules: true,
    deathless: true,
    inject: async (ring, generator) => {
      const n = generator.pick(ring.numbers);
      ring.network.narrow(SHORTEST_MTU);
      ring.network.lose(n, LOST_PER_MILLE);
      return () => {
        ring.network.loseNone(n);
        ring.network.narrow(USUAL_MTU);
      };
    },
  },
  /** The owner of a file is killed, and comes back from another address. */
  "moved address": {
    seconds: 1,
    longSeconds: UNNOTICED_S,
    inject: async (ring, generator, name) => {
      // The others' contact stays where it is.
      const movable = (await ring.holders(name)).filter((n) => n !== 0);
      await ring.move(generator.pick(movable.slice(0, 1)));
      return () => {};
    },
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

function parted(ring: HostRing, group: readonly number[]): () => void {
  ring.part([group, ring.numbers.filter((n) => !group.includes(n))]);
  return () => ring.join();
}

function withoutUdp(ring: HostRing, hosts: readonly number[]): () => void {
  ring.network.blockUdp(hosts);
  return () => ring.network.allowUdp(hosts);
}
