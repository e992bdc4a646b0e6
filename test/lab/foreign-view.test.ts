import { describe, expect, test } from "bun:test";
import { Fault } from "../../src/lab/fault.ts";
import type { Seen } from "../../src/lab/follower.ts";
import { ForeignView } from "../../src/lab/foreign-view.ts";
import { type Broken, firstBroken } from "../../src/lab/judge.ts";

/** A view of a ring in calm, each peer of which has pinged its two successors. */
function ring(ids: readonly number[]): ForeignView {
  const view = new ForeignView(1_000);
  for (const id of ids) view.follow(id);
  for (const id of ids) pings(view, id, ids);
  return view;
}

function pings(view: ForeignView, id: number, ids: readonly number[]): void {
  const at = ids.indexOf(id);
  const [first, second] = [1, 2].map((steps) => ids[(at + steps) % ids.length] ?? id);
  view.take(id, { kind: "pings", first: first ?? id, second: second ?? id });
  for (const to of [first, second]) view.take(to ?? id, { kind: "pinged", peer: id });
}

function broken(view: ForeignView, ids: readonly number[]): Broken | null {
  return firstBroken(ids, view.snapshots(ids), view.tells);
}

describe("a ring that is seen through what it prints", () => {
  test.each([[[2, 4, 5, 8, 9]], [[2, 4, 5]], [[2, 4]], [[42]]])("%j is whole", (ids) => {
    expect(broken(ring(ids), ids)).toBe(null);
  });

  test("a peer that has not said whom it pings is named", () => {
    const view = ring([2, 4, 5]);
    view.follow(8);
    expect(broken(view, [2, 4, 5, 8])).toMatchObject({ check: "R4", peers: [8] });
  });

  test("who closes the ring behind two dead ones has made a loop", () => {
    const view = ring([2, 4, 5, 8, 9]);
    for (const id of [4, 5]) view.forget(id);
    view.take(2, { kind: "successor", place: 0, peer: 9 });
    view.take(2, { kind: "successor", place: 1, peer: 2 });
    pings(view, 8, [2, 8, 9]);
    pings(view, 9, [2, 8, 9]);
    expect(broken(view, [2, 8, 9])).toMatchObject({
      check: "R4",
      why: "first successors from peer 2 lead back after 2 of 3",
    });
  });

  test("who keeps a dead second successor breaks R1, and who is not pinged R2", () => {
    const view = ring([2, 4, 5, 8]);
    view.forget(8);
    view.take(5, { kind: "pings", first: 2, second: 4 });
    expect(broken(view, [2, 4, 5])).toMatchObject({ check: "R1", peers: [4] });
    view.take(4, { kind: "pings", first: 5, second: 2 });
    expect(broken(view, [2, 4, 5])).toMatchObject({ check: "R2" });
    for (const id of [2, 4, 5]) pings(view, id, [2, 4, 5]);
    expect(broken(view, [2, 4, 5])).toBe(null);
  });

  test("a death has healed when the last line of it was printed", () => {
    const view = ring([2, 4, 5, 8, 9]);
    const others = [2, 4, 8, 9];
    const before = view.snapshots(others);
    const seen: Seen[] = [];
    view.listen((each) => seen.push(each));
    view.forget(5);
    const fault = new Fault(
      5,
      performance.timeOrigin + performance.now(),
      [4, 2],
      before,
      view.tells,
    );
    view.take(4, { kind: "dead", peer: 5 });
    pings(view, 4, others);
    for (const each of seen.splice(0)) fault.observe(each);
    expect(fault.health().since).toBe(null);
    expect(fault.detectMs()).toBe(null);
    pings(view, 2, others);
    pings(view, 9, others);
    for (const each of seen) fault.observe(each);
    expect(fault.health().broken).toBe(null);
    expect(fault.detectMs()).toBeGreaterThan(0);
  });
});
