import { expect, test } from "bun:test";
import {
  brokenChecks,
  checkRing,
  checkTold,
  mostHops,
  type PeerSnapshot,
} from "../../src/checks/ring.ts";

const IDS = [2, 8, 14, 19];

/** What each peer of a right ring says of itself. */
function rightRing(ids: readonly number[] = IDS): PeerSnapshot[] {
  const at = (i: number) => ids[((i % ids.length) + ids.length) % ids.length] ?? 0;
  const count = Math.min(2, ids.length - 1);
  return ids.map((id, i) => ({
    id,
    bits: 8,
    strategy: "successor",
    successors: Array.from({ length: count }, (_, k) => at(i + k + 1)),
    predecessors: Array.from({ length: count }, (_, k) => at(i - k - 1)),
    members: ids.map((m) => ({ id: m, state: "alive" as const })),
    lookups: [],
  }));
}

/** The ring with one peer's word changed. */
function spoilt(id: number, change: Partial<PeerSnapshot>): string[] {
  return brokenChecks(checkRing(rightRing().map((p) => (p.id === id ? { ...p, ...change } : p))));
}

test("a right ring passes, of any size", () => {
  for (const size of [1, 2, 3, 4]) {
    expect(brokenChecks(checkRing(rightRing(IDS.slice(0, size))))).toEqual([]);
  }
});

test("each check names the peers that break it", () => {
  expect(spoilt(8, { successors: [14, 2] })).toEqual(["R1"]);
  expect(spoilt(8, { predecessors: [19, 2] })).toEqual(["R2"]);
  expect(spoilt(8, { successors: [99, 14] })).toContain("R3");
  expect(spoilt(8, { successors: [19, 2] })).toEqual(["R1", "R4"]);
  expect(spoilt(2, { successors: [19, 8] })).toContain("R5");
  expect(spoilt(8, { members: [{ id: 8, state: "alive" }] })).toEqual(["R6"]);
  const { R6 } = checkRing(
    rightRing().map((p) => ({
      ...p,
      members: [...p.members, { id: 99, state: "alive" as const }],
    })),
  );
  expect(R6).toMatchObject({ ok: false, peers: IDS });
});

test("of a ring in which some are silent it is told what can be, and of no peers nothing", () => {
  const told = (silent: number) => rightRing().filter(({ id }) => id !== silent);
  for (const silent of IDS) {
    const checks = checkTold(told(silent), [silent]);
    expect(Object.keys(checks)).toEqual(["R1", "R2", "R3", "R6", "R7"]);
    expect(brokenChecks(checks)).toEqual([]);
    // Those that do answer may still be wrong.
    const wrong = told(silent).map((p) => ({ ...p, members: p.members.slice(1) }));
    expect(brokenChecks(checkTold(wrong, [silent]))).toEqual(["R6"]);
  }
  expect(checkTold([], IDS)).toEqual({});
  expect(checkTold(rightRing(), [])).toEqual(checkRing(rightRing()));
});

test("two living peers with one id are seen", () => {
  const ring = rightRing();
  expect(brokenChecks(checkRing([...ring, ...ring.slice(0, 1)]))).toContain("R7");
});

test("a lookup must name the owner within the bound on hops", () => {
  const lookup = { key: 9, owner: 14, hops: 2, route: [2, 8, 14] };
  expect(spoilt(2, { lookups: [lookup] })).toEqual([]);
  expect(spoilt(2, { lookups: [{ ...lookup, owner: 19 }] })).toEqual(["R8"]);
  expect(spoilt(2, { lookups: [{ ...lookup, owner: null }] })).toEqual(["R8"]);
  expect(spoilt(2, { lookups: [{ ...lookup, hops: 4 }] })).toEqual(["R8"]);
  expect(spoilt(2, { lookups: [{ key: 250, owner: 2, hops: 0, route: [2] }] })).toEqual([]);
});

test("the bounds on hops are those of the strategies", () => {
  expect([1, 2, 8, 9, 256].map((n) => mostHops("finger", n))).toEqual([0, 1, 3, 4, 8]);
  expect(mostHops("successor", 8)).toBe(7);
  expect(mostHops("direct", 8)).toBe(1);
});
