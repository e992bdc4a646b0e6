/** Peers whose process stands still for a while, in a simulated ring. */
import { expect, test } from "bun:test";
import { ASLEEP_MS, HEARTBEAT_MS } from "../../../src/protocol/model/config.ts";
import { makeRandom, randomBelow } from "../../../src/protocol/model/random.ts";
import { LOCAL_NETWORK } from "../../../src/sim/network.ts";
import { numberedRing, Stage } from "../../../src/sim/stage.ts";

const SEED = 4_900;

/** A ring of five that pings every five seconds, so that a deadline may be far away. */
function ring() {
  const stage = new Stage({ config: numberedRing(5_000), network: LOCAL_NETWORK, seed: SEED });
  stage.found([2, 4, 9, 14, 30]);
  const { world } = stage;
  world.run(30_000);
  const given: string[] = [];
  const give = world.give.bind(world);
  world.give = (host, input) => {
    if (host.id === 9 && !host.frozen) given.push(input.type);
    give(host, input);
  };
  const sleepOfNine = () => world.hostOf(9).peer?.lifecycle.sleep ?? null;
  return { stage, world, given, sleepOfNine };
}

test("a sleep is noticed as a duration, whatever the next deadline was and whatever comes first", () => {
  console.log(`seed ${SEED}`);
  const random = makeRandom(SEED);
  const { stage, world, given, sleepOfNine } = ring();
  for (let i = 0; i < 200; i++) {
    world.run(world.now + 8_000 + randomBelow(random, 5_000));
    const before = sleepOfNine();
    const ms = 1 + randomBelow(random, i % 2 === 0 ? 1_000 : 4_999);
    world.freeze(9);
    // Something may wait in its socket, or nothing but time has passed.
    if (randomBelow(random, 2) === 0) world.hostOf(9).held.push({ at: world.now, input: TICK });
    world.run(world.now + ms);
    given.length = 0;
    const epoch = world.hostOf(9).peer?.membership.epoch ?? 0;
    stage.act("thaw 9");
    const woke = sleepOfNine();
    if (ms > ASLEEP_MS + HEARTBEAT_MS) {
      expect(given[0]).toBe("woke");
      expect(woke?.ms).toBeCloseTo(ms, 3);
      expect(world.hostOf(9).peer?.membership.epoch).toBeGreaterThan(epoch);
    } else if (ms <= ASLEEP_MS) expect(woke).toBe(before);
  }
});

const TICK = { type: "tick", at: 0 } as const;

test("a sleeper takes nobody for dead, and what waited for it has grown old", () => {
  const { stage, world, given } = ring();
  const told: string[] = [];
  const held: (number | null)[] = [];
  world.readers.push((host, event) => {
    if (host.id === 9 && event.event === "member") told.push(`${event.id} ${event.state}`);
  });
  const give = world.give.bind(world);
  world.give = (host, input) => {
    if (host.id === 9 && !host.frozen && input.type === "message") held.push(input.heldMs);
    give(host, input);
  };
  for (const ms of [600, 1_200, 1_900, 2_600, 4_900]) {
    world.run(world.now + 10_000);
    world.freeze(9);
    world.command(4, { kind: "request", name: "0005", key: 5 }, null);
    world.run(world.now + ms);
    held.length = given.length = 0;
    stage.act("thaw 9");
    const streams = held.filter((age) => age !== null);
    expect(streams.length).toBeGreaterThan(0);
    for (const age of streams) expect(age).toBeGreaterThan(0);
  }
  world.run(world.now + 30_000);
  expect(told.filter((t) => t.endsWith("dead") && !t.startsWith("9 "))).toEqual([]);
});

test("four that slept side by side, for as long as makes a death, do not answer for a ring that went on", () => {
  const config = { ...numberedRing(5_000), strategy: "direct" } as const;
  const stage = new Stage({ config, network: LOCAL_NETWORK, seed: SEED });
  stage.found([10, 20, 30, 40, 50, 60, 70, 80]);
  const { world } = stage;
  world.run(30_000);
  // The first of the sleepers owns it, and the others are all that would hold it.
  stage.act("freeze 10 20 30 40");
  world.run(world.now + 20_000);
  const plan = { size: 10, sha256: "ab".repeat(32) } as const;
  const store = { kind: "store", name: "0005", key: 5, ...plan, body: null, require: 0 } as const;
  const told = () => [...stage.outcomes.values()].map(({ kind }) => kind);
  world.command(60, store, plan);
  world.run(world.now + 10_000);
  expect(told()).toEqual(["stored"]);
  stage.outcomes.clear();
  stage.act("thaw 10 20 30 40");
  for (const id of [10, 20]) world.command(id, { kind: "request", name: "0005", key: 5 }, null);
  world.run(world.now + 10_000);
  expect(told()).toEqual(["received", "received"]);
});
