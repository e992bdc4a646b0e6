/**
 * A message is dealt with whole or not at all. A peer that throws in the middle of one is given up for one
 * that never had it: a copy made a while ago, which is given again what has come since, but for what it
 * was given for nothing. (A checkpoint and a redo log, as databases recover: Gray & Reuter, "Transaction
 * Processing", 1993.) A step is a pure function, so what is played again is what was.
 */
import type { Effect, Input } from "./model/io.ts";
import { copyPeer, giveUp, type Peer } from "./state.ts";

/**
 * A new copy is made after so many inputs and items in their lists. The large tables are copied when a copy is
 * needed (journaled.ts), so that to make one takes a tenth of a millisecond, however many files are held: little an
 * input. What has come since is kept in memory, some MiB, and is played again in a fraction of a second.
 */
const MOST_WEIGHT = 2_048;

export class Checkpoint {
  readonly #step: (peer: Peer, input: Input) => Effect[];
  #copy: Peer;
  #since: Input[] = [];
  #weight = 0;

  /**
   * @param peer one that has just been started; it goes on, and is given to `note` after each step
   * @param step what is played again
   */
  constructor(peer: Peer, step: (peer: Peer, input: Input) => Effect[]) {
    this.#step = step;
    this.#copy = copyPeer(peer);
  }

  /** The peer has dealt with an input: as it is now it can be had again. */
  note(peer: Peer, input: Input): void {
    this.#since.push(input);
    this.#weight += weightOf(input);
    if (this.#weight > MOST_WEIGHT) this.#take(peer);
  }

  /** @returns the peer as it was when it was last noted; to be used in the place of the one that threw */
  restore(): Peer {
    const peer = this.#copy;
    for (const input of this.#since) this.#step(peer, input);
    this.#take(peer);
    return peer;
  }

  #take(peer: Peer): void {
    if (this.#copy !== peer) giveUp(this.#copy);
    this.#copy = copyPeer(peer);
    this.#since = [];
    this.#weight = 0;
  }
}

/** What an input keeps in memory: itself, and what stands in the lists of its message. */
function weightOf(input: Input): number {
  if (input.type !== "message") return 1;
  let weight = 1;
  for (const value of Object.values(input.message)) {
    if (Array.isArray(value)) weight += value.length;
  }
  return weight;
}
