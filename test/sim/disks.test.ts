import { expect, test } from "bun:test";
import type { Outcome } from "../../src/protocol/model/events.ts";
import { conflictName, type FileRecord } from "../../src/protocol/model/files.ts";
import { lineage, winnerOf } from "../../src/protocol/model/siblings.ts";
import { Chronicle } from "../../src/sim/chronicle.ts";
import { SimDisk } from "../../src/sim/disk.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";
import { recordOf } from "../store/records.ts";

const IDS = [10, 20, 30, 40, 50];
const SMALL = 1_000;
const LARGE = 1_000_000;

function recordBy(counter: number, owner: number, after: FileRecord | null = null): FileRecord {
  const version = { counter, owner, instance: 1 };
  return {
    ...recordOf("0015", new Uint8Array(1), version),
    key: 15,
    sha256: `${counter}${owner}`.padStart(64, "0"),
    ...lineage(after === null ? [] : [after], [], 0),
  };
}

/** A ring in calm with a file 0015 of that size, whose replicas are 20, 30 and 40. */
function ringWith(size: number): Stage {
  const stage = new Stage({ config: numberedRing(1_000), network: LOCAL_NETWORK, seed: 7 });
  stage.found(IDS);
  stage.world.run(8_000);
  stage.act(`file 0015 ${size}`);
  expect(type(stage, 50, "Store 0015")).toMatchObject({ kind: "stored", replicas: [20, 30, 40] });
  stage.world.workingDirectory.clear();
  return stage;
}

/** How a command ends that is typed at a peer. */
function type(stage: Stage, id: number, text: string): Outcome | undefined {
  const command = stage.type(id, text) ?? 0;
  const end = stage.world.now + 20_000;
  while (!stage.outcomes.has(command) && stage.world.now < end) {
    stage.world.run(stage.world.now + 10);
  }
  return stage.outcomes.get(command);
}

function replicas(stage: Stage): number[] {
  const holds = ({ disk }: { disk: SimDisk }) => disk.intact().some((v) => v.name === "0015");
  return stage.world.living().flatMap((h) => (holds(h) ? [h.id] : []));
}

test("a write outlasts a loss of power once it has been synced", () => {
  const disk = new SimDisk();
  disk.write(recordBy(1, 20));
  disk.synced(disk.written);
  disk.write(recordBy(2, 20, recordBy(1, 20)));
  expect(disk.hasUnsynced).toBe(true);
  expect(disk.losePower().map((v) => v.version.counter)).toEqual([2]);
  expect(disk.files.map((v) => v.version.counter)).toEqual([1]);
});

test("what is replaced on its way to a disk counts as executed there", () => {
  const stage = ringWith(SMALL);
  const chronicle = new Chronicle(stage);
  stage.act("client 1 store 0015 8000000 via 10");
  stage.world.run(stage.world.now + 3);
  stage.act("client 2 store 0015 2000 via 50");
  stage.world.run(stage.world.now + 2_000);
  const { operations, applied } = chronicle.history(() => false);
  expect(operations.map((o) => o.outcome.kind)).toEqual(["done", "done"]);
  const [first, second] = operations.map((o) => o.content);
  const on = stage.world.hostOf(20).disk.intact();
  expect(on.map((v) => v.sha256)).toEqual([second ?? ""]);
  const executed = applied?.filter((a) => a.peer === 20).map((a) => a.content);
  expect(new Set(executed)).toEqual(new Set([first ?? "", second ?? ""]));
});

test("of two writes that knew nothing of each other both are kept, whichever comes first", () => {
  for (const order of [
    [recordBy(1, 20), recordBy(2, 30)],
    [recordBy(2, 30), recordBy(1, 20)],
  ]) {
    const disk = new SimDisk();
    for (const record of order) disk.write(record);
    expect(disk.files.map((v) => v.version.counter).sort()).toEqual([1, 2]);
    expect(winnerOf(disk.files)?.version.counter).toBe(2);
    const [conflict] = disk.files.filter((v) => v !== winnerOf(disk.files));
    expect(conflict && conflictName(conflict)).toBe(conflictName(recordBy(1, 20)));
  }
});

test("a copy that rots is found out when it is read, and made good", () => {
  for (const size of [SMALL, LARGE]) {
    const stage = ringWith(size);
    stage.act("rot 20");
    expect(replicas(stage)).toEqual([30, 40]);
    expect(type(stage, 50, "Request 0015")).toMatchObject({ kind: "received", size });
    stage.world.run(stage.world.now + 10_000);
    expect(replicas(stage)).toEqual([20, 30, 40]);
  }
});

test("a scrub finds what nobody reads", () => {
  const stage = ringWith(LARGE);
  stage.act("rot 30 all");
  stage.act("scrub 30");
  stage.world.run(stage.world.now + 10_000);
  expect(replicas(stage)).toEqual([20, 30, 40]);
});

test("a peer whose disk is full serves what it has, and others take what it cannot", () => {
  const stage = ringWith(SMALL);
  stage.act("full 20");
  expect(type(stage, 50, "Request 0015")).toMatchObject({ kind: "received", size: SMALL });
  stage.act("file 0016 2000");
  const stored = type(stage, 50, "Store 0016");
  expect(stored?.kind === "stored" && stored.replicas).not.toContain(20);
  expect(type(stage, 10, "Request 0016")).toMatchObject({ kind: "received", size: 2_000 });
});

test("what was acknowledged survives a loss of power on all machines at once", () => {
  for (const size of [SMALL, LARGE]) {
    const stage = ringWith(size);
    stage.act(`power-cut ${IDS.join(" ")}`);
    stage.act(`restart ${IDS.join(" ")}`);
    stage.world.run(stage.world.now + 15_000);
    expect(type(stage, 50, "Request 0015")).toMatchObject({ kind: "received", size });
  }
});

test("one that comes back with nothing is no witness that what it had is missing", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const stage = new Stage({ config: numberedRing(5_000), network: LOCAL_NETWORK, seed });
    stage.found([27, 138, 55]);
    stage.world.run(20_000);
    for (const action of ["full 138", "file 0067 1000"]) stage.act(action);
    expect(type(stage, 138, "Store 0067")).toMatchObject({ kind: "stored", replicas: [27, 55] });
    stage.world.workingDirectory.clear();
    for (const action of ["kill 27", "wipe 27", "join 27 via 55"]) stage.act(action);
    stage.world.run(stage.world.now + 40);
    expect(stage.world.hostOf(27).peer?.phase).toBe("in");
    expect(type(stage, 55, "Request 0067")).toMatchObject({ kind: "received", size: 1_000 });
  }
});

test("a folder that is lost is filled again", () => {
  const stage = ringWith(LARGE);
  stage.act("kill 20");
  stage.act("wipe 20");
  stage.act("join 20 via 50");
  stage.world.run(stage.world.now + 30_000);
  expect(replicas(stage)).toEqual([20, 30, 40]);
});

test("what was removed stays so when an old copy comes back", () => {
  const stage = ringWith(SMALL);
  stage.act("kill 30");
  stage.world.run(stage.world.now + 10_000);
  expect(type(stage, 50, "Remove 0015")?.kind).toBe("stored");
  stage.act("restart 30");
  stage.world.run(stage.world.now + 15_000);
  expect(type(stage, 30, "Request 0015")?.kind).toBe("missing");
});
