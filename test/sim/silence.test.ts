/** Silence that is death, and silence that is not: peers that stutter, bad networks, peers frozen for good. */
import { expect, test } from "bun:test";
import { brokenChecks, checkRing } from "../../src/checks/ring.ts";
import { makeRandom, randomBelow } from "../../src/protocol/random.ts";
import { LOCAL_NETWORK, NETWORKS } from "../../src/sim/network.ts";
import { numberedRing, Stage, snapshots } from "../../src/sim/stage.ts";

const IDS = [10, 20, 30, 40, 50, 60];
const SEEDS = [1, 2, 3, 4];
/** In which a peer that is frozen for good is found by both that watch it. */
const FOUND_MS = 8_000;

type Death = { readonly at: number; readonly by: number; readonly id: number };

/** A calm ring, and who takes whom for dead from now on. */
function ring(pingIntervalMs: number, seed: number, network = LOCAL_NETWORK) {
  const stage = new Stage({ config: numberedRing(pingIntervalMs), network, seed });
  stage.found(IDS);
  const { world } = stage;
  world.run(10_000 + pingIntervalMs);
  const deaths: Death[] = [];
  world.readers.push((host, event) => {
    if (event.event !== "member" || event.state !== "dead") return;
    deaths.push({ at: world.now, by: host.id, id: event.id });
  });
  return { stage, world, deaths, random: makeRandom(seed) };
}

test.each([1_000, 5_000, 30_000])(
  "a peer that stands still again and again, for up to 4.3 s, is not dead: rounds every %d ms",
  (interval) => {
    for (const seed of SEEDS) {
      const { world, deaths, random } = ring(interval, seed);
      const end = world.now + 40_000;
      while (world.now < end) {
        world.freeze(30);
        world.run(world.now + 300 + randomBelow(random, 4_001));
        world.thaw(30);
        world.run(world.now + 200 + randomBelow(random, 801));
      }
      world.run(world.now + 10_000);
      expect(deaths).toEqual([]);
      expect(brokenChecks(checkRing(snapshots(world)))).toEqual([]);
    }
  },
);

/** Of each segment of a stream so many are lost: it is sent again after 200 ms, 400 ms, ... as TCP does. */
function loseSegments({ world }: Stage, lostPerMille: number, seed: number): void {
  const random = makeRandom(seed);
  const { network } = world;
  const arrival = network.streamArrival.bind(network);
  network.streamArrival = (now, from, to, extraMs) => {
    let [late, wait] = [0, 200];
    for (; randomBelow(random, 1_000) < lostPerMille; wait *= 2) late += wait;
    return arrival(now, from, to, extraMs + late);
  };
}

test("where four of ten datagrams and segments are lost, hardly anybody is held for dead", () => {
  let all = 0;
  for (const seed of SEEDS) {
    for (const interval of [1_000, 5_000]) {
      const network = { ...NETWORKS.wide, lossPerMille: 400 };
      const { stage, world, deaths } = ring(interval, seed, network);
      loseSegments(stage, 400, seed);
      world.run(world.now + 60_000);
      expect(deaths.length).toBeLessThanOrEqual(1);
      all += deaths.length;
    }
  }
  expect(all).toBeLessThanOrEqual(2);
});

test.each([5_000, 30_000])(
  "frozen for good, it is found by both that watch it: rounds every %d ms",
  (interval) => {
    const found: number[] = [];
    for (let seed = 1; seed <= 12; seed++) {
      const { world, deaths, random } = ring(interval, seed);
      world.run(world.now + randomBelow(random, interval));
      const frozenAt = world.now;
      world.freeze(30);
      world.run(world.now + FOUND_MS);
      expect(deaths.filter(({ id }) => id !== 30)).toEqual([]);
      for (const watcher of [10, 20]) {
        const death = deaths.find(({ by }) => by === watcher);
        expect(death).toBeDefined();
        found.push((death?.at ?? 0) - frozenAt);
      }
      world.run(world.now + 3_000);
      expect(new Set(deaths.map(({ by }) => by))).toEqual(new Set([10, 20, 40, 50, 60]));
      expect(brokenChecks(checkRing(snapshots(world)))).toEqual([]);
    }
    console.log(`found after ${found.map(Math.round).join(" ")} ms`);
  },
);
