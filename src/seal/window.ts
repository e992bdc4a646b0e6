/** Which numbers of one sender have come: each is taken once, and one that is too old not at all (RFC 6479). */
import { WINDOW } from "./limits.ts";

export class Window {
  #latest = -1;
  /** A bit for each of the latest numbers, in a circle. */
  readonly #came = new Uint8Array(WINDOW / 8);

  /** True if a number has not come, and is not so old that this could not be told. */
  isNew(number: number): boolean {
    if (number > this.#latest) return true;
    return number > this.#latest - WINDOW && ((this.#came[at(number)] ?? 0) & bit(number)) === 0;
  }

  /** Takes a number whose datagram has been opened: whoever made it has the key. */
  take(number: number): void {
    for (let next = Math.max(this.#latest + 1, number - WINDOW + 1); next <= number; next++)
      this.#came[at(next)] = (this.#came[at(next)] ?? 0) & ~bit(next);
    this.#latest = Math.max(this.#latest, number);
    this.#came[at(number)] = (this.#came[at(number)] ?? 0) | bit(number);
  }
}

function at(number: number): number {
  return Math.floor((number % WINDOW) / 8);
}

function bit(number: number): number {
  return 1 << (number % 8);
}
