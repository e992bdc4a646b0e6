/** What is measured, in full, in short, and as little as a test needs. */
import { GIB, KIB, MIB } from "./limits.ts";

export type Plan = {
  /** How often the whole is measured: peers and baselines take turns, and medians count. */
  readonly rounds: number;
  /** Contents stored and requested over the peers' own TCP; operations of each, alone and in flight. */
  readonly sizes: readonly {
    readonly bytes: number;
    readonly alone: number;
    readonly many: number;
  }[];
  /** The content that is requested from peer to peer, beside the raw copies. */
  readonly copyBytes: number;
  /** How long one turn of puts or gets of 1 KiB takes, of each system; and each of them before any clock starts. */
  readonly turnMs: number;
  readonly warmMs: number;
  /** Whether other systems are measured beside. */
  readonly others: boolean;
  /** Puts, and then gets, of 1 KiB after which memory is looked at; and how long a peer is left alone for that. */
  readonly memoryFiles: number;
  readonly idleMs: number;
  /** Sizes of the rings that are started, and how often each. */
  readonly starts: readonly number[];
  readonly startRounds: number;
  /** Round trips of the raw echo. */
  readonly echoes: number;
  /** Requests before any clock starts: until then the peers' code is still being compiled. */
  readonly warmOperations: number;
  /** Files of 1 KiB with which a peer is killed and started again. */
  readonly restartFiles: number;
};

export const PLANS: Readonly<Record<"full" | "quick" | "tiny" | "gate", Plan>> = {
  full: {
    rounds: 5,
    sizes: [
      { bytes: KIB, alone: 2_000, many: 40_000 },
      { bytes: 64 * KIB, alone: 500, many: 2_000 },
      { bytes: MIB, alone: 30, many: 64 },
      { bytes: GIB, alone: 1, many: 0 },
    ],
    copyBytes: GIB,
    others: true,
    turnMs: 2_000,
    warmMs: 5_000,
    memoryFiles: 100_000,
    idleMs: 60_000,
    starts: [8, 64],
    startRounds: 5,
    echoes: 5_000,
    warmOperations: 60_000,
    restartFiles: 100_000,
  },
  quick: {
    rounds: 3,
    sizes: [
      { bytes: KIB, alone: 1_000, many: 20_000 },
      { bytes: 64 * KIB, alone: 200, many: 640 },
      { bytes: MIB, alone: 10, many: 32 },
      { bytes: 64 * MIB, alone: 1, many: 0 },
    ],
    copyBytes: 64 * MIB,
    others: true,
    turnMs: 500,
    warmMs: 1_000,
    memoryFiles: 2_000,
    idleMs: 2_000,
    starts: [8, 64],
    startRounds: 1,
    echoes: 2_000,
    warmOperations: 20_000,
    restartFiles: 10_000,
  },
  tiny: {
    rounds: 1,
    sizes: [
      { bytes: KIB, alone: 5, many: 64 },
      { bytes: 64 * KIB, alone: 2, many: 4 },
      { bytes: MIB, alone: 1, many: 2 },
    ],
    copyBytes: MIB,
    others: false,
    turnMs: 20,
    warmMs: 20,
    memoryFiles: 40,
    idleMs: 10,
    starts: [2],
    startRounds: 1,
    echoes: 20,
    warmOperations: 10,
    restartFiles: 100,
  },
  gate: {
    rounds: 8,
    sizes: [{ bytes: KIB, alone: 50, many: 4_000 }],
    copyBytes: MIB,
    others: false,
    turnMs: 250,
    warmMs: 1_500,
    memoryFiles: 0,
    idleMs: 0,
    starts: [],
    startRounds: 0,
    echoes: 200,
    warmOperations: 10_000,
    restartFiles: 0,
  },
};
