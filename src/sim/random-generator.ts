/**
 * The simulator's one source of chance. Whatever a run draws comes from its seed, by whole numbers
 * alone, so that a seed means the same on every machine.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Quantiles of the exponential distribution with mean 1,000, at (i + 1/2) / 32: a table, since logarithms differ between machines. */
const EXPONENTIAL = [
  16, 48, 81, 116, 152, 189, 227, 267, 309, 352, 398, 445, 495, 548, 604, 662, 725, 792, 863, 940,
  1_023, 1_114, 1_214, 1_326, 1_451, 1_594, 1_761, 1_962, 2_213, 2_549, 3_060, 4_159,
] as const;

export class RandomGenerator {
  readonly #generator;

  /** @param seed a whole number; only its lower 32 bits count */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed | 0);
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return bound <= 1 ? 0 : uniformInt(this.#generator, 0, bound - 1);
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** 32 random bits. */
  bits(): number {
    return this.#generator.next() >>> 0;
  }

  /** True so often in a thousand. */
  perMille(often: number): boolean {
    return often > 0 && this.below(1_000) < often;
  }

  /** One of the list. @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError("nothing to pick from");
    return picked;
  }

  /** Up to `count` different ones of the list, in random order. */
  sample<T>(list: readonly T[], count: number): T[] {
    const left = [...list];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) {
      taken.push(...left.splice(this.below(left.length), 1));
    }
    return taken;
  }

  /** A wait between independent happenings, of that mean. */
  exponential(mean: number): number {
    return (this.pick(EXPONENTIAL) * mean) / 1_000;
  }

  /** An instance id: 64 bits, as 16 hexadecimal digits. */
  instance(): string {
    return [0, 0].map(() => this.bits().toString(16).padStart(8, "0")).join("");
  }
}
