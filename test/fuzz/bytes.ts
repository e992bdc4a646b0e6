/** Bytes that are somewhat other than those that were given. */
import type { RandomGenerator } from "../../src/sim/random-generator.ts";

/** What stands where a length, a count or a number does. */
const NUMBERS = [
  [0],
  [1],
  [0x7f],
  [0x80],
  [0xff],
  [0, 0],
  [0xff, 0xff],
  [0, 0, 0, 0],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0, 0x20, 0, 0, 0, 0, 0, 0],
] as const;
const MOST_CHANGES = 4;

/** Flips, overwrites, cuts, doubles, puts in and joins. @param other what parts of are put in its place */
export function damaged(
  generator: RandomGenerator,
  bytes: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  let now = bytes;
  for (let left = generator.between(1, MOST_CHANGES); left > 0; left--) {
    now = damagedOnce(generator, now, other);
  }
  return now;
}

function damagedOnce(generator: RandomGenerator, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = generator.below(bytes.length);
  const some = generator.between(1, generator.pick([2, 8, 64]));
  switch (generator.below(7)) {
    case 0: {
      const flipped = Uint8Array.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << generator.below(8));
      return flipped;
    }
    case 1:
      return overwritten(bytes, at, Uint8Array.from(generator.pick(NUMBERS)));
    case 2:
      return bytes.slice(0, at);
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(at + some));
    case 4:
      return joined(bytes.subarray(0, at + some), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), other.subarray(generator.below(other.length)));
    default:
      return overwritten(bytes, at, Uint8Array.of(generator.below(256)));
  }
}

function overwritten(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const result = Uint8Array.from(bytes);
  result.set(by.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
  return result;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
