/** Who could reach whom, and since when, as the one who injects the faults knows it. */
import type { Situation } from "../../src/checks/history.ts";

export class Reach {
  readonly situations: Situation[];

  /** All run, and reach each other. */
  constructor(peers: readonly number[]) {
    this.situations = [{ from: performance.now(), running: peers, frozen: [], severed: [] }];
  }

  /** From now on this has changed, and the rest is as it was. */
  note(change: Partial<Omit<Situation, "from">>): void {
    const last = this.situations.at(-1);
    if (last !== undefined) this.situations.push({ ...last, ...change, from: performance.now() });
  }
}
