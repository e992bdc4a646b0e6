/** The door's limits, each with its reason. Times in milliseconds, sizes in bytes. */

/** A line typed at a peer: far longer than any command, far shorter than a flood. */
export const MAX_LINE_BYTES = 8_192;
/** A file's name in UTF-8, as file systems have it. */
export const MAX_NAME_BYTES = 255;
/** Keys looked up for one status: each is a request through the ring. */
export const MAX_LOOKUPS = 256;
/** Event streams open at a time: commands, a lab and a few pages. */
export const MAX_STREAMS = 64;
/** What a slow reader of events may leave unread, some 5,000 events, before it is cut off. */
export const MAX_UNREAD_BYTES = 1_048_576;
/** Contents coming in or going out at a time; each has a spooled file. */
export const MAX_TRANSFERS = 32;

/** An upload or a download in which no byte moves for so long has lost its other end. */
export const TRANSFER_STALL_MS = 60_000;
/** A transfer takes as long as it takes, an hour at most, while its peer answers these meanwhile. */
export const WORK_MS = 3_600_000;
export const PULSE_MS = 10_000;
export const PULSE_LIMIT_MS = 5_000;
/** A status needs no one else; its lookups do, and the protocol gives up each of those itself. */
export const STATUS_MS = 3_000;
export const LOOKUPS_MS = 15_000;
/** A line is only handed over. */
export const TYPE_MS = 5_000;
/** An answer to a listing: each member is asked, and those that are silent are waited for. */
export const LIST_MS = 30_000;
/** The first line of an event stream. */
export const HELLO_MS = 5_000;
/** A line of it: an event names a few peers and one file. */
export const MAX_EVENT_BYTES = 1_048_576;

/** A door that closes lets what was said go out for so long. */
export const LAST_WORDS_MS = 5;

/** A Unix socket's path is at most 108 bytes with its end on Linux, 104 on macOS. */
export const MAX_SOCKET_PATH_BYTES = 100;
