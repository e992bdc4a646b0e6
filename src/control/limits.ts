/** The control socket's limits, each with its reason. Times in milliseconds, sizes in bytes. */

/** Copies that a store or a removal may require: as many as a ring may keep. */
export const MAX_REQUIRED = 16;
/** Keys looked up for one status: each is a request through the ring. */
export const MAX_LOOKUPS = 256;
/** Event streams open at a time: commands, a lab and a few pages. */
export const MAX_STREAMS = 64;
/** What a slow reader of events may leave unread, some 5,000 events, before it is cut off. */
export const MAX_UNREAD_BYTES = 1_048_576;
/** Requests under way at a time, event streams and transfers among them: each has a connection. */
export const MAX_REQUESTS = 256;
/** Connections are kept for the next request until none has come for so long: a program that is at work asks sooner. */
export const KEPT_QUIET_MS = 10_000;
/**
 * While more descriptors than this are open, or fewer than these are left, connections end with their answers: a
 * ring of any size needs some 1,700, and one that asks a few. That is looked at so often, at some 50 microseconds.
 */
export const DESCRIPTORS_AMPLE = 4_096;
export const DESCRIPTORS_LEFT = 256;
export const KEPT_LOOK_MS = 1_000;
/**
 * Whether this process can still open something is looked at this often: an accept that can not spins at full speed,
 * and what the ring dials meanwhile looks refused.
 */
export const CROWDING_LOOK_MS = 100;
/** A crowd is over once nothing had to be turned away for so long, which is as long as the runtime keeps what is idle. */
export const CROWD_GONE_MS = 15_000;
/** Of the descriptors that were kept back, the control socket has one in so many for each connection in a crowd. */
export const RESERVED_PER_CONNECTION = 6;
/** A request's head, at most: as much as the runtime takes. */
export const MAX_HEAD_BYTES = 16_384;
/** Contents coming in or going out at a time; each has an open file. */
export const MAX_TRANSFERS = 32;
/** A request's head must fit 16 KiB: files whose escaped paths are longer are sent and read as bytes. */
export const MAX_QUERY_CHARACTERS = 8_192;

/** An upload or a download in which no byte moves for so long has lost its other end. */
export const TRANSFER_STALL_MS = 60_000;
/** A transfer takes as long as it takes, an hour at most, while its peer answers these meanwhile. */
export const WORK_MS = 3_600_000;
export const PULSE_MS = 10_000;
export const PULSE_LIMIT_MS = 5_000;
/** A status needs no one else; its lookups do, and the protocol gives up each of those itself. */
export const STATUS_MS = 3_000;
export const LOOKUPS_MS = 15_000;
/** The members of a ring are asked for 20 s at most. */
export const RING_MS = 30_000;
/** A line is only handed over. */
export const TYPE_MS = 5_000;
/** A file's removal, and the question where it is, wait for the ring as long as the protocol does. */
export const ASK_MS = 60_000;
/** How far something is: known at once, and not worth waiting for. */
export const PROGRESS_MS = 1_000;
/** The first line of an event stream. */
export const HELLO_MS = 5_000;
/** A line of it: an event names a few peers and one file. */
export const MAX_EVENT_BYTES = 1_048_576;

/** A control socket that closes lets what was said go out for so long. */
export const LAST_WORDS_MS = 5;

/** A Unix socket's path is at most 108 bytes with its end on Linux, 104 on macOS. */
export const MAX_SOCKET_PATH_BYTES = 100;

/** An invite holds for a day unless told otherwise: long enough to walk to another machine. */
export const INVITE_MS = 86_400_000;
/** How long an invite may hold: 30 days. */
export const MAX_INVITE_MS = 2_592_000_000;
/** A former key of a ring is still taken for so long: more than a stream takes to be opened anew, and a message to arrive. */
export const KEY_ENDS_MS = 30_000;
/** For so long at least, and at most, a former key of a ring is still taken. */
export const LEAST_KEY_MS = 3_000;
export const MOST_KEY_MS = 86_400_000;
/** A change of the key is handed to all members before it is answered, to each in at most five seconds. */
export const ROTATE_MS = 60_000;
