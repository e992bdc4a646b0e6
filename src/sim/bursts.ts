/** Many operations on one name right after each other, as the clients of a busy program make them. */

import { wordOf } from "./names.ts";
import type { RandomGenerator } from "./random-generator.ts";

/** More than the origins or owners that a write remembers. */
const MANY_ORIGINS = 17;
/** So many operations, each of so many a store. */
const OPERATIONS = 60;
const READS = 10;
/** Sizes above those of the clients' other stores, small enough to travel with a message. */
const LEAST_SIZE = 40_000;

export class Bursts {
  #made = 0;

  constructor(
    private readonly generator: RandomGenerator,
    private readonly names: readonly string[],
  ) {}

  /** Stores through one peer, and reads through others in between. */
  of(name: string, writer: number, readers: readonly number[]): string[] {
    const word = wordOf(name);
    return Array.from({ length: OPERATIONS }, (_, i) => {
      const wait = this.generator.pick([1, 4, 12]);
      if (i % READS === 0) return `after ${wait} ${this.store(81, word, writer)}`;
      const place = i % readers.length;
      return `after ${wait} client ${82 + place} request ${word} via ${readers[place]}`;
    });
  }

  /** More peers store a name, one right after the other, than a write remembers. */
  ofOrigins(up: readonly number[]): string[] | null {
    if (up.length < 3) return null;
    const word = wordOf(this.generator.pick(this.names));
    const first = this.generator.below(up.length);
    return Array.from({ length: MANY_ORIGINS + 3 }, (_, i) => {
      const peer = up[(first + i) % up.length] ?? 0;
      return `after ${this.generator.pick([0, 3, 30])} ${this.store(90 + i, word, peer)}`;
    });
  }

  /** A store of another size than all others, and so of another content. */
  store(client: number, word: string, peer: number): string {
    this.#made += 1;
    return `client ${client} store ${word} ${LEAST_SIZE + 4 * this.#made} via ${peer}`;
  }
}
