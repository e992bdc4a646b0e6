/**
 * A peer's own source of chance, seeded by its start input. The state is one word, so a peer stays a
 * plain value. Algorithm: mulberry32 (Tommy Ettinger, public domain); quality for choices, not secrets.
 */
export type Random = { state: number };

/** @param seed a whole number in [0, 2^32) */
export function makeRandom(seed: number): Random {
  return { state: seed >>> 0 };
}

/** The next 32 random bits. */
export function randomBits(random: Random): number {
  random.state = (random.state + 0x6d2b79f5) >>> 0;
  let t = random.state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (t ^ (t >>> 14)) >>> 0;
}

/** A whole number in [0, bound); bound at most 2^32. */
export function randomBelow(random: Random, bound: number): number {
  return Math.floor((randomBits(random) / 2 ** 32) * bound);
}

/** A whole number in [0, 2^48), never 0: an id of a request. */
export function randomRequest(random: Random): number {
  return (randomBits(random) % 2 ** 16) * 2 ** 32 + (randomBits(random) || 1);
}

/** Up to `count` different elements of `list`, in random order; the list is not changed. */
export function randomSample<T>(random: Random, list: readonly T[], count: number): T[] {
  if (count >= list.length) return [...list];
  const taken = new Set<number>();
  const sample: T[] = [];
  while (sample.length < count) {
    const index = randomBelow(random, list.length);
    const element = list[index];
    if (taken.has(index) || element === undefined) continue;
    taken.add(index);
    sample.push(element);
  }
  return sample;
}
