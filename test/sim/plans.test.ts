/** Plans as seeds draw them, and what they may be cut down to. */
import { expect, test } from "bun:test";
import { storedName } from "../../src/protocol/model/names.ts";
import { DRAWING, HARD, KINDS, PLAIN } from "../../src/sim/drawing.ts";
import { HOSTILE_NAMES, nameOf, wordOf } from "../../src/sim/names.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { drawPlan, showPlan } from "../../src/sim/plan.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { runPlan } from "../../src/sim/simulated-run.ts";
import { Stage } from "../../src/sim/stage.ts";

const SEEDS = Array.from({ length: 120 }, (_, i) => i + 1);

test("the clients of a hard plan do 200 operations on five names at most, each store another content", () => {
  for (const seed of SEEDS) {
    const { actions } = drawPlan(seed, HARD);
    const orders = actions.map((a) => a.action.split(" ")).filter(([verb]) => verb === "client");
    expect(orders.length).toBeGreaterThanOrEqual(HARD.operations);
    expect(new Set(orders.map(([, , , name]) => name)).size).toBeLessThanOrEqual(5);
    const stores = orders.filter(([, , kind]) => kind === "store");
    const sizes = stores.map(([, , , name, size]) => `${name} ${Math.floor(Number(size) / 4)}`);
    expect(new Set(sizes).size).toBe(sizes.length);
    const times = actions.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }
});

test("a plan says in a text of old of what kind its ring is", () => {
  const { ids, actions, ...plan } = showPlan(drawPlan(2, HARD));
  expect(JSON.stringify(plan)).toMatch(
    /^\{"seed":2,"config":\{"ring":\d+,"bits":\d+,"strategy":"\w+","pingIntervalMs":\d+,"copies":3\},"network":"\w+","driftPerMillion":\d+,"wire":/,
  );
  expect([ids, actions].every((list) => list.length > 0)).toBe(true);
});

test("every kind of fault is drawn, and one of weight 0 never", () => {
  const verbs = (drawing: typeof HARD) =>
    new Set(
      SEEDS.flatMap((s) => drawPlan(s, drawing).actions.map(({ action }) => action.split(" ")[0])),
    );
  const hard = verbs(HARD);
  for (const verb of [
    "reset",
    "refuse",
    "move",
    "second",
    "change",
    "slow-disk",
    "age",
    "client",
  ]) {
    expect(hard).toContain(verb);
  }
  const plain = verbs(PLAIN);
  for (const verb of ["reset", "move", "second", "change", "slow-disk", "age", "client"]) {
    expect(plain).not.toContain(verb);
  }
  expect(Object.keys(DRAWING.weights).sort()).toEqual([...KINDS].sort());
});

test("a machine moves only where all know where all are: not amid cuts, nor soon before or after one", () => {
  let moves = 0;
  for (let seed = 1; seed <= 600; seed++) {
    const cuts = new Set<string>();
    let apartAt = Number.NEGATIVE_INFINITY;
    let movedAt = Number.NEGATIVE_INFINITY;
    for (const { at, action } of drawPlan(seed, HARD).actions) {
      if (action.startsWith("mend") && cuts.size > 0) apartAt = at;
      if (action.startsWith("mend cut ")) cuts.delete(action.slice("mend ".length));
      else if (action === "mend") cuts.clear();
      else if (action.startsWith("cut ")) cuts.add(action);
      if (action.startsWith("cut ")) expect(at - movedAt).toBeGreaterThanOrEqual(30_000);
      if (!action.startsWith("move ")) continue;
      moves += 1;
      movedAt = at;
      expect(cuts.size).toBe(0);
      expect(at - apartAt).toBeGreaterThanOrEqual(30_000);
      apartAt = at;
    }
  }
  expect(moves).toBeGreaterThan(30);
});

test("no action breaks the simulator, whatever is left of its plan", () => {
  for (const seed of [...SEEDS.slice(0, 40), 999_201]) {
    for (const drawing of [PLAIN, HARD]) {
      const { config, ids, actions } = drawPlan(seed, drawing);
      const generator = new RandomGenerator(seed);
      const stage = new Stage({ config, network: LOCAL_NETWORK, seed });
      // Most of the peers never were, and half of the actions are not done.
      stage.found(generator.sample(ids, 3));
      for (const { action } of actions) {
        if (generator.below(2) === 0) stage.act(action);
        if (generator.below(40) === 0) stage.world.run(stage.world.now + 1);
      }
    }
  }
});

test("a plan that fails because a peer throws is a failure with a scenario, as any other", () => {
  const plan = {
    ...drawPlan(1, PLAIN),
    actions: [{ at: 9_000, action: "client 1 juggle 0001 via 1" }],
  };
  expect(runPlan(plan).failure).toMatchObject({ check: "threw" });
});

test("names in scenarios are one word each, and come back as they were", () => {
  const drawn = SEEDS.map((seed) => drawPlan(seed, HARD)).filter(({ config }) => config.bits > 8);
  expect(drawn.length).toBeGreaterThan(10);
  for (const { actions } of drawn) {
    for (const { action } of actions) expect(action).toMatch(/^[!-~]+( [!-~]+)*$/);
  }
  for (const name of HOSTILE_NAMES) expect(nameOf(wordOf(name))).toBe(storedName(name));
});
