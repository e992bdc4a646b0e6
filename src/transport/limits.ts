/** Every interval and limit of the sockets, with its reason. Times in milliseconds. */

/** A host that is there answers a connect within a round trip; a second forgives one lost packet. */
export const DIAL_DEADLINE_MS = 1_000;
/** A name server that takes longer to find a host might as well not know it. */
export const RESOLVE_DEADLINE_MS = 5_000;
/**
 * A connect that is not answered cannot be taken back: the system goes on for two minutes. A few per
 * address may be left behind so, then one more each spacing, so that a host that comes back is reached
 * within that spacing; and so many in all.
 */
export const UNANSWERED_AT_ONCE = 3;
export const UNANSWERED_SPACING_MS = 10_000;
export const UNANSWERED_PER_ADDRESS = 32;
/**
 * One that is heard again after so long a silence is dialled at once, with as many connects as if it were
 * new: those of before wait for up to a minute before they try again. That stops at so many connects that
 * nobody answers, and the rest is left to the spacing: its streams are blocked, and its datagrams are not.
 */
export const SILENCE_MS = 1_500;
/** One that is heard all the time, and does not answer dials, is dialled anew this often. */
export const RENEW_MS = 2_000;
export const UNANSWERED_HEARD = 14;
export const UNANSWERED_TOTAL = 256;
/** Away from this machine a true refusal takes a round trip; a later one is the system giving up. */
export const REFUSAL_WITHIN_MS = 250;

/**
 * One that is heard again after so long a silence was cut off, if meanwhile the stream to it was silent too: a
 * hello that has been on its way for so long. The system would try again twice as late each time, up to as
 * long after the cut as that has lasted.
 */
export const CUT_MS = 4_000;
export const LATE_BEAT_MS = 1_000;

/** A dial that is as old as this when its address is heard again waits for the system's next try. */
export const DIAL_OLD_MS = 250;

/** A watched address that cannot be had is tried again this often. */
export const WATCH_RETRY_MS = 1_000;
/**
 * A link that breaks so soon after it opened counts as a quick break: a dying process may accept once
 * more before its port closes. After so many in a row the next try waits.
 */
export const QUICK_BREAK_MS = 1_000;
export const QUICK_BREAKS = 5;

/** Links kept open to other peers, least recently used closed first. */
export const LINKS = 512;
/** A link on which nothing was sent for so long is closed, unless it is watched. */
export const LINK_IDLE_MS = 60_000;
/** A hello on each stream this often: what a stream holds back is known, and missed, by the second. */
export const BEAT_MS = 4_000;
/** A receiver closes a stream on which three beats are missing: the other side is gone without a word. */
export const SILENT_STREAM_MS = 3 * BEAT_MS;
/** Hellos whose sending back a receiver remembers; a sender names the latest that it has. */
export const BEATS_REMEMBERED = 4;
/** A hello behind other bytes gets their time on a line of 1 Mbit/s before it counts as late. */
export const SLOWEST_BYTES_PER_MS = 128;
/** So long after a stream from an address has broken that counts as a sign, beside a refusal. */
export const BROKE_MS = 2_000;

/** Bytes that wait for one slow peer, a hundred of the largest bodies; beyond, frames are dropped and counted. */
export const LINK_QUEUE_BYTES = 8 << 20;
/** Frames of one turn of the event loop go out in writes of up to this size. */
export const BATCH_BYTES = 64 << 10;

/** Connections accepted at a time. */
export const INBOUND = 1_024;
/** Bytes of incomplete frames held for all of them together. */
export const INBOUND_BUFFERED_BYTES = 64 << 20;
/** A stranger must send one whole valid frame within this, and every frame must end within it. */
export const FRAME_DEADLINE_MS = 10_000;
/**
 * Connections of those who have not shown a key to a closed ring, and of those who have and are not in yet: the
 * oldest goes. A caller shows its key with its first bytes, which come with the connection itself.
 */
export const STRANGERS_AT_ONCE = 256;
export const WELCOMED_AT_ONCE = 256;
/** From a connection's beginning until it is known whose it is: a few round trips on a slow line. */
export const OPENING_DEADLINE_MS = 5_000;
/** An errand is done within this: it may wait for a disk. Its lines are short. */
export const ERRAND_MS = 5_000;
export const ERRAND_BYTES = 4_096;
/**
 * Contents served at a time: so many buffers of `CONTENT_CHUNK_BYTES`. One address has no more than a program
 * needs that keeps 32 under way, some of which end just now; all that are no members together have no more
 * either: they may be about to be. So 24 are always there for members.
 */
export const SERVED_AT_ONCE = 64;
export const SERVED_PER_ADDRESS = 40;
export const SERVED_TO_STRANGERS = 40;
/** How fast a transfer is is measured over so long each time, in which it waits for its other end. */
export const RATE_WINDOW_MS = 1_000;
/**
 * A transfer moves at least so many bytes a second over the last ten seconds of waiting. A line of 64 kbit/s
 * carries 8,000, which is thirty transfers at a time.
 */
export const LEAST_BYTES_PER_SECOND = 256;
export const LEAST_WINDOWS = 10;
/**
 * Where slots are short, one that crawls, for three seconds at less than half of such a line, gives its own up to
 * another: it goes on later, from where it was. They are short where so many contents are on their way in as
 * copies are fetched at a time.
 */
export const CRAWL_BYTES_PER_SECOND = 4_096;
export const CRAWL_WINDOWS = 3;
export const FETCHED_CROWD = 8;

/** Content is read, hashed and written in pieces of this size: fast, and a fraction of a timer's tick. */
export const CONTENT_CHUNK_BYTES = 256 << 10;
/** Work on a content goes on for so long before timers have their turn: less than a tick of theirs. */
export const TURN_MS = 2;
/** A transfer in which no byte moves for so long is given up. */
export const STALL_MS = 10_000;

/** What is overdue is looked for this often; so much later than that, this process was asleep. */
export const SWEEP_MS = 1_000;
export const ASLEEP_MS = 500;

/** A datagram of more bytes would be cut in pieces on its way; a longer message goes by stream. */
export const DATAGRAM_BYTES = 1_400;
/** How often a datagram is sent again when the error of an earlier one came out in its place. */
export const DATAGRAM_RETRIES = 3;
/**
 * Datagrams worked on before timers and streams have their turn: twice what the system's buffer holds. Of those
 * that come from no member's address an eighth, so that a flood of them leaves the rest to the members.
 */
export const DATAGRAMS_PER_TURN = 512;
export const STRANGERS_PER_TURN = 64;

/** Addresses that are no members' of which it is known how much has come from there and gone. */
export const CREDIT_ROWS = 1_024;
/** A ping, at most. */
export const PING_BYTES = 64;
/** Pings to such an address that has said nothing for so long: a probe's at once, and then as often as one that was lost is tried. */
export const UNPROVED_QUIET_MS = 10_000;
export const UNPROVED_PINGS = 8;
export const UNPROVED_PING_MS = 1_000;
/** Of the latest of them an answer counts. */
export const NONCES_KEPT = 8;

/** Rows told of what was dropped: a screenful or two; all else is added up. */
export const DROP_ROWS = 64;

/**
 * Descriptors kept back for when all others are taken: enough for a few commands at a control socket that is crowded,
 * at three each, and as many again for the ring.
 */
export const RESERVED_DESCRIPTORS = 80;
/** File descriptors left to files, the index, the console and outgoing contents, and those that are kept back. */
export const SPARE_DESCRIPTORS = 128 + RESERVED_DESCRIPTORS;

/** How often another free port is tried whose number is free for streams but not for datagrams. */
export const FREE_PORT_ATTEMPTS = 20;

/**
 * What a lab's faults hold back: bytes of one stream before its sender is let run into its own window, and
 * datagrams on their way. A datagram that is out of order comes after so long at most.
 */
export const FAULT_STREAM_BYTES = 4 << 20;
export const FAULT_DATAGRAMS = 8_192;
export const REORDER_MS = 30;

/** Names of hosts of which it is remembered where they are: as many as a large ring has members. */
export const NAMES_KEPT = 4_096;

/** Sources that are known to be those of members called elsewhere: as many again. */
export const SOURCES_KEPT = 4_096;
