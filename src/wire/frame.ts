/** Frames of a stream: a length in four bytes, an age in five, then as many bytes of message as the length says. */
import { type Age, ageIn, LENGTH_BYTES, PREFIX_BYTES, u32In } from "./age.ts";
import { MAX_FRAME } from "./limits.ts";
import { HEADER_BYTES } from "./message.ts";

const EMPTY = new Uint8Array(0);

/** What a frame reader has for its caller. */
export type Frame =
  | { readonly kind: "message"; readonly bytes: Uint8Array; readonly age: Age }
  /** Nothing whole yet. */
  | { readonly kind: "more" }
  /** No such frame is ever sent: the stream cannot be read any further. */
  | { readonly kind: "broken"; readonly length: number };

const MORE: Frame = { kind: "more" };

/**
 * Cuts a stream into frames, in whatever pieces it arrives. Frames that lie whole in a chunk are handed
 * out as parts of it; only one that goes over its end is put together in a buffer. Memory follows what
 * has arrived, not the length that was announced.
 */
export class FrameReader {
  /** What has arrived of a frame that began in an earlier chunk, `#begun` bytes of it. */
  #begin: Uint8Array = EMPTY;
  #begun = 0;
  /** The latest chunk, which is the caller's, and where what is not handed out begins in it. */
  #chunk: Uint8Array = EMPTY;
  #at = 0;

  /** Bytes that wait for the rest of their frame. */
  get buffered(): number {
    return this.#begun + this.#chunk.length - this.#at;
  }

  /** Adds what has arrived. The bytes must stay as they are until `next` has said "more". */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) this.#keep(this.#chunk.length - this.#at);
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * Takes the next frame. Call until it says "more": bytes handed out may be overwritten by the
   * next `push`.
   */
  next(): Frame {
    return this.#begun > 0 ? this.#joined() : this.#inChunk();
  }

  /** Hands over all that is left, where a stream of frames turns into raw content. */
  rest(): Uint8Array {
    if (this.#begun > 0) this.#keep(this.#chunk.length - this.#at);
    const rest = this.#begun > 0 ? this.#taken() : this.#chunk.subarray(this.#at);
    this.#forgetChunk();
    return rest;
  }

  #inChunk(): Frame {
    const left = this.#chunk.length - this.#at;
    const length = left < LENGTH_BYTES ? null : u32In(this.#chunk, this.#at);
    if (length !== null && !isLength(length)) return { kind: "broken", length };
    if (length === null || left < PREFIX_BYTES + length) return this.#more();
    const age = ageIn(this.#chunk, this.#at);
    const start = this.#at + PREFIX_BYTES;
    this.#at = start + length;
    return { kind: "message", bytes: this.#chunk.subarray(start, this.#at), age };
  }

  /** The frame that began earlier takes what it lacks from the chunk, and no more. */
  #joined(): Frame {
    this.#keep(LENGTH_BYTES - this.#begun);
    if (this.#begun < LENGTH_BYTES) return this.#more();
    const length = u32In(this.#begin, 0);
    if (!isLength(length)) return { kind: "broken", length };
    this.#keep(PREFIX_BYTES + length - this.#begun);
    if (this.#begun < PREFIX_BYTES + length) return this.#more();
    const whole = this.#taken();
    return { kind: "message", bytes: whole.subarray(PREFIX_BYTES), age: ageIn(whole) };
  }

  /** The caller's chunk is not ours to keep: what is left of it moves to a buffer of our own. */
  #more(): Frame {
    this.#keep(this.#chunk.length - this.#at);
    this.#forgetChunk();
    return MORE;
  }

  /** Copies bytes of the chunk, as many as there are up to a count. */
  #keep(count: number): void {
    const part = this.#chunk.subarray(this.#at, this.#at + Math.max(0, count));
    const needed = this.#begun + part.length;
    if (needed > this.#begin.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#begun));
      grown.set(this.#begin.subarray(0, this.#begun));
      this.#begin = grown;
    }
    this.#begin.set(part, this.#begun);
    this.#begun = needed;
    this.#at += part.length;
  }

  #taken(): Uint8Array {
    const taken = this.#begin.subarray(0, this.#begun);
    this.#begin = EMPTY;
    this.#begun = 0;
    return taken;
  }

  #forgetChunk(): void {
    this.#chunk = EMPTY;
    this.#at = 0;
  }
}

function isLength(length: number): boolean {
  return length >= HEADER_BYTES && length <= MAX_FRAME;
}
