/**
 * Removals are forgotten after 30 days, everywhere and for good; and a folder that was away for longer
 * than that does not bring back what was removed meanwhile, nor does a ring lose anything that was off.
 */
import { describe, expect, test } from "bun:test";
import {
  AWAY_MS,
  LATE_FOR_MS,
  TOMBSTONE_DROP_MS,
  TOMBSTONE_LAST_MS,
  TOMBSTONE_MS,
} from "../../src/protocol/model/config.ts";
import type { Outcome } from "../../src/protocol/model/events.ts";
import { conflictName, type FileRecord } from "../../src/protocol/model/files.ts";
import type { Host } from "../../src/sim/host.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

const IDS = [10, 20, 30, 40, 50];
const REPLICAS = [20, 30, 40];
const NAME = "0015";
const DAY_MS = 24 * 3_600_000;
const SEED = 7;

/** A ring in calm with a file 0015, whose replicas are 20, 30 and 40. */
function ringWithFile(size = 1_000): Stage {
  // All messages go through the real wire.
  const options = { config: numberedRing(1_000), network: LOCAL_NETWORK, wirePerMille: 1_000 };
  const stage = new Stage({ ...options, seed: SEED });
  stage.found(IDS);
  pass(stage, 8_000);
  stage.act(`file ${NAME} ${size}`);
  expect(type(stage, 50, `Store ${NAME}`)).toMatchObject({ kind: "stored", replicas: REPLICAS });
  stage.world.workingDirectory.clear();
  return stage;
}

function pass(stage: Stage, ms: number): void {
  stage.world.run(stage.world.now + ms);
}

/** How a command ends that is typed at a peer. */
function type(stage: Stage, id: number, text: string): Outcome | undefined {
  const command = stage.type(id, text) ?? 0;
  const end = stage.world.now + 20_000;
  while (!stage.outcomes.has(command) && stage.world.now < end) pass(stage, 10);
  return stage.outcomes.get(command);
}

function kill(stage: Stage, ids: readonly number[]): void {
  for (const id of ids) stage.act(`kill ${id}`);
}

function restart(stage: Stage, ids: readonly number[]): void {
  for (const id of ids) stage.act(`restart ${id}`);
}

/** Days go by for the ring, whose members were in it all the time: only what they hold is older. */
function age(stage: Stage, ids: readonly number[], days: number): void {
  kill(stage, ids);
  for (const id of ids) stage.world.hostOf(id).disk.grow(days * DAY_MS);
  restart(stage, ids);
}

function removalsOn(hosts: readonly Host[]): number[] {
  return hosts.flatMap(({ id, disk }) => (disk.files.some((r) => r.removed) ? [id] : []));
}

function recordAt(stage: Stage, id: number): FileRecord | undefined {
  return stage.world.hostOf(id).disk.files.find(({ name }) => name === NAME);
}

/** Peer 20 goes, the name is removed, and the rest of the ring forgets that within some 40 days. */
function forgetWhileAway(stage: Stage): string {
  const record = recordAt(stage, 20);
  expect(record).toBeDefined();
  kill(stage, [20]);
  pass(stage, 20_000);
  expect(type(stage, 50, `Remove ${NAME}`)).toMatchObject({ kind: "stored" });
  pass(stage, 20_000);
  age(stage, [10, 30, 40, 50], 40);
  pass(stage, 200_000);
  expect(removalsOn(stage.world.living())).toEqual([]);
  stage.act("away 20 by 40");
  return record === undefined ? "" : conflictName(record);
}

describe("a removal", () => {
  test("is dropped by all within minutes once it is 30 days old, and all have confirmed it", () => {
    const stage = ringWithFile();
    type(stage, 50, `Remove ${NAME}`);
    pass(stage, 20_000);
    age(stage, IDS, 30.03);
    pass(stage, 100_000);
    expect(removalsOn(stage.world.living())).toEqual(REPLICAS);
    age(stage, IDS, 0.02);
    pass(stage, 200_000);
    expect(removalsOn(stage.world.living())).toEqual([]);
  });

  test("does not come back from replicas whose clocks are behind: one drops, the other compares", () => {
    const stage = ringWithFile();
    type(stage, 50, `Remove ${NAME}`);
    pass(stage, 20_000);
    kill(stage, IDS);
    // Of three replicas one is over the limit, the others are minutes below.
    const before = [0, 300_000, 500_000];
    for (const [i, id] of REPLICAS.entries()) {
      const { disk } = stage.world.hostOf(id);
      const { ageMs = 0 } = recordAt(stage, id) ?? {};
      disk.grow(TOMBSTONE_DROP_MS - ageMs - stage.world.now - (before[i] ?? 0));
    }
    restart(stage, IDS);
    const seen: string[] = [];
    for (let i = 0; i < 900; i++) {
      pass(stage, 1_000);
      const now = removalsOn(stage.world.living()).join(" ");
      if (seen.at(-1) !== now) seen.push(now);
    }
    // It only ever becomes less, and is nowhere in the end.
    expect(seen.at(-1)).toBe("");
    for (const [i, ids] of seen.entries()) {
      expect(ids.length).toBeLessThanOrEqual((seen[i - 1] ?? "20 30 40").length);
    }
  });

  test("goes on its last day where a replica has not confirmed it, and that one does not get it", () => {
    const stage = ringWithFile();
    stage.act("full 20");
    type(stage, 50, `Remove ${NAME}`);
    pass(stage, 20_000);
    const had = removalsOn(stage.world.living());
    expect(had.length).toBeGreaterThan(0);
    age(stage, IDS, TOMBSTONE_LAST_MS / DAY_MS);
    pass(stage, 200_000);
    expect(removalsOn(stage.world.living())).toEqual([]);
  });

  test("has the same age everywhere, after restarts and hand-overs too", () => {
    const stage = ringWithFile();
    type(stage, 50, `Remove ${NAME}`);
    pass(stage, 10_000);
    age(stage, IDS, 5);
    kill(stage, [30]);
    // Peer 50 takes its place, and gets the removal.
    pass(stage, 30_000);
    const ages = [20, 40, 50].map((id) => (recordAt(stage, id)?.ageMs ?? 0) + stage.world.now);
    for (const ms of ages) expect(Math.abs(ms - (5 * DAY_MS + 40_000))).toBeLessThan(30_000);
    expect(Math.max(...ages) - Math.min(...ages)).toBeLessThan(1_000);
  });
});

describe("a folder that was away for 40 days", () => {
  test("brings back what was removed meanwhile as a conflict, not as the name", () => {
    for (const size of [1_000, 1_000_000]) {
      const stage = ringWithFile(size);
      const conflict = forgetWhileAway(stage);
      restart(stage, [20]);
      // Not even in the first moment, through whomever one asks.
      for (let i = 0; i < 20; i++) {
        for (const id of [20, 50]) {
          const { kind = "" } = type(stage, id, `Request ${NAME}`) ?? {};
          expect(["missing", "failed", "unavailable"]).toContain(kind);
        }
        pass(stage, 100);
      }
      pass(stage, 200_000);
      for (const id of [10, 20, 50]) {
        expect(type(stage, id, `Request ${NAME}`)).toMatchObject({ kind: "missing" });
        expect(type(stage, id, `Request ${conflict}`)).toMatchObject({ kind: "received", size });
      }
      const said = stage.lines.filter((l) => l.error && l.text.includes("was away"));
      expect(said.map(({ peer, text }) => [peer, text])).toEqual([
        [
          20,
          "This folder was away for 40 days: its file is kept as a conflict if the ring does not have it.",
        ],
      ]);
      // And for good.
      restart(stage, [20]);
      pass(stage, 100_000);
      expect(type(stage, 20, `Request ${NAME}`)).toMatchObject({ kind: "missing" });
      expect(recordAt(stage, 20)).toMatchObject({ apart: true });
    }
  });

  test("changes nothing of what the ring still has", () => {
    const stage = ringWithFile();
    stage.act("file 0016 1000");
    type(stage, 50, "Store 0016");
    const kept = recordAt(stage, 30);
    kill(stage, [20]);
    pass(stage, 20_000);
    type(stage, 50, "Remove 0016");
    pass(stage, 20_000);
    age(stage, [10, 30, 40, 50], 40);
    pass(stage, 200_000);
    expect(removalsOn(stage.world.living())).toEqual([]);
    stage.act("away 20 by 40");
    restart(stage, [20]);
    pass(stage, 200_000);
    expect(type(stage, 10, `Request ${NAME}`)).toMatchObject({ kind: "received" });
    for (const id of REPLICAS) {
      expect(recordAt(stage, id)).toMatchObject({ apart: false, operation: kept?.operation });
      expect(stage.world.hostOf(id).disk.files.filter((r) => r.name === NAME)).toHaveLength(1);
    }
    stage.world.workingDirectory.clear();
    expect(type(stage, 10, "Request 0016")).toMatchObject({ kind: "missing" });
  });

  test("of a whole ring has all its names, in whichever order its peers come back", () => {
    for (const order of [IDS, [10, 50, 20, 30, 40]]) {
      const stage = ringWithFile();
      stage.act("file 0016 1000");
      type(stage, 50, "Store 0016");
      type(stage, 50, "Remove 0016");
      stage.world.workingDirectory.clear();
      pass(stage, 700_000);
      kill(stage, IDS);
      stage.act(`away ${IDS.join(" ")} by 40`);
      for (const [i, id] of order.entries()) {
        restart(stage, [id]);
        // The replicas come long after the others have gone on.
        pass(stage, order === IDS || i !== 1 ? 100 : LATE_FOR_MS * 2);
      }
      pass(stage, 60_000);
      for (const id of IDS) {
        expect(type(stage, id, `Request ${NAME}`)).toMatchObject({ kind: "received" });
        expect(type(stage, id, "Request 0016")).toMatchObject({ kind: "missing" });
      }
      // Its removals are forgotten once it is a ring again.
      pass(stage, LATE_FOR_MS + 1_000_000);
      expect(removalsOn(stage.world.living())).toEqual([]);
      expect(type(stage, 10, `Request ${NAME}`)).toMatchObject({ kind: "received" });
      expect(stage.lines.filter((l) => l.text.includes("was away"))).toEqual([]);
    }
  }, 120_000);

  test("of a whole ring that takes a new member in first has all its names", () => {
    const stage = ringWithFile();
    kill(stage, IDS);
    stage.act(`away ${IDS.join(" ")} by 40`);
    restart(stage, [10]);
    pass(stage, 12_000);
    stage.act("join 25 via 10");
    pass(stage, 5_000);
    expect(stage.runs(25)).toBe(true);
    restart(stage, [20, 30, 40, 50]);
    pass(stage, 60_000);
    for (const id of [...IDS, 25]) {
      expect(type(stage, id, `Request ${NAME}`)).toMatchObject({ kind: "received" });
    }
    expect(recordAt(stage, 25)).toMatchObject({ apart: false });
  });

  test("meets another one first, with a new member between them, and then one that was there", () => {
    const stage = ringWithFile();
    const record = recordAt(stage, 20);
    kill(stage, [20, 30]);
    pass(stage, 30_000);
    type(stage, 50, `Remove ${NAME}`);
    pass(stage, 20_000);
    age(stage, [10, 40, 50], 40);
    pass(stage, 200_000);
    stage.act("away 20 30 by 40");
    kill(stage, [10, 40, 50]);
    restart(stage, [20, 30]);
    pass(stage, 15_000);
    stage.act("join 25 via 20");
    pass(stage, 60_000);
    // Among themselves they are a ring that was off.
    expect(type(stage, 25, `Request ${NAME}`)).toMatchObject({ kind: "received" });
    restart(stage, [10, 40, 50]);
    pass(stage, 200_000);
    for (const id of [...IDS, 25]) {
      expect(type(stage, id, `Request ${NAME}`)).toMatchObject({ kind: "missing" });
      const name = record === undefined ? "" : conflictName(record);
      expect(type(stage, id, `Request ${name}`)).toMatchObject({ kind: "received" });
    }
  });

  test("comes back by a join as well", () => {
    const stage = ringWithFile();
    const conflict = forgetWhileAway(stage);
    stage.act("join 20 via 50");
    pass(stage, 200_000);
    expect(type(stage, 10, `Request ${NAME}`)).toMatchObject({ kind: "missing" });
    expect(type(stage, 10, `Request ${conflict}`)).toMatchObject({ kind: "received" });
  });

  test("keeps what was stored in it since", () => {
    const stage = ringWithFile();
    forgetWhileAway(stage);
    restart(stage, [20]);
    pass(stage, 20_000);
    stage.act("file 0016 500");
    expect(type(stage, 20, "Store 0016")).toMatchObject({ kind: "stored" });
    stage.world.workingDirectory.clear();
    pass(stage, LATE_FOR_MS + 1_000_000);
    expect(type(stage, 10, "Request 0016")).toMatchObject({ kind: "received" });
    expect(AWAY_MS).toBeLessThan(TOMBSTONE_MS);
  }, 60_000);
});
