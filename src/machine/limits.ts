/** How much is taken from a place that gives a release, and how long it is waited for. */

/** The program is of some 110 MB, and half of that packed. */
export const MAX_ARCHIVE_BYTES = 400_000_000;
export const MAX_PROGRAM_BYTES = 1_000_000_000;
/** A line for each file of a release. */
export const MAX_SUMS_BYTES = 1_000_000;
/** For the head of an answer, and for each further piece of it. */
export const ANSWER_MS = 20_000;
/** For a new program to say what it is. */
export const START_MS = 30_000;

/** What `p2p doctor` waits for. */
export const DATAGRAM_MS = 1_000;
export const CONNECT_MS = 3_000;
/** How long the clock is watched, and how late a timer may be: a peer takes half a second for a sleep. */
export const CLOCK_MS = 300;
export const LATE_TIMER_MS = 100;
/** A sync that takes longer has clients wait: each store needs some. */
export const SLOW_SYNC_MS = 100;
/** A peer's disk takes no file below the first; below the second it soon will not. */
export const LEAST_BYTES = 1_048_576;
export const LOW_BYTES = 1_000_000_000;
/** With fewer, a peer turns connections away in a ring of some hundred. */
export const FEW_DESCRIPTORS = 1_024;
/** Addresses of this machine that are tried. */
export const MAX_ADDRESSES = 8;
