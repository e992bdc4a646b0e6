/**
 * A ring's log as something to go to and fro in: its lines by their times, how the ring stood at each, and the
 * accounts that they tell. A line may come late: it takes its place, and all behind it is worked out anew. So what
 * is shown of a moment depends on the log alone, live or later.
 */

import type { Account } from "./account-form.ts";
import { accountOf } from "./ring-account.ts";
import { countUpTo } from "./ring-at.ts";
import type { RingLine } from "./ring-lines.ts";
import { afterLine, NO_RING, type RingState } from "./ring-state.ts";

/** So often a state is kept, so that those between two need few steps. */
const EVERY = 64;
/** Of a ring that runs for long the first lines are let go: several times what a screen can show. */
const MOST_LINES = 40_000;

/** What is to be shown of a moment. */
export type Moment = {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly state: RingState;
  /** The last ones, oldest first. */
  readonly accounts: readonly Account[];
  /** What the ring itself has said since something was last typed, and what peers complained of. */
  readonly said: readonly string[];
  /** Whether that is the answer to what was typed. */
  readonly isAnswer: boolean;
};

/** Whether a line changes what was said: by the ring, or by a peer that complains of something. */
export function isSaid(line: RingLine): boolean {
  if (line.type !== "shown") return line.type === "typed";
  if (line.peer === null) return true;
  // What became of its process is told as it happens.
  return line.error && !/^(killed|ended)$/.test(line.text);
}

export class Timeline {
  private lines: RingLine[] = [];
  /** What each line tells, as far as it was worked out. */
  private readonly accounts: (Account | null)[] = [];
  /** How it stood before every so many-eth line. */
  private readonly states: RingState[] = [NO_RING];
  /** How it stands after all lines that were worked out. */
  private last: RingState = NO_RING;

  /** @param most lines that are kept, the last ones */
  constructor(private readonly most = MOST_LINES) {}

  /** When the last line was; 0 of an empty log. */
  get endAt(): number {
    return this.lines.at(-1)?.at ?? 0;
  }

  get beganAt(): number {
    return this.lines[0]?.at ?? 0;
  }

  add(line: RingLine): void {
    const place = this.upTo(line.at);
    this.lines.splice(place, 0, line);
    this.forgetFrom(place);
    if (this.lines.length > this.most) this.shorten();
  }

  /**
   * @param most accounts that are wanted, and lines of what was said
   * @param saidAt of when that is to be what was said: who types in the present is answered there
   */
  momentAt(at: number, most: number, saidAt: number = at): Moment {
    const count = this.upTo(at);
    const state = this.stateAfter(count);
    const accounts: Account[] = [];
    for (let index = count - 1; index >= 0 && accounts.length < most; index--) {
      const account = this.accounts[index];
      if (account !== null && account !== undefined) accounts.push(account);
    }
    return { at, state, accounts: accounts.reverse(), ...this.saidAt(this.upTo(saidAt), most) };
  }

  /** The time of the first account behind a moment; null if there is none. */
  after(at: number): number | null {
    this.workOut(this.lines.length);
    for (let index = this.upTo(at); index < this.lines.length; index++) {
      if (this.accounts[index] !== null) return this.lines[index]?.at ?? null;
    }
    return null;
  }

  /** The time of the last account before a moment; null if there is none. */
  before(at: number): number | null {
    this.workOut(this.lines.length);
    for (let index = this.upTo(at) - 1; index >= 0; index--) {
      const line = this.lines[index];
      if (line !== undefined && line.at < at && this.accounts[index] !== null) return line.at;
    }
    return null;
  }

  private upTo(at: number): number {
    return countUpTo(this.lines, at, (line) => line.at);
  }

  private stateAfter(count: number): RingState {
    this.workOut(count);
    if (count === this.accounts.length) return this.last;
    const kept = Math.floor(count / EVERY);
    return this.lines.slice(kept * EVERY, count).reduce(afterLine, this.states[kept] ?? NO_RING);
  }

  /** The accounts and states up to so many lines. */
  private workOut(count: number): void {
    for (let index = this.accounts.length; index < count; index++) {
      const line = this.lines[index];
      if (line === undefined) return;
      this.accounts.push(accountOf(line, this.last));
      this.last = afterLine(this.last, line);
      if ((index + 1) % EVERY === 0) this.states.push(this.last);
    }
  }

  private forgetFrom(place: number): void {
    if (place >= this.accounts.length) return;
    const kept = Math.floor(place / EVERY);
    this.accounts.length = kept * EVERY;
    this.states.length = kept + 1;
    this.last = this.states[kept] ?? NO_RING;
  }

  private shorten(): void {
    const first = Math.floor(this.most / 2 / EVERY) * EVERY;
    const state = this.stateAfter(first);
    this.lines = this.lines.slice(first);
    this.accounts.length = 0;
    this.states.splice(0, this.states.length, state);
    this.last = state;
  }

  private saidAt(count: number, most: number): Pick<Moment, "said" | "isAnswer"> {
    const said: string[] = [];
    let isAnswer = false;
    for (let index = count - 1; index >= 0 && said.length < most; index--) {
      const line = this.lines[index];
      isAnswer = line?.type === "typed";
      if (isAnswer) break;
      if (line?.type !== "shown" || !isSaid(line)) continue;
      said.push(line.peer === null ? line.text : `${line.peer}: ${line.text}`);
    }
    return { said: said.reverse(), isAnswer };
  }
}
