/** The limits of marking, each with its reason. Times in milliseconds, sizes in bytes. */

/** How long the lines of a criterion are waited for, at the least: as long as a tutor would look at a screen. */
export const CRITERION_MS = 20_000;
/** A death may take a program several of its intervals to notice: a minute, or this many of them. */
export const DEATH_MS = 60_000;
export const DEATH_INTERVALS = 4;
/** Lines about pings take up to two intervals, and a program may sleep for one before its first. */
export const PING_INTERVALS = 2;
/** A program that has printed nothing in so long, and runs, may keep its output until there is more of it. */
export const SILENCE_MS = 4_000;
/** Peers that have ended have said all they will; what is left in their pipes is read for so long. */
export const DRAIN_MS = 300;
/** After Quit, and after the last line, so long for the process to end. */
export const QUIT_MS = 5_000;
/** A process that Ctrl-C has not ended by then is told of. */
export const INTERRUPT_MS = 2_000;
/** The file may be closed a moment after the line that tells of it. */
export const FILE_MS = 1_000;

/** Text without a line's end that stands for so long is a prompt, or all that comes. */
export const STANDING_MS = 150;
/** Longer than any prompt; and so many different ones are remembered. */
export const MAX_PROMPT_CHARS = 60;
export const MAX_PROMPTS = 8;
/** A longer line comes in pieces. */
export const MAX_LINE_CHARS = 4_096;
/** Different lines of one peer that are kept, to show what was said instead. */
export const MAX_KEPT_LINES = 500;
/** A peer that prints more than this in one part is ended: the whole of a good run is a few kilobytes. */
export const MAX_OUTPUT_BYTES = 4_000_000;

/** Sentences beside the marks: a program may end in many ways, and nobody reads them all. */
export const MAX_NOTES = 20;

/** The work folder of a submission, on a disk of its own in memory. */
export const DISK_BYTES = 268_435_456;
/** Processes of one submission, and the memory of all of them together, before they are ended. */
export const MAX_PROCESSES = 400;
export const MEMORY_BYTES = 2_000_000_000;
/** So often both are looked at. */
export const WATCH_MS = 250;

/** Ending what was started: looks for what is left, and the pause between two of them. */
export const HUNT_ROUNDS = 40;
export const HUNT_PAUSE_MS = 25;
/** A caged marker that was asked to end is killed after so long. */
export const CAGE_END_MS = 3_000;
/** Whether namespaces can be had shows in milliseconds. */
export const CAGE_TRY_MS = 5_000;
/** Ports of a part that has ended are waited for: the system may keep them for a minute. */
export const PORTS_MS = 65_000;

/** One submission, with all that is waited for when nothing comes; and so many intervals more. */
export const SUBMISSION_MS = 600_000;
export const SUBMISSION_INTERVALS = 60;
/** What a marker prints of one submission. */
export const MAX_DOCUMENT_BYTES = 4_194_304;
