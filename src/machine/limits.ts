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
