/** Writing one content, in pieces of any size, with little memory and no long stall. */
import { type FileHandle, open, unlink } from "node:fs/promises";
import {
  BUFFERS_PER_WRITE,
  COPIED_PIECE_BYTES,
  FLUSH_BYTES,
  SYNC_BYTES,
  UNWRITTEN_BYTES,
} from "./limits.ts";

/** Even the smallest content gets a block of this size. */
const SMALLEST_BLOCK_BYTES = 4_096;

/** A file handle that is collected as garbage ends the process: one forgotten is better kept. */
const unfinished = new Set<ContentWriter>();

export type WriterOptions = {
  /** The new file's permissions, before the process's mask; 0600 if left out. */
  readonly mode?: number;
  /** False: whoever writes knows the hash already, and `sha256` is not to be called. */
  readonly hash?: boolean;
  /** True of a content that is to be durable: it is synced on the way, so that `finish` takes no time. */
  readonly sync?: boolean;
};

/** A content being written to a file of its own, and hashed on the way. */
export class ContentWriter {
  /** Bytes taken so far. */
  size = 0;
  private at: string;
  private readonly mode: number;
  private readonly hasher: Bun.CryptoHasher | null;
  private hash: string | null = null;
  private handle: FileHandle | null = null;
  private created = false;
  /** Where small pieces are copied together; from `sealed` to `filled` is not yet in line. */
  private block: Buffer = Buffer.alloc(0);
  private sealed = 0;
  private filled = 0;
  /** In line to be written, or being written; `unwritten` counts their bytes. */
  private readonly line: Uint8Array[] = [];
  private unwritten = 0;
  private unsynced = 0;
  private syncing: Promise<void> | null = null;
  private readonly syncs: boolean;
  private flushing: Promise<void> | null = null;
  /** Kept when there is room for the next piece. */
  private room: PromiseWithResolvers<void> | null = null;
  /** Kept when more has gone to the file, or nothing will any more. */
  private progress: PromiseWithResolvers<void> | null = null;
  private ended = false;
  private failure: unknown = null;

  /** Nothing is created before FLUSH_BYTES have come, or `finish`. */
  constructor(path: string, options: WriterOptions = {}) {
    this.at = path;
    this.mode = options.mode ?? 0o600;
    this.syncs = options.sync === true;
    this.hasher = options.hash === false ? null : new Bun.CryptoHasher("sha256");
  }

  /**
   * Takes a piece. Its bytes are the writer's from here on: nobody may change them.
   * @returns a promise when the writer has enough for now: wait for it before the next piece
   * @throws (or rejects with) the system's error of this or an earlier write
   */
  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.failure !== null) throw this.failure;
    this.hasher?.update(piece);
    this.size += piece.length;
    if (piece.length >= COPIED_PIECE_BYTES) {
      this.seal();
      this.enqueue(piece);
    } else this.copy(piece);
    if (this.unwritten < FLUSH_BYTES) return undefined;
    this.startFlush();
    if (this.unwritten < UNWRITTEN_BYTES) return undefined;
    this.room ??= Promise.withResolvers();
    return this.room.promise;
  }

  /** Where the content is, or will be. */
  get path(): string {
    return this.at;
  }

  /** What is written has been given another name. */
  movedTo(path: string): void {
    this.at = path;
  }

  /** The hash of what was taken, 64 hexadecimal digits. No piece can be taken after. */
  sha256(): string {
    if (this.hasher === null) throw new Error("this content is not hashed");
    this.hash ??= this.hasher.digest("hex");
    return this.hash;
  }

  /** All that was taken, while nothing of it has gone to the disk. @returns null if something has */
  taken(): Uint8Array | null {
    if (this.created || this.flushing !== null) return null;
    this.seal();
    const only = this.line[0];
    return this.line.length === 1 && only !== undefined ? only : Buffer.concat(this.line);
  }

  /**
   * Resolves when more than `at` bytes are in the file.
   * @returns how many there are; null if there will never be so many
   */
  async reached(at: number): Promise<number | null> {
    while (this.failure === null) {
      const written = this.size - this.unwritten - (this.filled - this.sealed);
      if (this.created && written > at) return written;
      if (this.ended) return null;
      this.progress ??= Promise.withResolvers();
      await this.progress.promise;
    }
    return null;
  }

  /**
   * Writes what is left and closes. After an error, `discard` is still to be called.
   * @param durable whether the content is synced before
   * @throws the system's error of this or an earlier write
   */
  async finish(durable: boolean): Promise<void> {
    this.seal();
    this.block = Buffer.alloc(0);
    await this.startFlush();
    await this.syncing;
    if (this.failure !== null) throw this.failure;
    const handle = await this.opened();
    if (durable) await handle.datasync();
    this.handle = null;
    unfinished.delete(this);
    this.ended = true;
    this.advance();
    await handle.close();
  }

  /** Closes and removes whatever there is. Never rejects. */
  async discard(): Promise<void> {
    this.failure ??= new Error("this content was given up");
    this.advance();
    await this.flushing?.catch(() => {});
    await this.syncing;
    this.line.length = 0;
    this.unwritten = 0;
    const handle = this.handle;
    this.handle = null;
    unfinished.delete(this);
    await handle?.close().catch(() => {});
    if (this.created) await unlink(this.path).catch(() => {});
  }

  private copy(piece: Uint8Array): void {
    if (piece.length > this.block.length - this.filled) {
      this.seal();
      // A small content gets a small block, a growing one soon large ones.
      const bytes = Math.min(FLUSH_BYTES / 4, Math.max(SMALLEST_BLOCK_BYTES, this.size));
      this.block = Buffer.allocUnsafeSlow(bytes);
      this.sealed = 0;
      this.filled = 0;
    }
    this.block.set(piece, this.filled);
    this.filled += piece.length;
    if (this.filled === this.block.length) this.seal();
  }

  /** What was copied together so far takes its place in line. */
  private seal(): void {
    if (this.filled === this.sealed) return;
    this.enqueue(this.block.subarray(this.sealed, this.filled));
    this.sealed = this.filled;
  }

  private enqueue(bytes: Uint8Array): void {
    this.line.push(bytes);
    this.unwritten += bytes.length;
  }

  private startFlush(): Promise<void> {
    if (this.flushing === null) {
      this.flushing = this.flush().finally(() => {
        this.flushing = null;
      });
      // Whoever does not wait for it hears of its failure at the next piece.
      this.flushing.catch(() => {});
    }
    return this.flushing;
  }

  private async flush(): Promise<void> {
    try {
      while (this.line.length > 0) {
        const some = this.line.slice(0, BUFFERS_PER_WRITE);
        const handle = await this.opened();
        await writeWhole(handle, some);
        // Only now: what is under way counts as unwritten.
        this.line.splice(0, some.length);
        const bytes = lengthOf(some);
        this.unwritten -= bytes;
        this.unsynced += bytes;
        this.advance();
        if (this.syncs && this.unsynced >= SYNC_BYTES) this.startSync(handle);
        if (this.unwritten < UNWRITTEN_BYTES) this.letOn(null);
      }
    } catch (error) {
      this.failure ??= error;
      this.letOn(error);
      this.advance();
      throw error;
    }
  }

  /** One at a time, beside the writing. */
  private startSync(handle: FileHandle): void {
    if (this.syncing !== null) return;
    this.unsynced = 0;
    this.syncing = handle
      .datasync()
      .catch((error) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.syncing = null;
      });
  }

  private advance(): void {
    this.progress?.resolve();
    this.progress = null;
  }

  private letOn(error: unknown): void {
    const room = this.room;
    this.room = null;
    if (error === null) room?.resolve();
    else room?.reject(error);
  }

  private async opened(): Promise<FileHandle> {
    if (this.handle === null) {
      unfinished.add(this);
      this.handle = await open(this.path, "wx", this.mode);
      this.created = true;
    }
    return this.handle;
  }
}

async function writeWhole(handle: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  let rest = [...buffers];
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest);
    if (bytesWritten === 0) throw new Error("the disk took nothing");
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of buffers when so many bytes of them are done. */
function behind(buffers: readonly Uint8Array[], done: number): Uint8Array[] {
  let at = done;
  return buffers.flatMap((buffer) => {
    const skipped = Math.min(at, buffer.length);
    at -= skipped;
    return skipped === buffer.length ? [] : [buffer.subarray(skipped)];
  });
}

function lengthOf(buffers: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const buffer of buffers) bytes += buffer.length;
  return bytes;
}
