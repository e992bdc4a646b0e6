import { expect, test } from "bun:test";
import { snapshot } from "../../src/protocol/snapshot.ts";
import type { Host } from "../../src/sim/host.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

const SEED = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 1_000_000));
const RINGS = 12;
const ACTIONS = 12;
const REPLICATION_FACTOR = 3;
/** A death is known, copies are made, and those who rejected have been asked again. */
const STILL_MS = 100_000;
const SURE_S = 20;

/** Names that a peer holds, by what is on its disk. */
function namesOn({ disk }: Host): string[] {
  return disk.intact().flatMap(({ name, removed }) => (removed ? [] : [name]));
}

/** One thing that happens to a ring. @returns it in the words of a scenario */
function happen(
  stage: Stage,
  generator: RandomGenerator,
  ids: readonly number[],
  step: number,
): string {
  const id = generator.pick(ids);
  const host = stage.world.hostOf(id);
  const draw = generator.below(10);
  if (host.peer === null) return draw < 5 ? `restart ${id}` : "calm";
  if (draw < 5) {
    const name = `${1_000 + step}`;
    stage.act(`file ${name} ${generator.pick([0, 500, 200_000])}`);
    return `${id} types Store ${name}`;
  }
  const dead = ids.filter((other) => stage.world.hostOf(other).peer === null).length;
  if (draw < 7) return host.disk.full ? `room ${id}` : `full ${id}`;
  if (dead > 0) return "calm";
  return draw < 9 ? `kill ${id}` : `quit ${id}`;
}

/** For how many of a peer's files how many copies there are elsewhere. */
function replicasElsewhere(living: readonly Host[], host: Host): number[] {
  const others = living.filter((h) => h !== host).map(namesOn);
  return namesOn(host).map((name) => others.filter((names) => names.includes(name)).length);
}

/**
 * Those who rejected are asked again now and then, and until they have answered a peer may think that a
 * copy is missing. It never takes one to be there that is not.
 */
function untilSure(stage: Stage, why: string): void {
  for (let seconds = 0; seconds < SURE_S; seconds++) {
    const living = stage.world.living();
    const unsure = living.filter((host) => {
      if (host.peer === null) return false;
      const safe = replicasElsewhere(living, host).every(
        (replicas) => replicas >= REPLICATION_FACTOR - 1,
      );
      const told = snapshot(host.peer).files.safe;
      expect([why, host.id, told && !safe]).toEqual([why, host.id, false]);
      return told !== safe;
    });
    if (unsure.length === 0) return;
    stage.world.run(stage.world.now + 1_000);
  }
}

test(`who is called safe is safe (P2P_TEST_SEED=${SEED})`, () => {
  const seen = { safe: 0, unsafe: 0, short: 0 };
  for (let ring = 0; ring < RINGS; ring++) {
    const generator = new RandomGenerator(SEED + ring);
    const ids = generator.pick([
      [20, 30, 40],
      [10, 20, 30, 40, 50],
    ]);
    const stage = new Stage({
      ...{ config: numberedRing(1_000), network: LOCAL_NETWORK, seed: SEED + ring },
    });
    stage.found(ids);
    stage.world.run(8_000);
    const told: string[] = [];
    for (let step = 0; step < ACTIONS; step++) {
      const action = happen(stage, generator, ids, step);
      told.push(action);
      if (action !== "calm") stage.act(action);
      stage.world.run(stage.world.now + STILL_MS);
      untilSure(stage, `seed ${SEED + ring}: ${told.join(", ")}`);
      const living = stage.world.living();
      for (const host of living) {
        if (host.peer === null) continue;
        const files = snapshot(host.peer).files;
        const knownStale = replicasElsewhere(living, host);
        const why = `seed ${SEED + ring}: ${told.join(", ")}: peer ${host.id}`;
        const safe = knownStale.every((replicas) => replicas >= REPLICATION_FACTOR - 1);
        expect([why, files.count]).toEqual([why, knownStale.length]);
        expect([why, files.safe]).toEqual([why, safe]);
        const wanted = Math.min(REPLICATION_FACTOR, living.length);
        const short = knownStale.filter((replicas) => replicas + 1 < wanted).length;
        expect([why, files.short]).toEqual([why, short]);
        seen[safe ? "safe" : "unsafe"] += 1;
        seen.short += short;
      }
    }
  }
  // A run that has not seen these has shown nothing.
  expect(Object.entries(seen).filter(([, times]) => times === 0)).toEqual([]);
}, 120_000);
