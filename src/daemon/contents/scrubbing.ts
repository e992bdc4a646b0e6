/**
 * Reading stored copies back: in the background at a low rate, and at once for whoever asks. What is
 * not what it was is set aside and told to the protocol, which has it fetched anew.
 */
import type { ScrubReport } from "../../control/types.ts";
import { Failure } from "../../protocol/model/failure.ts";
import type { FileRecord } from "../../protocol/model/files.ts";
import type { FileStore } from "../../store/files.ts";
import {
  SCRUB_BYTES_PER_SECOND,
  SCRUB_EVERY_MS,
  SCRUB_FIRST_MS,
  SCRUB_LOOK_MS,
  SCRUB_MEND_MS,
  SCRUB_NAMED,
} from "../limits.ts";

export class Scrubbing {
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Ends the background pass that runs; one asked for is not ended so. */
  #background: AbortController | null = null;
  #asked: Promise<ScrubReport> | null = null;
  readonly #ending = new AbortController();

  /** @param damaged sets a damaged copy aside and tells the protocol */
  constructor(
    private readonly files: FileStore,
    private readonly damaged: (record: FileRecord) => void,
  ) {}

  /** Begins to read back in the background, some time from now. */
  begin(): void {
    this.#later(SCRUB_FIRST_MS);
  }

  /** Reads everything back at once; who asks while that runs shares it. */
  run(): Promise<ScrubReport> {
    this.#background?.abort();
    this.#asked ??= this.#pass().finally(() => {
      this.#asked = null;
    });
    return this.#asked;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#ending.abort();
    this.#background?.abort();
  }

  async #pass(): Promise<ScrubReport> {
    const began = performance.now();
    const found: FileRecord[] = [];
    const { signal } = this.#ending;
    const { files, bytes } = await this.files.scrub({
      bytesPerSecond: Number.POSITIVE_INFINITY,
      signal,
      damaged: (record) => {
        found.push(record);
        this.damaged(record);
      },
    });
    if (signal.aborted) throw new Failure("The peer has ended before all was read back.");
    const ms = performance.now() - began;
    await this.#mended(found);
    const damaged = found
      .slice(0, SCRUB_NAMED)
      .map((record) => ({ name: record.name, mended: this.#isMended(record) }));
    return { v: 1, files, bytes, damaged, more: found.length - damaged.length, ms };
  }

  /** Resolves when all that was damaged is here anew, or could have been by now. */
  async #mended(found: readonly FileRecord[]): Promise<void> {
    const limit = performance.now() + SCRUB_MEND_MS;
    while (!found.every((record) => this.#isMended(record)) && performance.now() < limit) {
      if (this.#ending.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, SCRUB_LOOK_MS));
    }
  }

  /** It is here again, or what has replaced it is. */
  #isMended(record: FileRecord): boolean {
    return this.files.find(record) !== null || this.files.winner(record.name) !== null;
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => void this.#inBackground(), ms);
  }

  async #inBackground(): Promise<void> {
    this.#timer = null;
    const aborting = new AbortController();
    this.#background = aborting;
    try {
      const damaged = this.damaged;
      const { signal } = aborting;
      await this.files.scrub({ bytesPerSecond: SCRUB_BYTES_PER_SECOND, signal, damaged });
    } catch {
      // A disk that fails as a whole says so wherever it is used.
    }
    this.#background = null;
    if (!this.#ending.signal.aborted) this.#later(SCRUB_EVERY_MS);
  }
}
