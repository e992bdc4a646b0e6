/** Which moment of a ring is shown: the present one, or a past one that goes on more slowly, stops and steps. Pure. */
import type { Timeline } from "../page/ring-timeline.ts";
import { LATE_EVENTS_MS } from "./limits.ts";

/** Where nothing happens for longer than that, in milliseconds of whoever looks on, the rest is passed over. */
const LONGEST_GAP_MS = 1_500;

export class Playback {
  stopped = false;
  /** The moment that is shown, in epoch milliseconds. */
  at: number;
  /** Until the ring stands it is shown as it is: a start in slow motion would take a minute. */
  private isSlow: boolean;
  /** What happened until then was shown as the present. */
  private presentUntil = 0;

  /**
   * @param slow how many times slower it is shown than it was
   * @param isLive whether the ring goes on: then nothing of it is shown before it has happened
   */
  constructor(
    private readonly timeline: Timeline,
    readonly slow: number,
    private readonly isLive: boolean,
  ) {
    this.at = isLive ? Number.POSITIVE_INFINITY : timeline.beganAt;
    this.isSlow = !isLive;
  }

  /** Whether the present is shown as it is. */
  get isPresent(): boolean {
    return this.isLive && !this.stopped && this.at === Number.POSITIVE_INFINITY;
  }

  /** The ring stands. @param now epoch milliseconds */
  stands(now: number): void {
    this.isSlow = true;
    this.presentUntil = now;
  }

  /**
   * Some time has passed.
   * @param ms for whoever looks on
   * @param now epoch milliseconds
   */
  pass(ms: number, now: number): void {
    if (this.stopped) return;
    if (this.at === Number.POSITIVE_INFINITY && !this.leavesPresent(now)) return;
    const next = this.timeline.after(this.at);
    const { slow } = this;
    if (next === null) {
      this.at = this.isLive ? this.present(now) : Math.max(this.at, this.timeline.endAt);
      return;
    }
    const gap = LONGEST_GAP_MS / Math.max(1 / LONGEST_GAP_MS, slow);
    this.at = Math.max(this.at + ms / slow, next - gap);
    if (this.isLive) this.at = Math.min(this.at, now);
  }

  /** Something has happened that is to be shown more slowly than it was. */
  private leavesPresent(now: number): boolean {
    if (!this.isSlow || this.slow === 1) return false;
    if (this.timeline.after(this.presentUntil) === null) {
      this.presentUntil = Math.max(this.presentUntil, now - LATE_EVENTS_MS);
      return false;
    }
    this.at = this.presentUntil;
    return true;
  }

  toggle(now: number): void {
    this.stopped = !this.stopped;
    if (this.stopped && this.at === Number.POSITIVE_INFINITY) this.at = now;
  }

  /** To the next event, or the one before; it stops there. */
  step(forward: boolean, now: number): void {
    this.stopped = true;
    const at = Math.min(this.at, now);
    const to = forward ? this.timeline.after(at) : this.timeline.before(at);
    this.at = to ?? at;
  }

  toBegin(): void {
    this.at = this.timeline.beganAt;
  }

  /** To the present, or the end, and on from there. */
  toEnd(now: number): void {
    this.stopped = false;
    this.at = this.isLive ? this.present(now) : this.timeline.endAt;
  }

  private present(now: number): number {
    this.presentUntil = now;
    return Number.POSITIVE_INFINITY;
  }
}
