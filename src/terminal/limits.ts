/** The limits of what people type, each with its reason. Sizes in bytes. */

/** A line typed at a peer: far longer than any command, far shorter than a flood. */
export const MAX_LINE_BYTES = 8_192;
/** Input that goes on for so long without a line's end is no text, and is read no further. */
export const MAX_ENDLESS_BYTES = 1_048_576;
