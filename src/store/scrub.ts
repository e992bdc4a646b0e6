/** Reading every content back, to find what the disk has not kept as it was. */
import type { FileRecord } from "../protocol/model/files.ts";
import type { Content } from "./content.ts";
import { isPassing } from "./disk.ts";
import type { HeldRows } from "./held-rows.ts";
import { SCRUB_PIECE_BYTES, SCRUB_ROWS } from "./limits.ts";
import { RateLimiter } from "./rate-limiter.ts";
import type { Row } from "./row.ts";

export type ScrubOptions = {
  /** Read no faster than this on average; Infinity for as fast as the disk and the timers allow. */
  readonly bytesPerSecond: number;
  /** Ends the pass early: what was found so far is the result. */
  readonly signal?: AbortSignal;
  /** Called for each content that cannot be read or is not what it was. */
  readonly damaged: (record: FileRecord) => void;
  /** Called now and then with what was read so far. */
  readonly progress?: (files: number, bytes: number) => void;
};

/** What a pass has read, and how many contents of it were damaged. */
export type Scrubbed = { readonly files: number; readonly bytes: number; readonly damaged: number };

/** What the pass reads from. */
export type ScrubSource = {
  readonly rows: HeldRows;
  /** Opens a row's content, unchecked. @throws the system's or SQLite's error */
  open(row: Row): Content;
};

/**
 * Reads all contents held at the beginning. One that is dropped or replaced meanwhile is no damage.
 * Never rejects, unless a callback throws.
 */
export async function scrub(source: ScrubSource, options: ScrubOptions): Promise<Scrubbed> {
  const pass = new Pass(options.bytesPerSecond, options.signal);
  const piece = new Uint8Array(SCRUB_PIECE_BYTES);
  let files = 0;
  let damaged = 0;
  for (const row of [...source.rows.all()]) {
    if (options.signal?.aborted) break;
    const { record } = row;
    if (record.removed || !source.rows.holds(row)) continue;
    const sound = await isSound(source, row, piece, pass);
    if (sound === null) continue;
    files++;
    if (!sound) {
      damaged++;
      options.damaged(record);
    }
    if (await pass.rest()) options.progress?.(files, pass.bytes);
  }
  options.progress?.(files, pass.bytes);
  return { files, bytes: pass.bytes, damaged };
}

/** @returns null if it cannot be told: the pass was ended, or the write is held no more */
async function isSound(
  source: ScrubSource,
  row: Row,
  piece: Uint8Array,
  pass: Pass,
): Promise<boolean | null> {
  try {
    const sha256 = await hashOf(source.open(row), piece, pass);
    if (sha256 === row.record.sha256) return true;
    return sha256 === null || !source.rows.holds(row) ? null : false;
  } catch (error) {
    return isPassing(error) || !source.rows.holds(row) ? null : false;
  }
}

/** @returns null if the pass was ended in the middle */
async function hashOf(content: Content, piece: Uint8Array, pass: Pass): Promise<string | null> {
  try {
    const hasher = new Bun.CryptoHasher("sha256");
    for (let at = 0; at < content.size; ) {
      const bytes = await content.read(piece, at);
      if (bytes === 0) break;
      hasher.update(piece.subarray(0, bytes));
      at += bytes;
      pass.bytes += bytes;
      if (bytes === piece.length) await pass.rest();
      if (pass.ended) return null;
    }
    return hasher.digest("hex");
  } finally {
    content.close();
  }
}

/** What a pass has read so far. Timers and sockets have their turn meanwhile, and a rate is kept to. */
class Pass {
  bytes = 0;
  private restedAt = 0;
  private rows = 0;
  private readonly rateLimiter: RateLimiter;

  constructor(
    bytesPerSecond: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    const wait = (ms: number): Promise<void> => sleep(ms, signal);
    this.rateLimiter = new RateLimiter(bytesPerSecond, { now: () => performance.now(), wait });
  }

  get ended(): boolean {
    return this.signal?.aborted === true;
  }

  /** Called after each content and piece. @returns whether there was a pause */
  async rest(): Promise<boolean> {
    this.rows++;
    const read = this.bytes - this.restedAt;
    if (this.rows < SCRUB_ROWS && read < SCRUB_PIECE_BYTES) return false;
    this.rows = 0;
    this.restedAt = this.bytes;
    await (this.rateLimiter.take(read) ?? new Promise<void>((resolve) => setImmediate(resolve)));
    return true;
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done);
  });
}
