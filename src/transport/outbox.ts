/** Frames on their way to one peer: bounded, in order, many to a write. */
import { type Age, NO_AGE, setAge } from "../wire/age.ts";
import type { Wire } from "./connection.ts";
import { BATCH_BYTES } from "./limits.ts";

/** Where small frames are joined: the system copies what it takes, so one place serves all peers. */
const batch = new Uint8Array(BATCH_BYTES);

export class Outbox {
  readonly #limitBytes: number;
  /** Those before `#first` are out. */
  #frames: Uint8Array[] = [];
  #first = 0;
  /** Of all that wait, what is out of the first included. */
  #bytes = 0;
  /** How much of the first is out. */
  #written = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Frames that are not wholly written. */
  get size(): number {
    return this.#frames.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes - this.#written;
  }

  /** @returns false where the frame does not fit any more */
  push(frame: Uint8Array, age: Age): boolean {
    if (this.#bytes + frame.length > this.#limitBytes) return false;
    setAge(frame, age);
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /**
   * A new connection: begins with this frame, and again with the frame that was not wholly out. How old
   * those are that waited cannot be told on it.
   */
  restart(first: Uint8Array): void {
    this.#frames.splice(0, this.#first, first);
    for (const frame of this.#frames) setAge(frame, NO_AGE);
    this.#first = 0;
    this.#written = 0;
    this.#bytes += first.length;
  }

  clear(): void {
    this.#frames = [];
    this.#first = 0;
    this.#written = 0;
    this.#bytes = 0;
  }

  /**
   * Writes as much as the socket takes.
   * @returns how many bytes it took; what is left is to be written when it drains
   */
  flush(socket: Wire): number {
    let total = 0;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const taken = socket.write(next);
      // Closed: the close itself is told to the socket's handler.
      if (taken < 0) break;
      total += taken;
      this.#advance(taken);
      if (taken < next.length) break;
    }
    return total;
  }

  /** What goes out with the next write: the rest of the first frame, or several in one piece. */
  #next(): Uint8Array | null {
    const frame = this.#frames[this.#first];
    if (frame === undefined) return null;
    const second = this.#frames[this.#first + 1];
    const left = frame.subarray(this.#written);
    if (second === undefined || left.length + second.length > BATCH_BYTES) return left;
    batch.set(left);
    let bytes = left.length;
    for (let at = this.#first + 1; at < this.#frames.length; at++) {
      const more = this.#frames[at];
      if (more === undefined || bytes + more.length > BATCH_BYTES) break;
      batch.set(more, bytes);
      bytes += more.length;
    }
    return batch.subarray(0, bytes);
  }

  #advance(taken: number): void {
    this.#written += taken;
    let frame = this.#frames[this.#first];
    while (frame !== undefined && this.#written >= frame.length) {
      this.#written -= frame.length;
      this.#bytes -= frame.length;
      this.#first++;
      frame = this.#frames[this.#first];
    }
    // What is out is forgotten when it is the greater part: so each frame is moved once at most.
    if (this.#first * 2 < this.#frames.length) return;
    this.#frames.splice(0, this.#first);
    this.#first = 0;
  }
}
