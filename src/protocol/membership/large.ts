/** From when on a ring is large, and how news goes about in it: see relaying.ts. Times in milliseconds. */

/**
 * Above so many members news goes down a tree, to each about once (membership/relaying.ts). In a ring of up to as
 * many, several copies of it cost little, and none is missed.
 */
export const TREE_FROM = 64;
/** Word that more than so many would hear from here is passed on once it has been tried here. */
export const TREE_UNTRIED = 48;
/** What so many or more have from one datagram is sent twice: all of them would miss it. A stream would cost more. */
export const TREE_TWICE = 32;
/** and so is all where an answer was lost of late. */
export const TREE_LOSSY_MS = 300_000;
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
/** So many of a large ring ask for one that has gone, where in a small ring all or its neighbours do. */
export const DEPARTED_ASKERS = 32;
