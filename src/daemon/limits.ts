/** The daemon's limits, each with its reason. Times in milliseconds, sizes in bytes. */

/** Small contents that came with messages are kept for the moment until they are asked for, not longer. */
export const BODIES_BYTES = 16_777_216;
export const BODIES_KEPT = 4_096;

/** Small stored contents that were sent of late, ready to be sent again without the disk. */
export const SENT_BYTES = 4_194_304;
export const SENT_KEPT = 2_048;
/** Either go after so many looks, 30 s: a store, or a copy, has been given up by then. */
export const BODIES_LOOKS = 3;

/**
 * Looked at so often, a peer that has dealt with so many inputs since it did so last, and with few since the last
 * look, gives the memory back that it took for them, in some 20 ms: before, it would be taken for the next ones anew.
 */
export const TIDY_EVERY_MS = 10_000;
export const TIDY_AFTER_INPUTS = 5_000;
export const TIDY_QUIET_INPUTS = 1_000;

/** Offers under a request's id that are kept at a time; the oldest go first. */
export const OFFERS_KEPT = 1_024;

/** A content is copied on this machine in pieces of this size: fast, and no timer waits for long. */
export const COPY_BYTES = 262_144;

/** A file is hashed before it is stored in pieces of this size, each some half a millisecond's work. */
export const HASH_BYTES = 1_048_576;

/**
 * A content of at least so many bytes is fetched from several holders at once, from so many of them: below it a
 * single one is as quick. Each brings stripes, of which so many bytes in all are begun and not taken: what a
 * quicker holder can be ahead by, and what it takes of memory.
 */
export const GATHER_BYTES = 33_554_432;
export const GATHER_HOLDERS = 4;
export const STRIPE_BYTES = 8_388_608;
export const GATHER_AHEAD_BYTES = 33_554_432;
/** As many at a time as there is memory for; more are fetched from one holder each. */
export const GATHERED_AT_ONCE = 4;
/** A holder that has had nothing to do for so long takes over what the others wait for. */
export const GATHER_IDLE_MS = 250;
/** Where another holder is known, one from which nothing comes for so long is given up for it. */
export const HOLDER_STALL_MS = 500;

/**
 * Copies written beside the hashing of what is stored: as many as are fetched at a time. Each has so many buffers,
 * since a writer may still be at work on the latest two, and the next is read into another one.
 */
export const EARLY_COPIES = 4;
export const EARLY_BUFFERS = 4;

/** Copies that broke off and wait to be gone on with: as many as are fetched at a time. */
export const RESUMABLE_DRAFTS = 4;
/** Deliveries that broke off: each is of a command that still runs, and there are no more of those. */
export const RESUMABLE_DELIVERIES = 1_024;
/** What broke off waits so long for another replica: longer than any repair takes to begin again. */
export const RESUMABLE_MS = 120_000;

/** Repair may take this much unless told otherwise: faster than most networks, slower than a disk. */
export const REPAIR_BYTES_PER_SECOND = 200_000_000;

/** Stored contents are read back at this rate: a tenth of a slow disk, and 100 GB in three hours. */
export const SCRUB_BYTES_PER_SECOND = 10_000_000;
/** The first pass begins so long after the start: a ring that just came up has other things to do. */
export const SCRUB_FIRST_MS = 300_000;
/** From the end of one pass to the beginning of the next: disks decay in months. */
export const SCRUB_EVERY_MS = 86_400_000;
/** Whoever asked for a pass is told which damaged copies came anew within this time. */
export const SCRUB_MEND_MS = 10_000;
/** How often that is looked at. */
export const SCRUB_LOOK_MS = 50;
/** Damaged copies that are named in one report; the others are counted. */
export const SCRUB_NAMED = 1_000;

/** Events left out of the log are counted, and told of this often: one sentence, whatever their number. */
export const LOST_TOLD_MS = 10_000;
/** Messages over which a peer threw are told of so often, and so many kinds of them are in the log. */
export const THROWN_TOLD_MS = 60_000;
export const THROWN_KINDS = 64;

/** What is dropped is told of once a minute, where it was so much: a few are lost in any ring. */
export const DROPS_TOLD_MS = 60_000;
export const DROPS_TOLD = 1_000;
/** Expected members are looked at so often; so many malformed datagrams from one are no accident. */
export const FOREIGN_LOOK_MS = 1_000;
export const FOREIGN_DATAGRAMS = 3;

/** Lines that wait for a slow reader; with so many, those that can be done without are left out. */
export const LINES_KEPT = 4_096;
export const LINES_FOLDED = 256;
/** Lines of one turn are written at once, at the latest when they are so long together. */
export const LINES_BATCH_CHARACTERS = 65_536;

/** How often the room on the disk is looked at, and the data folder for: soon, and three small calls. */
export const ROOM_EVERY_MS = 1_000;
/** What is kept free for the index, the log and the view: with less, a disk takes no file any more. */
export const ROOM_KEPT_BYTES = 1_048_576;

/** Lines typed before a peer is in its ring that wait for that. */
export const MAX_EARLY_LINES = 100;

/**
 * Events of requests that the log takes in a second, at about 256 bytes each: what a person, or a test of a ring,
 * asks for is all there; of what a program asks for beyond them, one event says how many there were.
 */
export const REQUEST_EVENTS_LOGGED = 256;
export const REQUEST_EVENTS_MS = 1_000;

/** What a lab has put in lasts for its lease, which is counted so often. */
export const LAB_TICK_MS = 100;

/** After this share of the time for which the former key is still taken the next is used: by then it has gone around. */
export const KEY_USED_SHARE = 1 / 6;
/** Two keys that were drawn within so long of each other are a race; a later one is refused until the first holds. */
export const KEY_RACE_MS = 2_000;
/** A member that did not take the next key is tried again this often, until the former ends. */
export const HAND_AGAIN_MS = 2_000;
/** Members handed the next key at a time. */
export const HANDED_AT_ONCE = 16;

/** Invites of one peer that hold at a time; those that are remembered, so that one is told why it does not. */
export const INVITES_OPEN = 64;
export const INVITES_KEPT = 256;
/** Bytes of the file in which they stand. */
export const INVITES_BYTES = 65_536;

/** A machine's own addresses, and where the name leads that it is called by, are looked up anew after so long. */
export const OWN_ADDRESSES_MS = 5_000;

/** Ids of members that were left out, and addresses of which it was said that they let this peer not in: the latest. */
export const LEFT_OUT_KEPT = 1_024;
export const LOCKED_OUT_TOLD = 64;
