/** Writing one content, in pieces of any size, with little memory and no long stall. */
import { type FileHandle, open, unlink } from "node:fs/promises";
import { FLUSH_BYTES, UNWRITTEN_BYTES } from "./limits.ts";

/** Even the smallest content gets a block of this size. */
const SMALLEST_BLOCK_BYTES = 4_096;

/** A file handle that is collected as garbage ends the process: one forgotten is better kept. */
const unfinished = new Set<ContentWriter>();

/** A content being written to a file of its own, and hashed on the way. */
export class ContentWriter {
  /** Bytes taken so far. */
  size = 0;
  private readonly hasher = new Bun.CryptoHasher("sha256");
  private hash: string | null = null;
  private handle: FileHandle | null = null;
  private created = false;
  private block: Buffer = Buffer.alloc(0);
  private filled = 0;
  private readonly full: Buffer[] = [];
  private spare: Buffer | null = null;
  private flushing: Promise<void> | null = null;
  private failure: unknown = null;

  /**
   * Nothing is created before there is something to write, or `finish`.
   * @param mode the new file's permissions, before the process's mask
   */
  constructor(
    readonly path: string,
    private readonly mode: number = 0o600,
  ) {}

  /**
   * Takes a piece, which is copied.
   * @returns a promise when the writer has enough for now: wait for it before the next piece
   * @throws (or rejects with) the system's error of this or an earlier write
   */
  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.failure !== null) throw this.failure;
    this.hasher.update(piece);
    for (let at = 0; at < piece.length; ) {
      if (this.filled === this.block.length) this.nextBlock(piece.length - at);
      const end = Math.min(piece.length, at + this.block.length - this.filled);
      this.block.set(piece.subarray(at, end), this.filled);
      this.filled += end - at;
      this.size += end - at;
      at = end;
    }
    if (this.full.length === 0) return undefined;
    this.startFlush();
    return this.full.length * FLUSH_BYTES < UNWRITTEN_BYTES
      ? undefined
      : (this.flushing ?? undefined);
  }

  /** The hash of what was taken, 64 hexadecimal digits. No piece can be taken after. */
  sha256(): string {
    this.hash ??= this.hasher.digest("hex");
    return this.hash;
  }

  /**
   * Writes what is left and closes. After an error, `discard` is still to be called.
   * @param durable whether the content is synced before
   * @throws the system's error of this or an earlier write
   */
  async finish(durable: boolean): Promise<void> {
    if (this.filled > 0) this.full.push(this.block.subarray(0, this.filled));
    this.filled = 0;
    this.block = Buffer.alloc(0);
    await this.startFlush();
    if (this.failure !== null) throw this.failure;
    const handle = await this.opened();
    if (durable) await handle.datasync();
    this.handle = null;
    unfinished.delete(this);
    await handle.close();
  }

  /** Closes and removes whatever there is. Never rejects. */
  async discard(): Promise<void> {
    this.failure ??= new Error("this content was given up");
    this.full.length = 0;
    await this.flushing?.catch(() => {});
    const handle = this.handle;
    this.handle = null;
    unfinished.delete(this);
    await handle?.close().catch(() => {});
    if (this.created) await unlink(this.path).catch(() => {});
  }

  /** A small content gets a small block, a growing one soon full-sized blocks. */
  private nextBlock(wanted: number): void {
    if (this.filled > 0) this.full.push(this.block);
    this.filled = 0;
    const bytes = Math.min(FLUSH_BYTES, Math.max(SMALLEST_BLOCK_BYTES, wanted, this.size));
    const spare = this.spare;
    this.spare = null;
    this.block = spare !== null && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
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
      for (let block = this.full[0]; block !== undefined; block = this.full[0]) {
        await writeWhole(await this.opened(), block);
        // Only now: a block under way counts as unwritten.
        this.full.shift();
        if (block.length === FLUSH_BYTES) this.spare = block;
      }
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
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

async function writeWhole(handle: FileHandle, block: Buffer): Promise<void> {
  for (let at = 0; at < block.length; ) {
    const { bytesWritten } = await handle.write(block, at, block.length - at);
    at += bytesWritten;
  }
}
