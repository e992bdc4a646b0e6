/** What a peer of a large ring keeps of the news that it passes on: see membership/relaying.ts. */
import { fieldsOf, listOf, mapOf, setOf, shared } from "./copying.ts";
import type { Member } from "./member.ts";

/**
 * News on its way to the members before this peer, from `low` on, which is as far as has been told, up to below
 * `high`. Both are distances on the circle.
 */
export type Relay = {
  readonly member: Member;
  readonly joining: boolean;
  readonly low: number;
  readonly high: number;
};

/** What was sent to one member, for all from there up to below `upTo`. */
export type Sent = {
  readonly to: number;
  readonly at: number;
  readonly member: Member;
  readonly joining: boolean;
  readonly upTo: number;
};

/** News that another peer is the root of, and has been told. `own`: this one has seen it itself. */
export type Untold = {
  readonly member: Member;
  readonly joining: boolean;
  readonly at: number;
  readonly own: boolean;
};

export type Tree = {
  /** Word that is being tried, by id, and how far before this peer it is to be passed on. */
  readonly heard: Map<number, { readonly at: number; readonly reach: number }>;
  /** What was passed on of late, and how far; the oldest go first. */
  readonly told: Map<number, { readonly member: Member; readonly reach: number }>;
  readonly queue: Relay[];
  /** What was sent down a moment ago, and to whom, by id. */
  readonly sent: Sent[];
  readonly untold: Map<number, Untold>;
  /** Deaths that this peer has seen itself, and has not spoken of. */
  readonly seen: Set<number>;
  /** When the view last changed, and when it was last compared with another's. */
  changedAt: number;
  comparedAt: number;
  /** When the successors were last heard. */
  readonly heardAt: Map<number, number>;
};

/** Of a peer that has told nobody anything yet. */
export function makeTree(): Tree {
  return {
    ...{
      heard: new Map(),
      told: new Map(),
      queue: [],
      sent: [],
      untold: new Map(),
      seen: new Set(),
    },
    changedAt: Number.NEGATIVE_INFINITY,
    comparedAt: Number.NEGATIVE_INFINITY,
    heardAt: new Map(),
  };
}

/** How deep this changes. */
export const TREE = fieldsOf<Tree>({
  heard: mapOf(),
  told: mapOf(),
  queue: listOf,
  sent: listOf,
  untold: mapOf(),
  seen: setOf,
  changedAt: shared,
  comparedAt: shared,
  heardAt: mapOf(),
});
