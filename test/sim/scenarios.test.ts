import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTILE_NETWORK } from "../../src/sim/network.ts";
import { playScenario } from "../../src/sim/scenario.ts";
import { parseScenario } from "../../src/sim/scenario-text.ts";

const FOLDER = join(import.meta.dir, "..", "transcripts");
const SEED = 1;

/** While a ring is cut apart, its parts know nothing of each other. */
const CUT_SCENARIO = `ring 1 2 3
cut 2 from 1 3
  3     Peer 2 is no longer alive
  3     My new first successor is Peer 1
  3     My new second successor is Peer 3
  1     Peer 2 is no longer alive
  1     My new first successor is Peer 3
  1     My new second successor is Peer 1
  2     Peer 3 is no longer alive
  2     Peer 1 is no longer alive
  2     My new first successor is Peer 2
  2     My new second successor is Peer 2
calm
`;

const scenarios = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

test("there are scenarios", () => {
  expect(scenarios.length).toBeGreaterThan(20);
});

for (const name of scenarios) {
  test(`${name} is told as written`, () => {
    const difference = playScenario(readFileSync(join(FOLDER, name), "utf8"), SEED);
    if (difference !== null) throw new Error(`${name}, ${difference}`);
  });
}

test("a scenario that is told otherwise fails with a diff of lines", () => {
  const text = "ring 1 2 3\nkill 2\n  1   Peer 3 is no longer alive\n";
  const difference = playScenario(text, SEED) ?? "";
  expect(difference).toContain("line 2: kill 2");
  expect(difference).toContain("-  1     Peer 3 is no longer alive");
  expect(difference).toContain("+  1     Peer 2 is no longer alive");
});

test("a ring that is not calm fails with the names of the checks", () => {
  const difference = playScenario(CUT_SCENARIO, SEED) ?? "";
  expect(difference).toContain("line 13: calm");
  expect(difference).toContain("R6: peer 1 does not hold 2 for alive");
});

test("a step knows its line and its lines", () => {
  expect(parseScenario("# a comment\nring 1 2\n\nkill 2\n  1   gone\n")).toEqual([
    { number: 2, action: "ring 1 2", expected: [] },
    { number: 4, action: "kill 2", expected: ["  1     gone"] },
  ]);
});

test("the assignment's own scenarios hold on a hostile network too", () => {
  for (const name of scenarios.filter((s) => s.startsWith("assignment-"))) {
    for (const seed of [1, 2, 3]) {
      const text = readFileSync(join(FOLDER, name), "utf8");
      const difference = playScenario(text, seed, { ...HOSTILE_NETWORK, lossPerMille: 0 });
      if (difference !== null) throw new Error(`${name}, seed ${seed}, ${difference}`);
    }
  }
});
