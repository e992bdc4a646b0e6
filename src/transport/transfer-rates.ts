/**
 * How fast contents move. A slot is not to be had for nothing: one whose other end brings, or takes, next to
 * nothing gives it up; and where slots are short, the slowest of those that crawl.
 */
import type { Address } from "../protocol/model/member.ts";
import {
  CRAWL_BYTES_PER_SECOND,
  CRAWL_WINDOWS,
  LEAST_BYTES_PER_SECOND,
  LEAST_WINDOWS,
  RATE_WINDOW_MS,
} from "./limits.ts";

type Window = { readonly bytes: number; readonly ms: number };

/** One transfer. Only the time counts in which it waits for its other end. */
export class Meter {
  /** The latest, oldest first. */
  readonly #windows: Window[] = [];
  #bytes = 0;
  #waitedMs = 0;
  #waitsSince: number | null = null;

  /**
   * @param address of the other end
   * @param isMember there is a member at that address
   * @param slow breaks the transfer off, which ends it here
   */
  constructor(
    readonly address: Address,
    readonly isMember: boolean,
    readonly slow: () => void,
  ) {}

  /** It is the other end's turn. Times are the clock's, in milliseconds. */
  wait(now: number): void {
    this.#waitsSince ??= now;
  }

  /** It is this end's turn: a disk, or a limit of its own. */
  work(now: number): void {
    if (this.#waitsSince !== null) this.#waitedMs += now - this.#waitsSince;
    this.#waitsSince = null;
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Closes the window if it has waited for long enough. */
  roll(now: number): void {
    if (this.#waitsSince !== null) {
      this.#waitedMs += now - this.#waitsSince;
      this.#waitsSince = now;
    }
    if (this.#waitedMs < RATE_WINDOW_MS) return;
    this.#windows.push({ bytes: this.#bytes, ms: this.#waitedMs });
    if (this.#windows.length > LEAST_WINDOWS) this.#windows.shift();
    this.#bytes = 0;
    this.#waitedMs = 0;
  }

  /** This very process was asleep: what was measured says nothing. */
  restart(now: number): void {
    this.#windows.length = 0;
    this.#bytes = 0;
    this.#waitedMs = 0;
    if (this.#waitsSince !== null) this.#waitsSince = now;
  }

  /** Bytes a second over the latest windows; infinity where there are not so many yet. */
  rate(windows: number): number {
    if (this.#windows.length < windows) return Number.POSITIVE_INFINITY;
    const latest = this.#windows.slice(-windows);
    const sum = (of: (window: Window) => number) => latest.reduce((all, w) => all + of(w), 0);
    return (sum(({ bytes }) => bytes) * 1_000) / sum(({ ms }) => ms);
  }
}

/** All transfers of one direction. */
export class TransferRates {
  readonly #meters = new Set<Meter>();

  get size(): number {
    return this.#meters.size;
  }

  count(matches: (meter: Meter) => boolean): number {
    let count = 0;
    for (const meter of this.#meters) if (matches(meter)) count += 1;
    return count;
  }

  begin(meter: Meter): Meter {
    this.#meters.add(meter);
    return meter;
  }

  end(meter: Meter): void {
    this.#meters.delete(meter);
  }

  /** Measures all, and breaks off those that have moved next to nothing. */
  sweep(now: number): void {
    for (const meter of [...this.#meters]) {
      meter.roll(now);
      if (meter.rate(LEAST_WINDOWS) < LEAST_BYTES_PER_SECOND) meter.slow();
    }
  }

  woke(now: number): void {
    for (const meter of this.#meters) meter.restart(now);
  }

  /**
   * Breaks off the slowest of those that crawl, one that is no member before any that is.
   * @returns false where none does
   */
  relieve(): boolean {
    let slowest: Meter | null = null;
    for (const meter of this.#meters) {
      if (meter.rate(CRAWL_WINDOWS) >= CRAWL_BYTES_PER_SECOND) continue;
      if (slowest === null || goesBefore(meter, slowest)) slowest = meter;
    }
    slowest?.slow();
    return slowest !== null;
  }
}

function goesBefore(one: Meter, other: Meter): boolean {
  if (one.isMember !== other.isMember) return other.isMember;
  return one.rate(CRAWL_WINDOWS) < other.rate(CRAWL_WINDOWS);
}
