/** One thing alone that befalls a calm ring: all is well again within seconds, and nobody is taken for dead. */
import { expect, test } from "bun:test";
import { ALONE, HARD } from "../../src/sim/drawing.ts";
import { EPILOGUE_KINDS } from "../../src/sim/epilogue.ts";
import { drawPlan, planAsScenario } from "../../src/sim/plan.ts";
import { runPlan } from "../../src/sim/simulated-run.ts";

const first = Number(process.env["P2P_SEED"] ?? 1);
const count = Number(process.env["P2P_SEEDS"] ?? 12);
const SEEDS = Array.from({ length: count }, (_, i) => first + i);

test("whatever befalls a calm ring alone, all is well within seconds", () => {
  console.log(`seeds ${first} to ${first + count - 1}`);
  for (const seed of SEEDS) {
    const { failure } = runPlan(drawPlan(seed, ALONE));
    expect({ seed, failure }).toEqual({ seed, failure: null });
  }
}, 300_000);

test("each kind is drawn, for rings of every kind, and written down with the plan", () => {
  const plans = Array.from({ length: 400 }, (_, i) => drawPlan(i + 1, HARD));
  const kinds = new Set(plans.map(({ epilogue }) => epilogue?.kind));
  expect([...kinds].toSorted()).toEqual([...EPILOGUE_KINDS].toSorted());
  const [plan] = plans;
  if (plan?.epilogue == null) throw new Error("a hard plan has no epilogue");
  expect(planAsScenario(plan, "kept")).toContain(`# then, in calm: ${plan.epilogue.kind} for `);
});
