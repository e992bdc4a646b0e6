/** The store's limits, each with its reason. Times in milliseconds, sizes in bytes. */

/** Content is handed to the disk in pieces of about this size: few calls, little memory. */
export const FLUSH_BYTES = 262_144;
/** A writer is told to wait when so much is not yet handed over. */
export const UNWRITTEN_BYTES = 1_048_576;
/** Contents up to this size are read in place; larger ones by another thread, lest timers starve. */
export const READ_IN_PLACE_BYTES = 65_536;

/** The event log is rotated at this size; one older file is kept. */
export const LOG_BYTES = 16_777_216;
/** The log is written after so long, or as soon as so much waits. */
export const LOG_FLUSH_MS = 20;
export const LOG_FLUSH_BYTES = 65_536;
/** What may wait while the disk is slow; beyond it events are counted and left out of the log. */
export const LOG_UNWRITTEN_BYTES = 4_194_304;

/** The view is written at most this often: a storm of changes costs a few writes. */
export const VIEW_SPACING_MS = 250;
/** A view larger than this is none that a peer wrote: 4,096 gone and a million living members. */
export const VIEW_BYTES = 268_435_456;
/** Identity and card are a few numbers. */
export const SMALL_FILE_BYTES = 65_536;
