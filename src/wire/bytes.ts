/**
 * Bytes out and bytes in, big-endian. Writing a value outside its range is a mistake of this
 * program and throws RangeError; reading past the end, or a value outside its range, is the sender's
 * and throws Malformed, which only `decode` catches.
 */

/** What is wrong with bytes that came in. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

const UTF8 = new TextEncoder();
/** A byte order mark is a character like others here: what was sent is what is read. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A buffer's own ways between texts and bytes take any bytes and a place in them, so that no view of
 * a part is made for each value: that would take longer than all else.
 */
const textIn = Buffer.prototype.toString;
const writeText = Buffer.prototype.write;

/** Bodies of up to so many bytes are copied twice, which takes less time than to look at them apart. */
const SHORT_BODY_BYTES = 8_192;

/**
 * Appends values to a buffer that grows as needed. `u8` to `u53` take whole numbers from 0 to what so
 * many bits hold, and throw RangeError for others.
 */
export class Writer {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * @param behind bytes that go behind what was written
   * @returns a copy of what was written
   */
  finish(behind: Uint8Array | null = null): Uint8Array {
    if (behind === null) return this.#bytes.slice(0, this.#length);
    if (behind.length <= SHORT_BODY_BYTES) {
      this.bytes(behind);
      return this.#bytes.slice(0, this.#length);
    }
    const whole = new Uint8Array(this.#length + behind.length);
    whole.set(this.#bytes.subarray(0, this.#length));
    whole.set(behind, this.#length);
    return whole;
  }

  /** @returns what was written, where it stands: good until the next call */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, whole(value, 0xff));
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, whole(value, 0xffff));
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, whole(value, 0xffffffff));
  }

  u48(value: number): void {
    const at = this.#take(6);
    this.#view.setUint16(at, Math.floor(whole(value, 2 ** 48 - 1) / 2 ** 32));
    this.#view.setUint32(at + 2, value % 2 ** 32);
  }

  /** A whole number up to 2^53 - 1, in 8 bytes. */
  u53(value: number): void {
    const at = this.#take(8);
    this.#view.setUint32(at, Math.floor(whole(value, Number.MAX_SAFE_INTEGER) / 2 ** 32));
    this.#view.setUint32(at + 4, value % 2 ** 32);
  }

  /** Exactly `length` bytes from lower-case hexadecimal digits. */
  hex(digits: string, length: number): void {
    const at = this.#take(length);
    const valid =
      digits.length === 2 * length &&
      digits === digits.toLowerCase() &&
      writeText.call(this.#bytes, digits, at, length, "hex") === length;
    if (!valid) throw new RangeError(`not ${2 * length} hexadecimal digits: ${digits}`);
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** @returns a copy of what was written from a place on */
  since(at: number): Uint8Array {
    return this.#bytes.slice(at, this.#length);
  }

  /** Overwrites what was written at a place. */
  u32At(at: number, value: number): void {
    this.#view.setUint32(at, whole(value, 0xffffffff));
  }

  /** u16 length, then UTF-8. */
  text(text: string, maxBytes: number): void {
    if (text.length <= maxBytes && this.#plain(text)) return;
    if (!text.isWellFormed()) throw new RangeError("a text with half a character");
    const bytes = UTF8.encode(text);
    if (bytes.length > maxBytes) throw new RangeError(`a text of ${bytes.length} bytes`);
    this.u16(bytes.length);
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Writes a text of plain ASCII, as most are: without a detour, a byte a character. */
  #plain(text: string): boolean {
    const { length } = text;
    const start = this.#length;
    this.u16(length);
    const at = this.#take(length);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) {
        this.#length = start;
        return false;
      }
      this.#bytes[at + i] = code;
    }
    return true;
  }

  /**
   * Makes room for `count` bytes and returns where they begin. The buffer may be another one
   * afterwards: look at it only then.
   */
  #take(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}

/**
 * Takes values from bytes, in order, as a Writer put them there; throws Malformed where the bytes end
 * too soon, or are no such value. Numbers are put together by hand: a view made for each message costs more.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** No place on the circle that is read is above this one. */
  readonly lastPosition: number;

  /** @param bits of the circle's positions */
  constructor(bytes: Uint8Array, bits = 48) {
    this.#bytes = bytes;
    this.lastPosition = 2 ** bits - 1;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#byte(this.#take(1));
  }

  u16(): number {
    return this.#pair(this.#take(2));
  }

  u32(): number {
    return this.#four(this.#take(4));
  }

  u48(): number {
    const at = this.#take(6);
    return this.#pair(at) * 2 ** 32 + this.#four(at + 2);
  }

  u53(): number {
    const at = this.#take(8);
    const high = this.#four(at);
    if (high >= 2 ** 21) throw new Malformed("a number above 2^53");
    return high * 2 ** 32 + this.#four(at + 4);
  }

  hex(length: number): string {
    const at = this.#take(length);
    return textIn.call(this.#bytes, "hex", at, at + length);
  }

  text(maxBytes: number): string {
    const length = this.u16();
    if (length > maxBytes) throw new Malformed(`a text of ${length} bytes`);
    const at = this.#take(length);
    if (length === 0) return "";
    if (this.#isPlain(at, at + length)) return textIn.call(this.#bytes, "latin1", at, at + length);
    try {
      return STRICT_UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw new Malformed("a text that is not UTF-8");
    }
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** @returns a copy of all that is left, null where nothing is */
  rest(): Uint8Array | null {
    return this.left === 0 ? null : this.#bytes.slice(this.#take(this.left));
  }

  /** True of plain ASCII, as most texts are. */
  #isPlain(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (this.#byte(at) >= 0x80) return false;
    return true;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #pair(at: number): number {
    return this.#byte(at) * 2 ** 8 + this.#byte(at + 1);
  }

  #four(at: number): number {
    return this.#pair(at) * 2 ** 16 + this.#pair(at + 2);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.left) throw new Malformed("cut short");
    this.#at = at + count;
    return at;
  }
}

function whole(value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${value} is no whole number from 0 to ${most}`);
  }
  return value;
}
