/** The limits of marking, each with its reason. Times in milliseconds, sizes in bytes. */

/** How long the lines of a criterion are waited for, at the least: as long as a tutor would look at a screen. */
export const CRITERION_MS = 20_000;
/** A death may take a program several of its intervals to notice: a minute, or this many of them. */
export const DEATH_MS = 60_000;
export const DEATH_INTERVALS = 4;
/** Lines about pings take up to two intervals, and a program may sleep for one before its first. */
export const PING_INTERVALS = 2;
/** What was typed may go on behind its last line, as copies of what was stored: so long until the next step. */
export const STILL_MS = 300;
/** In a calm, what goes on without a line has so long to come to its end, as a file on its way to a new owner. */
export const CALM_MS = 1_000;
/** After Quit, and after the last line, so long for the process to end. */
export const QUIT_MS = 5_000;
/** A process that Ctrl-C has not ended by then is told of. */
export const INTERRUPT_MS = 2_000;
/** The file may be closed a moment after the line that tells of it. */
export const FILE_MS = 1_000;

/** Different lines of one peer that are kept, to show what was said instead. */
export const MAX_KEPT_LINES = 500;

/** Sentences beside the marks: a program may end in many ways, and nobody reads them all. */
export const MAX_NOTES = 20;

/** One submission, with all that is waited for when nothing comes; and so many intervals more. */
export const SUBMISSION_MS = 600_000;
export const SUBMISSION_INTERVALS = 60;
/** What a marker prints of one submission. */
export const MAX_DOCUMENT_BYTES = 4_194_304;
