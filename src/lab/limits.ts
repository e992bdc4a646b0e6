/** The lab's limits, each with its reason. Times in milliseconds. */

/** A ring, a join or a fault that takes longer than this has failed: the ring's own slowest wait is 10 s. */
export const STEADY_MS = 30_000;
/** The checks must hold for so long without a break before a fault counts as healed. */
export const HOLD_MS = 500;
/** Events that are this late still count as of their own time. */
export const LATE_EVENTS_MS = 30;
/** Several changes of the views in a row are judged together. */
export const DEBOUNCE_MS = 10;
/** Events may have been missed: so often the peers are asked themselves, if nothing happens. */
export const POLL_MS = 1_000;
/** A status needs no one else; with lookups each hop of each may be slow. */
export const STATUS_MS = 3_000;
export const LOOKUPS_MS = 10_000;

/**
 * A control socket that is not there yet is tried again so soon at first, after so many tries half as often, and
 * ever more slowly: in a large ring that comes together dozens are waited for, on the cores that they need.
 */
export const CONTROL_RETRY_MS = 5;
export const CONTROL_SLOW_RETRY_MS = 100;
export const CONTROL_RETRY_GROWTH = 8;

/** Events kept to be put on top of a status that was made before them: it takes far less to come. */
export const MAX_RECENT_EVENTS = 1_024;

/** How long a command typed at a peer may take before the next is read. */
export const TYPED_MS = 30_000;
/** What the other peers still have to say of a command that has ended comes within so long. */
export const QUIET_MS = 100;
export const QUIET_AT_MOST_MS = 1_000;
/** Children asked to end are killed after so long; what they have left to say is read for so long. */
export const END_MS = 400;
export const DRAIN_MS = 500;

/** A line of a child that is longer than this is shown in pieces. */
export const MAX_LINE_CHARS = 16_384;
/** What a slow terminal or pipe leaves unread, in bytes, before lines are left out. */
export const MAX_UNREAD_BYTES = 4_194_304;
/** What prompts remember of what was typed at them: a few screens of it, in a small file. */
export const HISTORY_LINES = 500;
export const HISTORY_BYTES = 32_768;
/** Typed lines that wait for those before them. */
export const MAX_WAITING_LINES = 1_000;

/** A request to another process's ring: a start may take as long as a join. */
export const RING_ASK_MS = 5_000;
export const RING_START_MS = STEADY_MS + 5_000;
/** How long a ring that may be dead is asked whether it lives. */
export const RING_ALIVE_MS = 500;

/** Chaos never leaves fewer peers alive: the copies of a file. */
export const FEWEST_LIVING = 3;
/** The most kills of one run; the schedule is drawn beforehand. */
export const MAX_KILLS = 100_000;
/** Files stored before the first kill, and the largest of them in bytes. */
export const FILES = 20;
export const LARGEST_FILE = 1_000_000;
/** Clients that store, request and remove meanwhile, on so many names, with such pauses; what they still wait for at the end. */
export const CLIENTS = 4;
export const CLIENT_NAMES = 5;
export const CLIENT_PAUSE_MS = 160;
export const CLIENTS_END_MS = 30_000;
/** How long a client of somebody else's may take to end, and how long a line of it may be. */
export const CLIENT_END_MS = 5_000;
export const MAX_OPERATION_CHARS = 1_000_000;
/** Operations of a workload's file, and the largest store of them, whose content is held in memory. */
export const MAX_ORDERS = 1_000_000;
export const MAX_ORDER_BYTES = 100_000_000;
/** After the last fault the copies settle for so long before the files are read back. */
export const SETTLE_MS = 1_500;
/** So often the peers are asked whether every file has its copies again. */
export const COPIED_POLL_MS = 100;
/** Operations that a page draws, and so many of the slowest among them: a few hundred kilobytes. */
export const MOST_DRAWN = 12_000;
export const SLOWEST_DRAWN = 1_000;
/** The largest file of a run that is read: an hour under load has a tenth of that. */
export const MAX_RUN_BYTES = 400_000_000;
/** A content that does not come in so long counts as lost. */
export const READ_MS = 30_000;
/** A peer that could not read just now is asked again so soon. */
export const READ_AGAIN_MS = 500;
/** `status` waits so long for the news of the last command to have gone round. */
export const CALM_AT_MOST_MS = 500;
export const CALM_POLL_MS = 50;

/** The most faults of one run; they are drawn beforehand. */
export const MAX_FAULTS = 100_000;

/**
 * What is put into a peer ends by itself after so long, whatever has become of the lab: ten times as long as
 * until it is renewed, so that a busy machine does not mend a cut. A peer that takes longer to answer is asked
 * again with the next renewal: it may be frozen.
 */
export const FAULT_LEASE_MS = 10_000;
export const RENEW_MS = 1_000;
export const INJECT_MS = 1_500;
/** A peer that had no room is asked for its copies again after a minute, and then they have to come. */
export const FULL_REMEMBERED_MS = 75_000;
/** A ring that freezes a peer for somebody thaws it so much later than it should have been, if nobody does. */
export const FREEZE_SLACK_MS = 5_000;
/** A peer that is started amid faults may find its contact gone: it is tried again, so often and for so long. */
export const START_RETRY_MS = 250;
export const START_AGAIN_MS = 2 * STEADY_MS;
/** A borrowed ring gets its peers back, if that takes no longer. */
export const GIVE_BACK_MS = 1_000;
/** Another program takes several of its intervals to notice a death or to let somebody in. */
export const FOREIGN_INTERVALS = 20;
/** A ping that came in so many intervals, and so long besides, still counts. */
export const HEARD_INTERVALS = 3;
export const HEARD_MS = 1_000;
/** What is typed at another program's peer has come to its end by then, or nobody waits for it any more. */
export const FOREIGN_TYPED_MS = 10_000;
/** A port of a peer that was killed may be kept by the system for a minute, from a program that does not ask for it. */
export const KEPT_PORT_MS = 65_000;
export const KEPT_PORT_PAUSE_MS = 1_000;
export const FREE_POLL_MS = 250;
/** A ring that is started for the background gives up by itself; a large one founds first, and then lets in wave after wave. */
export const LAUNCH_MS = 5 * STEADY_MS;
/** The log of a ring without a terminal, before it is set aside for a new one. */
export const RING_LOG_BYTES = 4_194_304;
/** A ring that is asked to end has its peers end first; how often it is looked after. */
export const RING_DOWN_MS = 10_000;
export const RING_DOWN_POLL_MS = 20;
/** A log that is followed is looked at so often. */
export const LOG_POLL_MS = 100;
/** Files that are stored in a ring of another program, and how large they are: in bytes. */
export const FOREIGN_FILES = 8;
export const FOREIGN_FILE_BYTES = 20_000;
/** What must hold of such a ring is said anew with each round of pings: it must hold for so many of them. */
export const FOREIGN_HOLD_INTERVALS = 1.5;
/** The log of a ring that can be shown again: some days of a quiet one, an hour of a busy one. */
export const RECORD_BYTES = 200_000_000;
/** What a ring has to write down waits so long for what comes with it: no longer than a person notices. */
export const RECORD_MS = 20;
/** A live view is painted so often at most, in milliseconds; what is typed is shown at once. */
export const FRAME_MS = 80;
/** The same as long as its ring has not come together. */
export const START_FRAME_MS = 250;
/** Copies of a file, where nobody says how many: the peers' own default. */
export const COPIES = 3;
