/**
 * The beats of a stream, on both its sides. Its sender says hello again and again, its receiver sends each
 * back. So the sender sees that the other reads, and the receiver works out how old a frame is.
 */
import { boundTable } from "../protocol/model/bounded.ts";
import { type Age, NO_AGE } from "../wire/age.ts";
import {
  BEAT_MS,
  BEATS_REMEMBERED,
  LATE_BEAT_MS,
  SLOWEST_BYTES_PER_MS,
  STALL_MS,
} from "./limits.ts";

const LAST_NUMBER = 255;

/** The side that sends: what its hellos have shown of one connection. */
export class Beats {
  #number = 0;
  #sentAt = 0;
  /** The latest hello has not come back yet, since when, and behind how many bytes it waits. */
  #awaited: { since: number; readonly bytes: number } | null = null;
  /** The latest that has come back, and when. */
  #echo: { readonly beat: number; readonly at: number } | null = null;

  /**
   * Begins a beat. @param bytes that wait or are under way before it
   * @returns the number of the hello to send
   */
  begin(now: number, bytes: number): number {
    this.#number = (this.#number % LAST_NUMBER) + 1;
    this.#sentAt = now;
    this.#awaited = { since: now, bytes };
    return this.#number;
  }

  /** A hello has come back. @returns false where it is none of ours */
  came(beat: number, now: number): boolean {
    if (this.#awaited === null || beat !== this.#number) return false;
    this.#awaited = null;
    this.#echo = { beat, at: now };
    return true;
  }

  /** What to say of a frame that is made now. */
  age(now: number): Age {
    const echo = this.#echo;
    return echo === null ? NO_AGE : { beat: echo.beat, sinceMs: now - echo.at };
  }

  /** The latest hello has not come back yet. */
  get isAwaited(): boolean {
    return this.#awaited !== null;
  }

  /** It is time for the next one. */
  isDue(now: number): boolean {
    return this.#awaited === null && now - this.#sentAt >= BEAT_MS;
  }

  /** The other side has not read for too long, whatever was under way before the hello. */
  isStalled(now: number): boolean {
    const awaited = this.#awaited;
    if (awaited === null) return false;
    return now - awaited.since > STALL_MS + awaited.bytes / SLOWEST_BYTES_PER_MS;
  }

  /** A hello takes longer than it does on a network that carries it. */
  isLate(now: number): boolean {
    return this.#awaited !== null && now - this.#awaited.since > LATE_BEAT_MS;
  }

  /** This very process was asleep: the waiting begins anew. */
  woke(now: number): void {
    if (this.#awaited !== null) this.#awaited.since = now;
  }
}

/** The side that receives: when it sent which hello back. */
export class Echoes {
  readonly #sentAt = new Map<number, number>();

  /** A hello is sent back now, or a little later. */
  sends(beat: number, now: number): void {
    this.#sentAt.delete(beat);
    this.#sentAt.set(beat, now);
    boundTable(this.#sentAt, BEATS_REMEMBERED);
  }

  /** How long a frame read now was under way at most; null where that cannot be told. */
  heldMs({ beat, sinceMs }: Age, now: number): number | null {
    const sentAt = this.#sentAt.get(beat);
    return sentAt === undefined ? null : Math.max(0, now - sentAt - sinceMs);
  }
}
