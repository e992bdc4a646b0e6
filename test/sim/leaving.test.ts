/** A ring that is taken down in one instant: every peer has left well, whatever overtakes what. */
import { expect, test } from "bun:test";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

const IDS = [5, 8, 9, 14, 19];
const FILE = { size: 100_000, sha256: "ab".repeat(32) } as const;
const STORE = { kind: "store", name: "2067", key: 19, ...FILE, body: null, require: 0 } as const;

/** Those of a ring with one file that did not end with exit 0 when all were asked to leave within a moment. */
function unwell(seed: number, withinMs: number): number[] {
  const stage = new Stage({ config: numberedRing(5_000), network: LOCAL_NETWORK, seed });
  const { world } = stage;
  stage.found(IDS);
  world.run(1_000);
  world.command(8, STORE, FILE);
  world.run(2_000);
  expect([...stage.outcomes.values()].map(({ kind }) => kind)).toEqual(["stored"]);
  for (const [i, id] of IDS.entries()) {
    world.run(2_000 + (withinMs * i) / IDS.length);
    stage.act(`quit ${id}`);
  }
  world.run(60_000);
  return IDS.filter((id) => world.hostOf(id).exitCode !== 0);
}

test.each([0, 1, 2, 5, 20, 200, 3_000])("all leave within %d ms, each with exit 0", (withinMs) => {
  for (let seed = 1; seed <= 40; seed++) {
    expect({ seed, unwell: unwell(seed, withinMs) }).toEqual({ seed, unwell: [] });
  }
});
