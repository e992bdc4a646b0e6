/**
 * When faults were detected and when the ring had healed of them, while other faults come and go. A time is
 * taken only where it is this fault's own: while another hard fault goes on, nobody can tell whose it is.
 */
import { epochNow } from "../control/types.ts";
import type { Seen } from "./follower.ts";
import { type Broken, firstBroken, HEAL_CHECKS, tellsOfView } from "./judge.ts";
import { DEBOUNCE_MS, HOLD_MS, LATE_EVENTS_MS } from "./limits.ts";
import type { Measured } from "./run-lines.ts";
import { watchersOf } from "./schedule.ts";
import type { Watch } from "./watch.ts";

type Times = Pick<Measured, "detectMs" | "healMs" | "recopyMs">;

/** A fault whose times are still to come. */
type Case = {
  readonly n: number;
  /** From when detection counts, and healing. */
  readonly at: number;
  readonly detects: Map<number, ReadonlySet<number>>;
  readonly detected: Map<string, number>;
  times: Times;
  healFrom: number | null;
};

/** The events come late by so much at most, and are judged together. */
export const HEAL_ERROR_MS = DEBOUNCE_MS + LATE_EVENTS_MS;

export class Healing {
  private readonly cases = new Map<number, Case>();
  private readonly unlisten: () => void;
  private timer: Timer | null = null;
  /** Since when the checks hold; null while one does not. */
  private since: number | null = epochNow();
  private broken: Broken | null = null;

  /** @param living those that should answer now */
  constructor(
    private readonly watch: Watch,
    private readonly living: () => readonly number[],
  ) {
    this.unlisten = watch.listen((seen) => this.see(seen));
  }

  /** What does not hold now, by all that was seen. */
  get brokenNow(): Broken | null {
    return this.broken;
  }

  /** The same by every peer's own word: what was seen may not be all. */
  async askedNow(): Promise<Broken | null> {
    const living = this.living();
    return firstBroken(living, await this.watch.ask(living), HEAL_CHECKS);
  }

  /** @param victims who are to be noticed: those that have gone or stand still */
  began(n: number, at: number, victims: readonly number[]): void {
    const living = this.living();
    const detects = new Map(victims.map((id) => [id, new Set(watchersOf(id, living))]));
    const times = { detectMs: null, healMs: null, recopyMs: null };
    this.cases.set(n, { n, at, detects, detected: new Map(), times, healFrom: null });
    this.judge();
  }

  /** From then on the ring is to heal of it. */
  heals(n: number, from: number): void {
    const known = this.cases.get(n);
    if (known !== undefined) known.healFrom = from;
    this.judge();
  }

  /** Another hard fault is about to begin: what has not healed by now has no time of its own. */
  disturb(): void {
    this.judge();
    for (const each of this.cases.values()) {
      if (each.healFrom !== null && this.since !== null) this.settle(each, this.since);
      each.healFrom = null;
    }
  }

  recopied(n: number, at: number): void {
    const known = this.cases.get(n);
    if (known !== undefined) known.times = { ...known.times, recopyMs: at - known.at };
  }

  /** What there is by now. */
  timesOf(n: number): Times {
    return this.cases.get(n)?.times ?? { detectMs: null, healMs: null, recopyMs: null };
  }

  /** Who runs has changed. */
  changed(): void {
    this.judge();
  }

  close(): void {
    this.judge();
    if (this.timer !== null) clearTimeout(this.timer);
    this.unlisten();
  }

  private see({ id, at, event }: Seen): void {
    if (event !== null && !tellsOfView(event)) return;
    if (event?.event === "member" && event.state !== "alive") this.detect(id, event.id, at);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.judge();
    }, DEBOUNCE_MS);
  }

  private detect(watcher: number, victim: number, at: number): void {
    for (const each of this.cases.values()) {
      if (each.times.detectMs !== null || at < each.at) continue;
      if (each.detects.get(victim)?.has(watcher) !== true) continue;
      const key = `${watcher} ${victim}`;
      if (!each.detected.has(key)) each.detected.set(key, at);
      const all = [...each.detects.values()].reduce((sum, { size }) => sum + size, 0);
      if (each.detected.size < all) continue;
      const last = Math.max(...each.detected.values());
      each.times = { ...each.times, detectMs: last - each.at };
    }
  }

  private judge(): void {
    const living = this.living();
    const now = epochNow();
    this.broken = firstBroken(living, this.watch.snapshots(living), HEAL_CHECKS);
    this.since = this.broken === null ? (this.since ?? now) : null;
    const { since } = this;
    if (since === null) return;
    const waiting = [...this.cases.values()].filter(({ healFrom }) => healFrom !== null);
    if (waiting.length === 0) return;
    if (now - since >= HOLD_MS) {
      for (const each of waiting) this.settle(each, since);
    } else {
      this.timer ??= setTimeout(
        () => {
          this.timer = null;
          this.judge();
        },
        HOLD_MS - (now - since) + 1,
      );
    }
  }

  private settle(each: Case, since: number): void {
    if (each.healFrom === null) return;
    each.times = { ...each.times, healMs: Math.max(0, since - each.healFrom) };
    each.healFrom = null;
  }
}
