import { expect, test } from "bun:test";
import { drawPlan, planAsStory } from "../../src/sim/plan.ts";
import { runPlan } from "../../src/sim/swarm.ts";

/** `P2P_SEED=17 npm test -- test/sim/swarm` plays one seed; `P2P_SEEDS=5000` plays as many, for a soak. */
const only = process.env["P2P_SEED"];
const count = Number(process.env["P2P_SEEDS"] ?? 200);

test("rings heal and keep their files, whatever the seed", () => {
  const seeds =
    only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];
  console.log(`seeds ${seeds[0]} to ${seeds.at(-1)}`);
  for (const seed of seeds) {
    const plan = drawPlan(seed);
    const { failure } = runPlan(plan);
    if (failure === null) continue;
    const replay = `P2P_SEED=${seed} npm test -- test/sim/swarm`;
    const why = `${failure.check} at ${failure.at} ms: ${failure.why}`;
    throw new Error(`seed ${seed}: ${why}\nreplay: ${replay}\n${planAsStory(plan, why)}`);
  }
}, 600_000);

test("a seed has one history", () => {
  expect(runPlan(drawPlan(11))).toEqual(runPlan(drawPlan(11)));
});
