/** How long a member may be silent, and how hard it is tried, before that is held for its death. Milliseconds. */

/** The first wait for an answer: far above a busy machine's pauses, far below a person's patience. */
export const PROBE_WAIT_LEAST_MS = 400;
/** A slow link gets four of its round trips, up to so much: an answer may be late since its sender stood still. */
export const PROBE_WAIT_ROUND_TRIPS = 4;
export const PROBE_WAIT_MOST_MS = 1_000;
/** Unanswered pings before the last try, the round's own and two quick probes: as many as there are phases before it. */
export const PROBES_BEFORE_LAST_TRY = 3;
/** One ping in vain is often one that was lost: with the second the readers of events hear of a doubt. */
export const DOUBTED_AFTER = 2;
/**
 * Silence is death after so long from the first unanswered ping: longer than a snapshot or a busy machine
 * holds a process up again and again, short for a person who waits.
 */
export const SILENCE_MS = 5_000;
/**
 * The last try pings so often: fifteen times in all, of which one is answered, but for once in a thousand times, in a
 * loss of 40 % each way. Where anybody's answers have been missing of late, it pings twice as often: then
 * but for once in half a million.
 */
export const LAST_TRY_EVERY_MS = 300;
export const LOSSY_EVERY_MS = 150;
export const LOSSY_MS = 30_000;
/** With one in so many of these pings a stream is tried, and others are asked to try, so many of them. */
export const INDIRECT_EVERY = 3;
export const INDIRECT_PROBERS = 2;
/** Between rounds the successors are pinged this often, silently: long intervals find no death late. */
export const WATCH_MS = 2_000;
/** Members probed at once when a successor fails: that many neighbours may die together. */
export const PROBED_AFTER_FAILURE = 8;
/** They are probed already when it has left so many pings unanswered, so that all are found soon. */
export const SUSPECT_PINGS = 5;
/** Word of a death waits this long for the suspect, who is told, and for a slow link's round trips. */
export const REFUTE_MS = 2_000;
