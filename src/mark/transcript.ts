/** What the peers of one network have printed since something was done, and what is still missing of it. */

import type { Reading } from "../foreign/reading.ts";
import { MAX_KEPT_LINES } from "./limits.ts";

/** A line, and when it was first printed, in milliseconds of `performance.now()`. */
export type Said = { readonly text: string; readonly atMs: number };

/** A line that is waited for. */
export type Wanted = { readonly peer: number; readonly what: string };

export class Transcript {
  private readonly wanted = new Map<string, Said | null>();
  private readonly kept = new Map<number, Map<string, Said>>();
  private missingLines = 0;
  private wake: () => void = () => {};

  constructor(private readonly reading: Reading) {}

  /** Forgets what was said, and waits for these lines from here on. */
  begin(wanted: readonly Wanted[]): void {
    this.kept.clear();
    this.wanted.clear();
    for (const { peer, what } of wanted) this.wanted.set(this.keyOf(peer, what), null);
    this.missingLines = this.wanted.size;
  }

  /** Notes what was printed. @param prompts what its program shows as its prompt */
  say(peer: number, printed: string, prompts: readonly string[]): void {
    for (const text of this.reading.parts(printed)) this.note(peer, text, prompts);
  }

  /** When the line came; null as long as it has not. */
  heard({ peer, what }: Wanted): Said | null {
    return this.wanted.get(this.keyOf(peer, what)) ?? null;
  }

  /** What a peer has said besides, each line once, in order. */
  others(peer: number): Said[] {
    return [...(this.kept.get(peer)?.values() ?? [])];
  }

  /** The peers that still have something to say. */
  owing(wanted: readonly Wanted[]): Set<number> {
    return new Set(wanted.filter((line) => this.heard(line) === null).map(({ peer }) => peer));
  }

  /** Resolves when all has been said, or after `limitMs`. */
  async complete(limitMs: number): Promise<void> {
    if (this.missingLines === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.wake = () => {
      if (this.missingLines === 0) resolve();
    };
    await promise;
    this.wake = () => {};
    clearTimeout(timer);
  }

  private note(peer: number, text: string, prompts: readonly string[]): void {
    const key = this.keyOf(peer, text, prompts);
    const said = { text, atMs: performance.now() };
    const heard = this.wanted.get(key);
    if (heard !== undefined) {
      if (heard !== null) return;
      this.wanted.set(key, said);
      this.missingLines--;
      this.wake();
      return;
    }
    const lines = this.kept.get(peer) ?? new Map<string, Said>();
    this.kept.set(peer, lines);
    if (!lines.has(key) && lines.size < MAX_KEPT_LINES) lines.set(key, said);
  }

  private keyOf(peer: number, text: string, prompts: readonly string[] = []): string {
    return `${peer} ${this.reading.key(text, prompts)}`;
  }
}
