/** The faults of a run: drawn from the seed, the ids and the options alone, and within what was asked for. */
import { describe, expect, test } from "bun:test";
import { ringIds } from "../../src/commands/ring.ts";
import { AFTER_MS, destroys, TRAITS } from "../../src/lab/fault-traits.ts";
import { drawFaults, type FaultPlan } from "../../src/lab/plan.ts";
import { FAULT_KINDS, type PlannedFault } from "../../src/lab/run-lines.ts";

const IDS = ringIds(12);
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

function plan(part: Partial<FaultPlan> = {}): FaultPlan {
  return {
    ...{ seed: 42, ids: IDS, kinds: FAULT_KINDS, forMs: 60_000, everyMs: 1_000 },
    ...{ spread: "random", minAlive: 3, maxDown: 2, only: null, protect: [], ...part },
  };
}

const endOf = ({ atMs, forMs }: PlannedFault): number => atMs + forMs;
const overlap = (a: PlannedFault, b: PlannedFault, after = 0): boolean =>
  a.atMs <= endOf(b) + after && b.atMs <= endOf(a) + after;
const isDown = ({ kind }: PlannedFault): boolean => TRAITS[kind].isDown === true;

test("the same seed gives the same faults, whatever the order of the ids, and another one others", () => {
  const faults = drawFaults(plan());
  expect(drawFaults(plan({ ids: IDS.toReversed() }))).toEqual(faults);
  expect(drawFaults(plan({ seed: 43 }))).not.toEqual(faults);
  expect(faults.map(({ n }) => n)).toEqual(faults.map((_, index) => index + 1));
});

describe("of forty seeds", () => {
  const all = SEEDS.map((seed) => drawFaults(plan({ seed })));

  test("every kind comes, faults overlap, and all are over in time", () => {
    const kinds = new Set(all.flatMap((faults) => faults.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual([...FAULT_KINDS].sort());
    for (const faults of all) {
      expect(faults.length).toBeGreaterThan(15);
      expect(Math.max(...faults.map(endOf))).toBeLessThanOrEqual(60_000);
      expect(faults.map(({ atMs }) => atMs)).toEqual(
        faults.map(({ atMs }) => atMs).sort((a, b) => a - b),
      );
      expect(faults.some((a) => faults.some((b) => b.n > a.n && overlap(a, b)))).toBe(true);
    }
  });

  test("no more are down at a time than may be, and nobody twice", () => {
    for (const faults of all) {
      for (const fault of faults.filter(isDown)) {
        const others = faults.filter((other) => isDown(other) && overlap(fault, other));
        const down = others.flatMap(({ peers }) => peers);
        expect(new Set(down).size).toBe(down.length);
        const atBegin = others.filter((o) => o.atMs <= fault.atMs && endOf(o) >= fault.atMs);
        expect(atBegin.flatMap(({ peers }) => peers).length).toBeLessThanOrEqual(2);
      }
    }
  });

  test("a copy is destroyed, and a member comes or goes, only while all else is whole", () => {
    let careful = 0;
    for (const faults of all) {
      for (const fault of faults.filter(({ kind }) => TRAITS[kind].sort === "careful")) {
        careful += 1;
        if (destroys(fault.kind)) expect(fault.peers).toHaveLength(1);
        const beside = faults.filter(
          (o) => o !== fault && TRAITS[o.kind].sort !== "soft" && overlap(fault, o, AFTER_MS),
        );
        expect(beside).toEqual([]);
      }
    }
    expect(careful).toBeGreaterThan(100);
  });

  test("the sides of a cut are apart, and a partition leaves out nobody who is there", () => {
    for (const faults of all) {
      for (const { kind, peers, others } of faults) {
        expect(peers.filter((id) => others.includes(id))).toEqual([]);
        if (kind !== "partition") continue;
        expect(peers.length).toBeLessThanOrEqual(IDS.length / 2);
        expect(IDS.filter((id) => ![...peers, ...others].includes(id))).toEqual([]);
      }
    }
  });
});

test("only those that were named are struck, and never those that are protected", () => {
  for (const seed of SEEDS) {
    const only = IDS.slice(0, 5);
    const protect = IDS.slice(4, 8);
    const struck = drawFaults(plan({ seed, only, protect })).flatMap((fault) =>
      fault.kind === "join" ? [] : fault.peers,
    );
    expect(struck.filter((id) => !IDS.slice(0, 4).includes(id))).toEqual([]);
    expect(struck.length).toBeGreaterThan(0);
  }
});

test("so many stay alive, and where none may go down none does", () => {
  const kinds = ["kill", "freeze", "loss"] as const;
  const faults = drawFaults(plan({ kinds, minAlive: 12 }));
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["loss"]));
  expect(drawFaults(plan({ kinds: ["kill"], maxDown: 0 }))).toEqual([]);
});

test("victims of one fault are neighbours where that was asked for", () => {
  const faults = drawFaults(plan({ kinds: ["partition"], spread: "adjacent" }));
  expect(faults.length).toBeGreaterThan(3);
  for (const { peers } of faults) {
    const gaps = IDS.filter((id, index) => {
      const next = IDS[(index + 1) % IDS.length] ?? 0;
      return peers.includes(id) && !peers.includes(next);
    });
    expect(gaps.length).toBeLessThanOrEqual(1);
  }
});

test("a long run has no more than may be", () => {
  expect(drawFaults(plan({ kinds: ["reset"], forMs: 1e9, everyMs: 1_000 }))).toHaveLength(100_000);
});
