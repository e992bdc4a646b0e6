/** Waiting for something to become true, looked at again whenever something has happened. */

/** What a wait looks at again after so long, in case what it waits for makes no noise. */
const LOOK_AGAIN_MS = 40;

export class Wake {
  #sleepers: (() => void)[] = [];

  /** Something has happened. */
  ring(): void {
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }

  /** Resolves when something happens, after `ms` at the latest. */
  next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#sleepers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * Waits until `look` finds something.
   * @param what is waited for, in words
   * @throws Error that says what did not come, and what `look` last said of it
   */
  async until<T>(
    what: string,
    limitMs: number,
    look: () => T | null | Promise<T | null>,
    explain: () => string = () => "",
  ): Promise<T> {
    const end = performance.now() + limitMs;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (performance.now() > end) {
        throw new Error(`waited ${limitMs} ms in vain for ${what}\n${explain()}`);
      }
      await this.next(LOOK_AGAIN_MS);
    }
  }
}
