/**
 * How long a frame has been under way, told so that its receiver can work it out with its own clock. The
 * sender of a stream numbers its hellos, the receiver sends each back: its _echo_. A frame names an echo
 * and says how long after that echo's arrival it was made. The echo had left the receiver before it
 * arrived, so the frame is at most as old as the time since the echo left, less what the frame says:
 * durations only, no clock of one machine compared with that of another.
 */

export type Age = {
  /** The number of the hello whose echo is meant, 1 to 255; 0 where none had arrived. */
  readonly beat: number;
  /** From that echo's arrival at the sender to the making of the frame; 0 where there is none. */
  readonly sinceMs: number;
};

/** Of a frame made before any echo had arrived: its receiver cannot tell how old it is. */
export const NO_AGE: Age = { beat: 0, sinceMs: 0 };

export const LENGTH_BYTES = 4;
/** Before each message in a stream: its length, then its age, in one byte and four. */
export const PREFIX_BYTES = LENGTH_BYTES + 5;

/** Longer than any connection goes without a new echo; an older one is as good as none. */
const MOST_MS = 0xffffffff;

/** Writes a frame's age into it. */
export function setAge(frame: Uint8Array, { beat, sinceMs }: Age): void {
  const known = sinceMs <= MOST_MS;
  frame[LENGTH_BYTES] = known ? beat : 0;
  // Rounded down: a frame may be held for older than it is, never for younger.
  const ms = known ? Math.floor(sinceMs) : 0;
  for (let i = 1; i <= 4; i++) frame[LENGTH_BYTES + i] = ms >>> (32 - 8 * i);
}

/** Reads the age out of a frame that begins at a place. */
export function ageIn(bytes: Uint8Array, at = 0): Age {
  const beat = bytes[at + LENGTH_BYTES] ?? 0;
  return beat === 0 ? NO_AGE : { beat, sinceMs: u32In(bytes, at + LENGTH_BYTES + 1) };
}

/** Four bytes as a number, without a view of them made for each. */
export function u32In(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
