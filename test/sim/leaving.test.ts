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

test("one that leaves beside full disks hands on to whoever has room, and says what is so", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const stage = new Stage({ config: numberedRing(5_000), network: LOCAL_NETWORK, seed });
    const { world, outcomes } = stage;
    stage.found([10, 60, 110, 160, 210]);
    world.run(1_000);
    for (const id of [60, 110, 160]) stage.act(`full ${id}`);
    world.run(16_000);
    // Their first replicas are, in turn, each of the five.
    const names = ["0005", "0030", "0080", "0130", "0180", "0220"];
    for (const name of names) {
      stage.act(`file ${name} 300000`);
      const command = stage.type(10, `Store ${name}`) ?? 0;
      while (!outcomes.has(command)) world.run(world.now + 20);
      expect(outcomes.get(command)).toMatchObject({ kind: "stored" });
    }
    const said: string[] = [];
    world.readers.push(({ id }, event) => {
      if (id === 10 && event.event === "note") said.push(event.text);
    });
    stage.act("quit 10");
    world.run(world.now + 45_000);
    const kept = world.hostOf(210).disk.intact();
    expect(kept.map(({ name }) => name).toSorted()).toEqual(names);
    const short = "0005 has 1 of 3 copies elsewhere, 0030 1, 0080 1, 0130 1 and 2 more too few";
    expect(said).toEqual([
      expect.stringContaining(
        `waits up to 20 s before it leaves, since no other has room: ${short}`,
      ),
      expect.stringContaining(`Left with too few copies elsewhere: ${short};`),
    ]);
    expect(world.hostOf(10).exitCode).toBe(1);
  }
});

test("an owner that is amid a store hands on what it was given before it leaves", () => {
  for (let afterMs = 0; afterMs <= 12; afterMs += 0.5) {
    const stage = new Stage({ config: numberedRing(5_000), network: LOCAL_NETWORK, seed: 7 });
    const { world } = stage;
    stage.found(IDS);
    world.run(1_000);
    let accepted = false;
    world.readers.push(({ id }, event) => {
      accepted ||= id === 19 && event.event === "line" && event.text.endsWith("accepted");
    });
    world.command(8, STORE, FILE);
    while (!accepted) world.run(world.now + 0.1);
    world.run(world.now + afterMs);
    stage.act("quit 19");
    world.run(60_000);
    const holders = IDS.filter((id) => id !== 19 && world.hostOf(id).disk.intact().length > 0);
    expect({ afterMs, code: world.hostOf(19).exitCode, holders: holders.length }).toEqual({
      ...{ afterMs, code: 0, holders: 3 },
    });
  }
});
