import { expect, test } from "bun:test";
import type { PeerSnapshot } from "../../src/checks/ring.ts";
import type { LoggedEvent } from "../../src/control/types.ts";
import { Fault } from "../../src/lab/fault.ts";
import type { Seen } from "../../src/lab/follower.ts";
import type { PeerEvent } from "../../src/protocol/model/events.ts";

const IDS = [2, 5, 9, 14, 20];
const VICTIM = 9;
const AT = 1_000_000;

function around(ids: readonly number[], id: number, step: 1 | -1): number[] {
  const at = ids.indexOf(id);
  return [1, 2].map((n) => ids[(at + step * n + 2 * ids.length) % ids.length] ?? Number.NaN);
}

/** A peer of a right ring of these ids. */
function right(ids: readonly number[], id: number): PeerSnapshot {
  return {
    id,
    bits: 8,
    strategy: "successor",
    successors: around(ids, id, 1),
    predecessors: around(ids, id, -1),
    members: ids.map((member) => ({ id: member, state: "alive" })),
    lookups: [],
  };
}

const LIVING = IDS.filter((id) => id !== VICTIM);

function fault(): Fault {
  const before = LIVING.map((id) => right(IDS, id));
  return new Fault(VICTIM, AT, [5, 2], before);
}

function seen(id: number, ms: number, event: PeerEvent): Seen {
  const logged: LoggedEvent = { v: 1, at: AT + ms, seq: 1, peer: id, incarnation: 1, ...event };
  return { id, at: AT + ms, event: logged, snapshot: null };
}

function drops(id: number, ms: number): Seen[] {
  const { successors, predecessors } = right(LIVING, id);
  return [
    seen(id, ms, {
      event: "member",
      id: VICTIM,
      memberIncarnation: 1,
      state: "dead",
      why: "refused",
    }),
    seen(id, ms + 0.1, { event: "successors", successors, predecessors }),
  ];
}

function comesBack(id: number, ms: number): Seen {
  return seen(id, ms, {
    event: "member",
    id: VICTIM,
    memberIncarnation: 1,
    state: "alive",
    why: "heard",
  });
}

test("nothing has healed as long as one peer holds the victim", () => {
  const one = fault();
  expect(one.health().since).toBeNull();
  expect(one.health().broken?.check).toBe("R1");
  for (const id of [2, 5, 14]) for (const each of drops(id, id)) one.observe(each);
  expect(one.health().since).toBeNull();
  expect(one.health().broken?.peers).toEqual([20]);
});

test("it has healed from the last change that was needed, in whatever order word of it comes", () => {
  const events = LIVING.flatMap((id) => drops(id, id));
  for (const order of [events, events.toReversed()]) {
    const one = fault();
    for (const each of order) one.observe(each);
    expect(one.health()).toEqual({ since: AT + 20.1, broken: null });
  }
});

test("a break begins the time anew", () => {
  const one = fault();
  for (const each of LIVING.flatMap((id) => drops(id, id))) one.observe(each);
  one.observe(comesBack(14, 300));
  expect(one.health().since).toBeNull();
  expect(one.health().broken).toMatchObject({ check: "R6", peers: [14] });
  for (const each of drops(14, 350)) one.observe(each);
  expect(one.health().since).toBe(AT + 350);
});

test("it was detected when the last of the watchers dropped the victim", () => {
  const one = fault();
  expect(one.detectMs()).toBeNull();
  for (const each of drops(5, 3)) one.observe(each);
  for (const each of drops(20, 400)) one.observe(each);
  expect(one.detectMs()).toBeNull();
  for (const each of drops(2, 7)) one.observe(each);
  expect(one.detectMs()).toBe(7);
});

test("a peer's own word about itself counts from when it was made", () => {
  const one = fault();
  for (const id of LIVING) {
    one.observe({ id, at: AT + 50 + id, event: null, snapshot: right(LIVING, id) });
  }
  expect(one.health().since).toBe(AT + 70);
});

test("what comes of before the fault changes nothing of its time", () => {
  const one = fault();
  for (const each of LIVING.flatMap((id) => drops(id, -100 + id))) one.observe(each);
  expect(one.health().since).toBe(AT);
});
