/** The schedule of a run in life is played here: its ids, its copies, its times, its faults, and its clients. */
import { describe, expect, test } from "bun:test";
import { collectRun } from "../../src/lab/run.ts";
import { scheduleOf } from "../../src/lab/schedule-of-run.ts";
import { planAsScenario } from "../../src/sim/plan.ts";
import { playScenario } from "../../src/sim/scenario.ts";
import { planOfSchedule, type Schedule, type ScheduledFault } from "../../src/sim/schedule.ts";
import { runPlan } from "../../src/sim/simulated-run.ts";
import { madeRun } from "../support/made-run.ts";

const FAULT: ScheduledFault = {
  ...{ kind: "kill", atMs: 1_000, forMs: 2_000, peers: [9], others: [], amount: null },
};
const SCHEDULE: Schedule = {
  ...{ seed: 42, ids: [2, 4, 5, 8, 9, 14, 19], copies: 3, faults: [FAULT], operations: [] },
};

const STORE = { atMs: 500, client: 1, kind: "store", name: "2067", peer: 2 } as const;

/** What is done to the ring, without what clients ask. */
function faultsOf(schedule: Schedule): string[] {
  const { actions } = planOfSchedule(schedule).plan;
  return actions
    .filter(({ action }) => !action.startsWith("client "))
    .map(({ at, action }) => `${at} ${action}`);
}

const PLAYED: readonly (readonly [Partial<ScheduledFault>, readonly string[]])[] = [
  [{ kind: "kill" }, ["9000 kill 9", "11000 restart 9"]],
  [{ kind: "restart", forMs: 0 }, ["9000 restart 9"]],
  [{ kind: "lose-disk" }, ["9000 kill 9", "11000 restart 9 without"]],
  [{ kind: "freeze", peers: [9, 4] }, ["9000 freeze 9 4", "11000 thaw 9 4"]],
  [{ kind: "quit", peers: [2] }, ["9000 quit 2", "11000 join 2 via 4"]],
  [{ kind: "join", peers: [15] }, ["9000 join 15 via 2", "11000 quit 15"]],
  [
    { kind: "partition", peers: [2, 4], others: [5, 8] },
    ["9000 cut 2 4 from 5 8", "11000 mend cut 2 4 from 5 8"],
  ],
  [
    { kind: "one-way", peers: [2], others: [5] },
    ["9000 cut 2 towards 5", "11000 mend cut 2 towards 5"],
  ],
  [
    { kind: "delay", amount: 150 },
    ["9000 slow 9 towards 2 4 5 8 14 19 by 150", "11000 slow 9 towards 2 4 5 8 14 19 by 0"],
  ],
  [{ kind: "reset", forMs: 0 }, ["9000 reset 9 from 2 4 5 8 14 19"]],
  [{ kind: "full-disk" }, ["9000 full 9", "11000 room 9"]],
  [{ kind: "bit-flip" }, ["9000 rot 9", "11000 scrub 9"]],
];

describe("a fault is played as the simulator has it:", () => {
  test.each(PLAYED)("%j", (fault, words) => {
    expect(faultsOf({ ...SCHEDULE, faults: [{ ...FAULT, ...fault }] })).toEqual([...words]);
  });

  test("and all of them, one after the other, are borne", () => {
    const faults = PLAYED.map(([fault], index) => ({ ...FAULT, ...fault, atMs: index * 9_000 }));
    const operations = [2, 8].map((peer) => ({ ...STORE, peer }));
    const { plan, played } = planOfSchedule({ ...SCHEDULE, faults, operations });
    expect(played).toBe(PLAYED.length);
    expect(runPlan(plan).failure).toBeNull();
  });

  test("and what it has not is left out, and counted", () => {
    const kinds = ["loss", "kill", "reorder", "loss", "duplicate"];
    const { played, omitted } = planOfSchedule({
      ...SCHEDULE,
      faults: kinds.map((kind) => ({ ...FAULT, kind })),
    });
    expect({ played, omitted }).toEqual({
      played: 1,
      omitted: { loss: 2, reorder: 1, duplicate: 1 },
    });
  });
});

test.each([2, 5])("a ring that keeps %d copies is one here, and in the scenario", (copies) => {
  const { plan } = planOfSchedule({ ...SCHEDULE, copies, operations: [STORE] });
  const result = runPlan(plan);
  expect(result.failure).toBeNull();
  expect(plan.config.replicationFactor).toBe(copies);
  const text = planAsScenario(plan, "a schedule");
  expect(text).toContain(`\ncopies ${copies}\n`);
  expect(playScenario(text, 1)).toBeNull();
});

test("a run is played with its own clients, by its own times, as it was done", () => {
  const ids = [2, 4, 5, 8, 9, 14, 19, 30];
  const lines = madeRun({ seed: 7, ids, faults: 3, operations: 80, everyMs: 4_000 });
  const run = collectRun(lines);
  const schedule = scheduleOf(run);
  expect(schedule.asDone).toBe(true);
  expect(schedule.faults.map(({ atMs, forMs }) => [atMs, forMs])).toEqual(
    run.header.plan.map(({ atMs, forMs }) => [atMs, forMs]),
  );
  expect(schedule.operations).toHaveLength(80);
  expect(schedule.operations[1]?.atMs).toBe(200);
  const { plan, played } = planOfSchedule(schedule);
  const result = runPlan(plan);
  expect(result.failure).toBeNull();
  expect(result.operations).toBeGreaterThan(60);
  expect(result.faults).toBeGreaterThan(played);
  expect(planOfSchedule(schedule).plan).toEqual(plan);
  // Of one in which nothing was done yet, what was planned.
  const begun = scheduleOf(collectRun(lines.filter(({ type }) => type !== "fault")));
  expect(begun).toMatchObject({ asDone: false, faults: run.header.plan });
});
