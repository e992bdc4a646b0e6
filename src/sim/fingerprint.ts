/** A rolling hash of all that happens in a run: two runs of one seed are the same history if it is. */
export class Fingerprint {
  #low = 0x811c9dc5;
  #high = 0x9747b28c;

  /** Takes in a whole number. */
  add(value: number): void {
    const low = value >>> 0;
    const high = Math.floor(value / 2 ** 32) >>> 0;
    this.#low = Math.imul(this.#low ^ low, 0x01000193) ^ (this.#high >>> 13);
    this.#high = Math.imul(this.#high ^ high ^ low, 0x85ebca6b) ^ (this.#low >>> 11);
  }

  /** A time in milliseconds, to the microsecond. */
  addTime(ms: number): void {
    this.add(Math.round(ms * 1_000));
  }

  /** Takes in bytes, and how many they are. */
  addBytes(bytes: Uint8Array): void {
    this.add(Bun.hash.xxHash32(bytes, 0));
    this.add(Bun.hash.xxHash32(bytes, 1));
    this.add(bytes.length);
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    const hex = (n: number) => (n >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }
}
