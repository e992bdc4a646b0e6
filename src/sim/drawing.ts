/**
 * What seeds draw from, and how often: the switches of the plans. A kind of weight 0 is never drawn, so
 * that a fault which the protocol cannot bear yet can be left out by one word.
 */

import { FILE_KINDS, type FileKind } from "./file-faults.ts";
import { HARD_KINDS, type HardKind } from "./hard-kinds.ts";
import type { WireShare } from "./wire-trip.ts";

/** What befalls processes and links, of which none ends by itself. */
export const PLAIN_KINDS = [
  "kill",
  "kill-neighbours",
  "kill-many",
  "kill-for-good",
  "restart",
  "freeze",
  "thaw",
  "freeze-half",
  "quit",
  "join",
  "join-gap",
  "power-cut",
  "cut",
  "twins",
  "cut-one-way",
  "mend",
  "slow",
  "hang",
  "refuse",
] as const;
export type PlainKind = (typeof PLAIN_KINDS)[number];
export type Kind = PlainKind | FileKind | HardKind;
export const KINDS: readonly Kind[] = [...PLAIN_KINDS, ...FILE_KINDS, ...HARD_KINDS];

export type Drawing = {
  /** How often a kind is drawn, of those that a seed takes to: whole numbers. */
  readonly weights: Readonly<Record<Kind, number>>;
  /** Operations of clients in a plan, at least. */
  readonly operations: number;
  /** Parts in a thousand of the seeds that draw a ring of drawn ids, where files have any name. */
  readonly drawnPerMille: number;
  /** And of those whose drivers and kernels keep little. */
  readonly smallPerMille: number;
  /** And of those all of whose messages go through the real wire format. */
  readonly wholeWirePerMille: number;
  /** One thing more befalls the ring when all is calm again. */
  readonly epilogue: boolean;
};

/** Of the other seeds: all but what peers tell each other all the time goes through it. */
export const PART_WIRE: WireShare = { perMille: 1_000, ofTalk: 20 };
export const WHOLE_WIRE: WireShare = { perMille: 1_000, ofTalk: 1_000 };

const ONCE = weighted([...PLAIN_KINDS, ...FILE_KINDS], 1);

/** Faults of processes, links, files and disks, with a few operations between them. */
export const PLAIN: Drawing = {
  weights: { ...ONCE, ...weighted(HARD_KINDS, 0) },
  operations: 0,
  drawnPerMille: 0,
  smallPerMille: 0,
  wholeWirePerMille: 0,
  epilogue: false,
};

/** The same faults, amid the operations of clients, in rings of all kinds: what they are told is judged. */
export const BUSY: Drawing = {
  ...PLAIN,
  operations: 200,
  drawnPerMille: 150,
  smallPerMille: 50,
  wholeWirePerMille: 200,
};

/** All that there is. */
export const HARD: Drawing = {
  weights: { ...ONCE, ...weighted(HARD_KINDS, 2) },
  operations: 200,
  drawnPerMille: 250,
  smallPerMille: 100,
  wholeWirePerMille: 1_000,
  epilogue: true,
};

/** Nothing but what befalls a calm ring alone: many such seeds are soon played. */
export const ALONE: Drawing = {
  ...HARD,
  weights: { ...HARD.weights, ...weighted(KINDS, 0) },
  operations: 20,
  drawnPerMille: 500,
};

/** What a seed draws from where nothing else is said: the one switch between them. */
export const DRAWING: Drawing = BUSY;

function weighted<K extends Kind>(kinds: readonly K[], weight: number): Record<K, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, weight])) as Record<K, number>;
}
