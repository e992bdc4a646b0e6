/**
 * A file that a command stores from where it is: opened once, and read until the command has ended. It
 * is stored as it was when it was opened, or not at all.
 */
import type { Named } from "../../control/host.ts";
import { BODY_BYTES } from "../../protocol/model/config.ts";
import { EMPTY_SHA256 } from "../../protocol/model/files.ts";
import type { Content, FileContent } from "../../store/content.ts";
import { markOf } from "../../store/user-files.ts";
import { EARLY_BUFFERS, HASH_BYTES } from "../limits.ts";
import type { EarlyCopy } from "./early.ts";
import { openQuietly } from "./given.ts";

const EMPTY = new Uint8Array(0);

/** Whatever happens to its name meanwhile, all who read it get the file that the command meant. */
export class HeldFile {
  readonly #mark: string;
  readonly #touchedNs: bigint;
  #readers = 0;
  #released = false;
  #short = false;
  #changed = false;
  /** How many were given its last byte, and did not find that it was another. */
  #given = 0;

  private constructor(private readonly content: FileContent) {
    this.#mark = content.mark();
    this.#touchedNs = content.touchedNs();
  }

  /** @returns null if this process cannot open that very file */
  static open({ path, mark }: Named): HeldFile | null {
    const content = openQuietly(path);
    if (content === null) return null;
    if (markOf(path) === mark) return new HeldFile(content);
    content.close();
    return null;
  }

  /** @returns null if that is no file that can be read */
  static at(path: string): HeldFile | null {
    const content = openQuietly(path);
    return content === null ? null : new HeldFile(content);
  }

  /** Bytes, when it was opened. */
  get size(): number {
    return this.content.size;
  }

  /** It has fewer bytes, or had when it was read, than when it was opened. */
  get short(): boolean {
    return this.#short || (!this.#closed && this.content.sizeNow() < this.size);
  }

  /** It is not what it was when it was opened: what was read of it may be a mixture. */
  get changed(): boolean {
    this.#changed ||= this.#short || (!this.#closed && this.content.mark() !== this.#mark);
    return this.#changed;
  }

  /** It may be another one, though its size and time say nothing of that: they can be set back. */
  get suspect(): boolean {
    return this.changed || (!this.#closed && this.content.touchedNs() !== this.#touchedNs);
  }

  /** It is not what it was, and nobody can have had it whole. */
  get spoilt(): boolean {
    return this.changed && this.#given === 0;
  }

  /** What came of it, up to its last byte, was not what it hashed to. */
  noteChanged(): void {
    this.#given -= 1;
    this.#changed = true;
  }

  /** Its bytes, if they are few; null if they are many, none, or not what they were. */
  small(): Uint8Array | null {
    const { size } = this.content;
    if (size === 0 || size > BODY_BYTES) return null;
    const bytes = new Uint8Array(size);
    const read = this.content.read(bytes, 0);
    if (typeof read === "number" && read < size) this.#short = true;
    return this.changed ? null : bytes;
  }

  /**
   * Reads it once and hashes it, letting everything else go on meanwhile.
   * @param seen is given the bytes read so far
   * @param copy is given the bytes themselves
   * @returns null if it is not what it was
   */
  async hash(seen: (bytes: number) => void, copy: EarlyCopy | null = null): Promise<string | null> {
    const { size } = this.content;
    if (size === 0) return this.changed ? null : EMPTY_SHA256;
    const content = this.#open(false);
    if (content === null) return null;
    const hasher = new Bun.CryptoHasher("sha256");
    const buffers = Array.from({ length: copy === null ? 1 : EARLY_BUFFERS }, () =>
      Buffer.allocUnsafeSlow(Math.min(HASH_BYTES, size)),
    );
    try {
      for (let at = 0, turn = 0; at < size; turn++) {
        const buffer = buffers[turn % buffers.length] ?? EMPTY;
        const read = await content.read(buffer.subarray(0, Math.min(buffer.length, size - at)), at);
        if (read === 0) return null;
        const piece = buffer.subarray(0, read);
        const written = copy?.write(piece);
        hasher.update(piece);
        at += read;
        seen(at);
        await written;
        // Reading and hashing in place would keep all timers waiting.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      const sha256 = hasher.digest("hex");
      copy?.ready(sha256);
      return sha256;
    } finally {
      content.close();
    }
  }

  /** For one reader, who closes it. What it reads comes only as long as the file is what it was. @returns null if it is not */
  open(): Content | null {
    return this.#open(true);
  }

  /** @param taken somebody else may have its last byte then */
  #open(taken: boolean): Content | null {
    if (this.#released || this.changed) return null;
    this.#readers++;
    const { size } = this.content;
    let had = !taken;
    const count = (read: number, wanted: number, at: number): number => {
      if (read === 0 && wanted > 0 && at < size) this.#short = true;
      if (at >= size) return read;
      if (this.changed) return 0;
      if (at + read < size) return read;
      if (!had) this.#given += 1;
      had = true;
      return read;
    };
    return {
      size,
      read: (into, at) => {
        const reading = this.content.read(into, at);
        if (typeof reading === "number") return count(reading, into.length, at);
        return reading.then((read) => count(read, into.length, at));
      },
      close: () => {
        this.#readers--;
        this.#closeUnused();
      },
    };
  }

  /** Nobody opens it any more; it is closed when the last reader has. */
  release(): void {
    this.#released = true;
    this.#closeUnused();
  }

  get #closed(): boolean {
    return this.#released && this.#readers === 0;
  }

  #closeUnused(): void {
    if (this.#closed) this.content.close();
  }
}
