/** Who could talk to whom, and when. */
import { expect, test } from "bun:test";
import { between, HEAL_MS } from "../../src/checks/history.ts";
import { Reach } from "../../src/checks/reach.ts";
import { from } from "./histories.ts";

const HEALED = 150;
const CUT = from(0, { severed: between([1, 2, 3], [4, 5, 6]) });
const NEWCOMER = 7;

test("sides are apart until a heal has had its time, also where somebody comes meanwhile", () => {
  const running = [1, 2, 3, 4, 5, 6, NEWCOMER];
  for (const after of [from(HEALED), from(HEALED, { running })]) {
    const reach = new Reach([CUT, after]);
    const apart = (time: number) => {
      const span = reach.spanAt(time);
      return reach.groupOf(span, 1) !== reach.groupOf(span, 4);
    };
    expect([100, HEALED + 1, HEALED + HEAL_MS - 1].map(apart)).toEqual([true, true, true]);
    expect(apart(HEALED + HEAL_MS + 1)).toBe(false);
  }
});
