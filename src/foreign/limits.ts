/** The limits on somebody else's program, each with its reason. Times in milliseconds, sizes in bytes. */

/** A program that has printed nothing in so long, and runs, may keep its output until there is more of it. */
export const SILENCE_MS = 4_000;
/** Peers that have ended have said all they will; what is left in their pipes is read for so long. */
export const DRAIN_MS = 300;

/** Text without a line's end that stands for so long is a prompt, or all that comes. */
export const STANDING_MS = 150;
/** Longer than any prompt; and so many different ones are remembered. */
export const MAX_PROMPT_CHARS = 60;
export const MAX_PROMPTS = 8;
/** A longer line comes in pieces. */
export const MAX_LINE_CHARS = 4_096;
/** So much of its last words is repeated. */
export const MAX_WORDS_CHARS = 200;
/** A peer that prints more than this in a minute is ended: a good one prints a few kilobytes. */
export const MAX_OUTPUT_BYTES = 4_000_000;
export const OUTPUT_MS = 60_000;

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
