/** Writers of which only the newest value counts, and syncs that many share. */
import { replaceFile } from "./durable.ts";

/**
 * Runs one action at a time; whoever asks while it runs shares the next run. So each caller's promise
 * stands for a run that began after the call.
 */
export class Shared {
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(private readonly action: () => Promise<void>) {}

  /** @returns settles as the first run does that begins from here on */
  run(): Promise<void> {
    if (this.running === null) return this.begin();
    this.next ??= this.running.catch(() => {}).then(() => this.begin());
    return this.next;
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running !== null || this.next !== null) {
      await (this.next ?? this.running)?.catch(() => {});
    }
  }

  private begin(): Promise<void> {
    this.next = null;
    const run = this.action().finally(() => {
      // With one in line the state stays "running" until that one begins: never two at a time.
      if (this.next === null) this.running = null;
    });
    this.running = run;
    return run;
  }
}

/** A file of which only the newest content matters. Values in between are never written. */
export class LatestFile<T> {
  private value: { readonly content: T } | null = null;
  private lastMs = Number.NEGATIVE_INFINITY;
  private hurried = false;
  private wake: (() => void) | null = null;
  private readonly writes = new Shared(() => this.write());

  /**
   * @param durable whether a write is synced before its promise resolves
   * @param spacingMs at least this long between the starts of two writes
   */
  constructor(
    private readonly path: string,
    private readonly durable: boolean,
    private readonly spacingMs: number,
    private readonly format: (value: T) => string,
  ) {}

  /** @returns resolves once this value or a newer one is written; rejects if that failed */
  save(value: T): Promise<void> {
    this.value = { content: value };
    return this.writes.run();
  }

  /** Writes what is still unwritten, without waiting for the spacing. */
  async flush(): Promise<void> {
    this.hurried = true;
    this.wake?.();
    await this.writes.idle();
    this.hurried = false;
  }

  private async write(): Promise<void> {
    await this.space();
    const value = this.value;
    // A run asked for while another waited finds its value already written.
    if (value === null) return;
    this.value = null;
    this.lastMs = performance.now();
    try {
      await replaceFile(this.path, this.format(value.content), this.durable);
    } catch (error) {
      this.value ??= value;
      throw error;
    }
  }

  private space(): Promise<void> {
    const waitMs = this.lastMs + this.spacingMs - performance.now();
    if (waitMs <= 0 || this.hurried) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.wake = done;
    });
  }
}
