/** What peers send by datagram is what is taken by datagram: in a ring whose peers come, go, die and store. */
import { expect, test } from "bun:test";
import { NETWORKS } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";
import { BY_DATAGRAM } from "../../src/wire/table.ts";

const ACTIONS = [
  "file 2067 20000",
  "20 types Store 2067",
  "join 15 via 30",
  "30 types Request 2067",
  "kill 40",
  "cut 10 20 from 30 50",
  "mend",
  "restart 40",
  "quit 50",
  "cut udp 10 from 20",
  "freeze 60",
  "thaw 60",
  "restart 50",
];

/** Plays a ring, and notes what goes by datagram. */
function play(seed: number, ids: readonly number[], actions: readonly string[], tags: Set<string>) {
  const stage = new Stage({ config: numberedRing(1_000), network: NETWORKS.local, seed });
  stage.world.post.observers.push((_, { tag }, __, channel) => {
    if (channel === "datagram") tags.add(tag);
  });
  stage.found(ids);
  stage.world.run(5_000);
  for (const action of actions) {
    stage.act(action);
    stage.world.run(stage.world.now + 8_000);
  }
}

test("by datagram go the messages that are listed, and no others", () => {
  const tags = new Set<string>();
  for (const seed of [1, 2, 3]) play(seed, [10, 20, 30, 40, 50, 60], ACTIONS, tags);
  // What is new to a large ring goes another way.
  play(
    1,
    Array.from({ length: 70 }, (_, i) => i),
    ["kill 40", "join 200 via 30"],
    tags,
  );
  // A hello means nothing: a transport sends it to see whether there is a way.
  expect([...tags, "hello"].sort()).toEqual([...BY_DATAGRAM].sort());
});
