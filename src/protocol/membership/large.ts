/** From when on a ring is large, and how news goes about in it: see relaying.ts. Times in milliseconds. */

/**
 * Above so many members news goes down a tree, to each from about one other (relaying.ts). In a ring of up to as
 * many, several copies of it cost little, and none is missed.
 */
export const TREE_FROM = 64;
/** Word that more than so many would hear from here is passed on once it has been tried here. */
export const TREE_UNTRIED = 48;
/**
 * A datagram of the tree from which so many have their news or more is sent twice, since nobody else tells those, and any
 * three times where an answer was lost of late. A peer that is new cannot know yet whether datagrams are lost; but three
 * quarters of all go to one or two, who find it by comparing tables.
 */
export const TREE_TWICE = 3;
export const TREE_TIMES = 2;
export const TREE_LOSSY_TIMES = 3;
export const TREE_LOSSY_MS = 300_000;
/**
 * Between two rounds the first successor is pinged once as far as this apart, and the second not at all: its own
 * predecessor does that, and tells. Pings would else cost four times what all changes do.
 */
export const TREE_WATCH_MS = 2_500;
/** Pushes in a large ring are this far apart, divided by the levels of the tree: all know within a second. */
export const TREE_MS = 500;
/** A root that has been told of a change, and is silent, has so long to tell of it. */
export const ROOT_SILENT_MS = 2_000;
/** News that a peer remembers to have passed on. */
export const TOLD_REMEMBERED = 1_024;
/**
 * Where changes come all the time two views always differ by what is on its way. They are compared when one has
 * been still for so long, or after this time in any case.
 */
export const QUIET_MS = 3_000;
export const COMPARED_MS = 60_000;
/** and where datagrams are lost, since news may be lost with them: whoever missed it would not know for as long. */
export const COMPARED_LOSSY_MS = 4_000;
/** So many of a large ring ask for one that has gone, where in a small ring all or its neighbours do. */
export const DEPARTED_ASKERS = 32;
