/**
 * The most that those tables of a peer hold which are large only where very much comes at once, or somebody lies.
 * All others have their limits in config.ts.
 */

/**
 * News that waits for the next push, of each kind: as much as there may be of members that have gone. More is not
 * pushed: views that differ by it are found by comparing them, and of one that has gone who has never had it need not
 * hear.
 */
export const NEWS_WAITING = 4_096;
/** News that waits to go down the tree of a large ring. What finds no place is found by comparing tables. */
export const RELAYS_WAITING = 16_384;
/** Members of whom it is known that they came lately: as many as one message brings. The first of more count as any others. */
export const ARRIVALS_KNOWN = 16_384;
/** In a ring of up to so many each greets whoever comes in: a thousand streams while a ring of as many forms. */
export const GREETED_BY_ALL = 32;
/** Members that a larger ring takes in within ten seconds by word alone: with as many, others are greeted first. */
export const TRUSTED_ARRIVALS = 256;
/** The last that were lost are sought by a peer that starts: a dial to a machine that is off waits for its end. */
export const SOUGHT = 16;
/** Entries of lists in the messages that wait for word of their sender, of each kind: as much as in the longest one. */
export const POSTPONED_ENTRIES = 16_384;
/** Word that waits until a promise has passed: as much as copies in line. Of more, those who lack it ask again. */
export const WITHHELD = 16_384;
/** Writes that a promise tells from others: four messages full. Of more it keeps back all in its part of the circle. */
export const FOREIGN_WRITES = 1_024;
/** Members for whom word of copies is gathered: with as many it goes at once. */
export const BATCHED_MEMBERS = 1_024;
/**
 * Stores and deliveries whose contents are on their way: twice as many as requests, since a store may be acknowledged
 * while its owner's own disk is still at it. Where that stands still, no more are begun.
 */
export const CONTENTS_MOVING = 2_048;
