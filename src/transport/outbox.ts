/** Frames on their way to one peer: bounded, in order, many to a write. */
import type { Wire } from "./ear.ts";
import { BATCH_BYTES } from "./limits.ts";

export class Outbox {
  readonly #limitBytes: number;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  /** The first frames, joined for one write, of which `#written` bytes are out. */
  #batch: Uint8Array | null = null;
  #batchFrames = 0;
  #written = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Frames that are not wholly written. */
  get size(): number {
    return this.#frames.length;
  }

  /** @returns false where the frame does not fit any more */
  push(frame: Uint8Array): boolean {
    if (this.#bytes + frame.length > this.#limitBytes) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** A new connection: begins with this frame, and again with the frame that was not wholly out. */
  restart(first: Uint8Array): void {
    this.#batch = null;
    this.#frames.unshift(first);
    this.#bytes += first.length;
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
    this.#batch = null;
  }

  /**
   * Writes as much as the socket takes.
   * @returns how many bytes it took; what is left is to be written when it drains
   */
  flush(socket: Wire): number {
    let total = 0;
    for (let batch = this.#nextBatch(); batch !== null; batch = this.#nextBatch()) {
      const taken = socket.write(batch, this.#written, batch.length - this.#written);
      // Closed: the close itself is told to the socket's ear.
      if (taken < 0) break;
      total += taken;
      this.#written += taken;
      if (this.#written < batch.length) break;
      this.#frames.splice(0, this.#batchFrames);
      this.#bytes -= batch.length;
      this.#batch = null;
    }
    return total;
  }

  #nextBatch(): Uint8Array | null {
    if (this.#batch !== null) return this.#batch;
    let count = 0;
    let bytes = 0;
    for (const frame of this.#frames) {
      if (count > 0 && bytes + frame.length > BATCH_BYTES) break;
      count++;
      bytes += frame.length;
    }
    if (count === 0) return null;
    this.#batch =
      count === 1 ? (this.#frames[0] ?? null) : Buffer.concat(this.#frames.slice(0, count), bytes);
    this.#batchFrames = count;
    this.#written = 0;
    return this.#batch;
  }
}
