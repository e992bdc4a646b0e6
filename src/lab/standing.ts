/** Who runs, who is frozen and who is cut off from whom, as the one who injects the faults knows it. */
import type { Situation } from "../checks/history.ts";
import { epochNow } from "../control/types.ts";
import type { Pair } from "./injector.ts";

export class Standing {
  private readonly running: Set<number>;
  private readonly frozen = new Set<number>();
  private readonly leaving = new Set<number>();
  private last = "";

  /**
   * @param cuts the pairs that are severed now, and those of them that word may pass
   * @param tell is given each situation when it begins
   */
  constructor(
    ids: readonly number[],
    private readonly cuts: () => { severed: readonly Pair[]; passing: readonly Pair[] },
    private readonly tell: (situation: Situation) => void,
  ) {
    this.running = new Set(ids);
  }

  /** Those that should answer, in ascending order: neither frozen nor about to leave. */
  get living(): readonly number[] {
    const away = (id: number) => this.frozen.has(id) || this.leaving.has(id);
    return [...this.running].filter((id) => !away(id)).sort((a, b) => a - b);
  }

  get frozenIds(): readonly number[] {
    return [...this.frozen];
  }

  runs(id: number): boolean {
    return this.running.has(id);
  }

  came(id: number): void {
    this.running.add(id);
    this.note();
  }

  /** Is in the ring as long as it hands on what it has, and is asked nothing more. */
  leaves(id: number): void {
    this.leaving.add(id);
  }

  ended(id: number): void {
    this.running.delete(id);
    this.frozen.delete(id);
    this.leaving.delete(id);
    this.note();
  }

  freezes(id: number): void {
    this.frozen.add(id);
    this.note();
  }

  thawed(id: number): void {
    this.frozen.delete(id);
    this.note();
  }

  /** Tells how things stand, if that is news. */
  note(): void {
    const inOrder = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);
    const there = ([from, to]: Pair): boolean => this.running.has(from) && this.running.has(to);
    const cuts = this.cuts();
    const passing = cuts.passing.filter(there);
    const situation = {
      running: inOrder(this.running),
      frozen: inOrder(this.frozen),
      severed: cuts.severed.filter(there),
      ...(passing.length === 0 ? {} : { passing }),
    };
    const now = JSON.stringify(situation);
    if (now === this.last) return;
    this.last = now;
    this.tell({ from: epochNow(), ...situation });
  }
}
