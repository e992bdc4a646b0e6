/**
 * Under a cut: nobody waits for whoever is on its other side. Each side goes on with what it has, and where
 * that is too little says so soon, whatever the ping interval.
 */
import { describe, expect, test } from "bun:test";
import { LOCAL_NETWORK, NETWORKS, type NetworkConfig } from "../../src/sim/network.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { drawnRing, Stage } from "../../src/sim/stage.ts";

const PEERS = 6;
const NAMES = 10;
/** Operations in a second. */
const RATE = 25;
/** Nobody waits longer than this, on a side that has a replica of the name. */
const LONGEST_MS = 2_500;
const LONG_ENOUGH_MS = 15_000;

type Asked = { readonly what: string; readonly at: number; readonly peer: number };
type Told = Asked & { readonly ms: number; readonly kind: string };

/** A ring of six, all members of which have known each other for a while, with ten files. */
function ringWithFiles(seed: number, intervalMs: number, network: NetworkConfig) {
  const generator = new RandomGenerator(seed);
  const config = { ...drawnRing(intervalMs), strategy: "direct" as const };
  const stage = new Stage({ config, network, seed });
  const { world } = stage;
  const ids: number[] = [];
  while (ids.length < PEERS) ids.push(generator.below(2 ** 16) * 2 ** 32 + generator.bits());
  world.form(ids);
  const asked = new Map<number, Asked>();
  const told: Told[] = [];
  world.readers.push((_, event) => {
    if (event.event !== "outcome") return;
    const of = asked.get(event.command);
    asked.delete(event.command);
    if (of !== undefined) told.push({ ...of, ms: world.now - of.at, kind: event.outcome.kind });
  });
  const ask = (peer: number, verb: string, name: string) => {
    const command = stage.type(peer, `${verb} ${name}`);
    const operation = { what: `${verb} ${name}`, at: world.now, peer };
    const outcome = stage.outcomes.get(command ?? 0);
    if (command !== null && outcome === undefined) asked.set(command, operation);
    else if (outcome !== undefined) told.push({ ...operation, ms: 0, kind: outcome.kind });
  };
  /** What clients ask of random peers for so long. */
  const load = (forMs: number) => {
    const end = world.now + forMs;
    for (; world.now < end; world.run(world.now + 1_000 / RATE)) {
      const name = `n${generator.below(NAMES)}`;
      const die = generator.below(100);
      if (die < 45) stage.act(`file ${name} 100`);
      const verb = die < 45 ? "Store" : die < 90 ? "Request" : "Remove";
      ask(generator.pick(ids), verb, name);
    }
  };
  world.run(12_000);
  for (let i = 0; i < NAMES; i++) {
    stage.act(`file n${i} 100`);
    ask(ids[0] ?? 0, "Store", `n${i}`);
  }
  load(3_000);
  return { stage, world, ids, generator, load, asked, told };
}

describe.each([
  [1_000, LOCAL_NETWORK],
  [5_000, NETWORKS.wide],
  [30_000, LOCAL_NETWORK],
])("from ping to ping %d ms", (intervalMs, network) => {
  test.each(["cut", "freeze"])(
    "none waits long for who is behind a %s",
    (how) => {
      for (const seed of [1]) {
        const { stage, world, ids, generator, load, asked, told } = ringWithFiles(
          seed,
          intervalMs,
          network,
        );
        const sides = generator.sample(ids, PEERS);
        const one = sides.slice(0, PEERS / 2).join(" ");
        const other = sides.slice(PEERS / 2).join(" ");
        stage.act(how === "cut" ? `cut ${one} from ${other}` : `freeze ${sides[0]}`);
        load(LONG_ENOUGH_MS);
        world.run(world.now + 2 * LONGEST_MS);
        const frozen = how === "cut" ? undefined : sides[0];
        const all = [...told, ...[...asked.values()].map((a) => ({ ...a, ms: 1e9, kind: "none" }))];
        const slow = all.filter(({ ms, peer }) => ms > LONGEST_MS && peer !== frozen);
        expect(slow).toEqual([]);
      }
    },
    60_000,
  );
});
