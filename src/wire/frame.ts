/** Frames of a stream: a length in four bytes, then that many bytes of message. */
import { MAX_FRAME } from "./limits.ts";
import { HEADER_BYTES } from "./message.ts";

const EMPTY = new Uint8Array(0);
const LENGTH_BYTES = 4;

/** What a frame reader has for its caller. */
export type Frame =
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  /** Nothing whole yet. */
  | { readonly kind: "more" }
  /** No such frame is ever sent: the stream cannot be read any further. */
  | { readonly kind: "broken"; readonly length: number };

const MORE: Frame = { kind: "more" };

/**
 * Cuts a stream into frames, in whatever pieces it arrives. Holds the one frame that is incomplete
 * and no more: memory follows what has arrived, not the length that was announced.
 */
export class FrameReader {
  /** What has arrived and is not handed out: `#held` from `#at` to `#end`. */
  #held: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;
  /** Whether `#held` is a buffer of our own, and not the caller's latest chunk. */
  #own = false;

  /** Bytes that wait for the rest of their frame. */
  get buffered(): number {
    return this.#end - this.#at;
  }

  /** Adds what has arrived. The bytes are not copied unless they end within a frame. */
  push(chunk: Uint8Array): void {
    if (this.buffered === 0) {
      this.#held = chunk;
      this.#at = 0;
      this.#end = chunk.length;
      this.#own = false;
      return;
    }
    this.#makeRoom(chunk.length);
    this.#held.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * Takes the next frame. Call until it says "more": bytes handed out may be overwritten by the
   * next `push`.
   */
  next(): Frame {
    if (this.buffered < LENGTH_BYTES) return this.#more();
    const view = new DataView(this.#held.buffer, this.#held.byteOffset + this.#at, LENGTH_BYTES);
    const length = view.getUint32(0);
    if (length < HEADER_BYTES || length > MAX_FRAME) return { kind: "broken", length };
    if (this.buffered < LENGTH_BYTES + length) return this.#more();
    const start = this.#at + LENGTH_BYTES;
    this.#at = start + length;
    return { kind: "message", bytes: this.#held.subarray(start, this.#at) };
  }

  /** Hands over all that is left, where a stream of frames turns into raw content. */
  rest(): Uint8Array {
    const rest = this.#held.subarray(this.#at, this.#end);
    this.#held = EMPTY;
    this.#at = 0;
    this.#end = 0;
    this.#own = false;
    return rest;
  }

  /** The caller's chunk is not ours to keep: what is left of it moves to a buffer of our own. */
  #more(): Frame {
    if (this.#own && this.buffered > 0) return MORE;
    const rest = this.rest();
    if (rest.length > 0) {
      this.#held = rest.slice();
      this.#end = rest.length;
      this.#own = true;
    }
    return MORE;
  }

  #makeRoom(count: number): void {
    if (this.#end + count <= this.#held.length) return;
    const kept = this.#held.subarray(this.#at, this.#end);
    const grown = new Uint8Array(Math.max(kept.length + count, 2 * kept.length));
    grown.set(kept);
    this.#held = grown;
    this.#at = 0;
    this.#end = kept.length;
    this.#own = true;
  }
}
