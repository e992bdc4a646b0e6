import { expect, test } from "bun:test";
import { runSwarm } from "../../src/sim/swarm.ts";

/** `P2P_SEED=17 npm test -- test/sim/swarm` plays one seed; `P2P_SEEDS=5000` plays as many, for a soak. */
const only = process.env["P2P_SEED"];
const count = Number(process.env["P2P_SEEDS"] ?? 200);
/** Seeds that once failed, each for the reason beside it. */
const KEPT = [
  1219, // peers that joined later knew nobody of a part that had been split off
  1249, // a joiner whose folder held just the incarnation that it was given waited for ever
  4240, // a frozen peer woke to stale word of a life, and nobody told it better
  3201, // a holder for a moment dropped its copy, and the others took it for one still
];

test("rings heal and keep their files, whatever the seed", () => {
  const seeds =
    only === undefined
      ? [...KEPT, ...Array.from({ length: count }, (_, i) => i + 1)]
      : [Number(only)];
  console.log(`seeds ${seeds[0]} to ${seeds.at(-1)}, ${seeds.length} in all`);
  for (const seed of seeds) {
    const { failure, history } = runSwarm(seed);
    if (failure === null) continue;
    const replay = `P2P_SEED=${seed} npm test -- test/sim/swarm`;
    throw new Error(`seed ${seed}: ${failure}\nreplay: ${replay}\n${history.join("\n")}`);
  }
}, 600_000);

test("a seed has one history", () => {
  expect(runSwarm(11)).toEqual(runSwarm(11));
});
