/** The store's limits, each with its reason. Times in milliseconds, sizes in bytes. */

/**
 * Content is handed to the disk in pieces of about this size: measured, as fast as any larger one, and
 * four times as fast as pieces of 64 KiB.
 */
export const FLUSH_BYTES = 1_048_576;
/** A writer is told to wait when so much is not yet written: one such piece under way, the next filling. */
export const UNWRITTEN_BYTES = 2_097_152;
/** Smaller pieces are copied together; larger ones are kept as they are, since copying costs more. */
export const COPIED_PIECE_BYTES = 16_384;
/** Buffers in one call to the system, which takes 1,024 at most. */
export const BUFFERS_PER_WRITE = 512;
/** What is to be durable is synced each time so much more is written: the wait at its end stays short. */
export const SYNC_BYTES = 67_108_864;
/** Contents up to this size are read in place; larger ones by another thread, lest timers starve. */
export const READ_IN_PLACE_BYTES = 65_536;

/** Rows written as one commit, so that a storm of small files keeps no timer waiting for long. */
export const GROUP_ROWS = 256;
/** Bytes of small contents in one commit, for the same reason. */
export const GROUP_BYTES = 1_048_576;
/** What a group takes beside its rows: the pages above them. */
export const GROUP_PAGES_BYTES = 16_384;
/** A row taken away changes a page anywhere. */
export const PAGE_BYTES = 8_192;
/** Small contents that wait for the disk. Beyond, it is too slow for them, and they are refused. */
export const WAITING_BYTES = 67_108_864;
/**
 * The write-ahead log is carried over into the database when it has about so many bytes: seldom, and
 * yet in a few milliseconds, and soon read again at a start.
 */
export const CHECKPOINT_BYTES = 4_194_304;

/** Numbers of rows tried one by one where an index is damaged: at some microseconds each, a second. */
export const SALVAGE_PROBES = 100_000;

/** Damaged contents kept for whoever wants to look into them; the oldest go. */
export const DAMAGED_KEPT = 16;
/** What is read back of a content in one piece: hashed in a quarter of a millisecond. */
export const SCRUB_PIECE_BYTES = 262_144;
/** Small contents read back without a pause, at about 10 microseconds each. */
export const SCRUB_ROWS = 64;

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
/** A process file for which the disk had no room is tried again this often. */
export const PROCESS_FILE_RETRY_MS = 5_000;
/** A folder whose process has just been killed is looked at so often, and for so long, until it lets go. */
export const DYING_LOOK_MS = 20;
export const DYING_MS = 3_000;
/** One that seems to live has so long to let go: it may have been killed, and not have ended yet. */
export const KILLED_MS = 1_000;
/** Identity and process file are a few numbers. */
export const SMALL_FILE_BYTES = 65_536;

/** The longest path of a data folder: SQLite takes 511 bytes, and adds "/index.db-journal" to it. */
export const MAX_FOLDER_PATH_BYTES = 490;

/** While someone waits for a content of their own, what is limited to a rate gets one part of so many. */
export const RATE_SHARE = 4;
/** A taker is let run ahead by so long, since timers are no more exact than that. */
export const RATE_SLACK_MS = 20;
