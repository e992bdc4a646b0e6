/** Rings whose disks are full: what is refused and what is told of it, and how one leaves with what nobody else can take. */
import { expect, test } from "bun:test";
import type { Outcome } from "../../src/protocol/model/events.ts";
import { type SnapshotFiles, snapshot } from "../../src/protocol/snapshot.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

const THREE = [20, 30, 40];
const SIZE = 1_000;
/** Longer than a peer takes to look at its disk, and its word to its neighbours. */
const TOLD_MS = 2_000;

function ringOf(ids: readonly number[], seed = 7, pingIntervalMs = 1_000): Stage {
  const stage = new Stage({ config: numberedRing(pingIntervalMs), network: LOCAL_NETWORK, seed });
  stage.found(ids);
  stage.world.run(8_000);
  for (const name of ["0015", "0016"]) stage.act(`file ${name} ${SIZE}`);
  return stage;
}

function later(stage: Stage, ms: number): void {
  stage.world.run(stage.world.now + ms);
}

/** How a command ends that is typed at a peer, or is given with `require`. */
function type(stage: Stage, id: number, text: string): Outcome | undefined {
  return ended(stage, stage.type(id, text) ?? 0);
}

function storeRequiring(stage: Stage, id: number, name: string, require: number) {
  const content = stage.world.workingDirectory.get(name) ?? null;
  const { size, sha256 } = content ?? { size: 0, sha256: "" };
  const what = { kind: "store", name, key: Number(name) % 256, size, sha256, body: null } as const;
  return ended(stage, stage.world.command(id, { ...what, require }, content));
}

function ended(stage: Stage, command: number): Outcome | undefined {
  const end = stage.world.now + 60_000;
  while (!stage.outcomes.has(command) && stage.world.now < end) later(stage, 10);
  return stage.outcomes.get(command);
}

function filesAt(stage: Stage, id: number): SnapshotFiles {
  const { peer } = stage.world.hostOf(id);
  if (peer === null) throw new Error(`peer ${id} does not run`);
  return snapshot(peer).files;
}

function notesOf(stage: Stage, id: number): string[] {
  return stage.lines.filter((line) => line.peer === id && line.error).map(({ text }) => text);
}

function onDisks(stage: Stage, name: string): number[] {
  const all = [...stage.world.hosts.values()];
  return all.filter(({ disk }) => disk.files.some((v) => v.name === name)).map(({ id }) => id);
}

function endOf(stage: Stage, id: number): number | null {
  const host = stage.world.hostOf(id);
  const end = stage.world.now + 60_000;
  while (host.peer !== null && stage.world.now < end) later(stage, 100);
  return host.exitCode;
}

test("a store that cannot have its majority is refused before it is given a version, by name of the full", () => {
  for (const seed of [1, 2, 3]) {
    const stage = ringOf(THREE, seed);
    stage.act("full 20 40");
    later(stage, TOLD_MS);
    for (const id of THREE) {
      expect(type(stage, id, "Store 0015")).toEqual({
        kind: "failed",
        why: "File 0015 was not stored: it needs 2 copies, and 2 of 3 peers (20 and 40) have no room for it.",
        maybe: false,
      });
    }
    // With room again nothing of it appears.
    stage.act("room 20 40");
    later(stage, 90_000);
    expect(onDisks(stage, "0015")).toEqual([]);
    expect(type(stage, 30, "Store 0015")).toMatchObject({ kind: "stored", replicas: THREE });
  }
});

test("whoever rejected a file is asked to note its removal all the same", () => {
  const stage = ringOf(THREE);
  stage.act("file 0025 1000");
  for (const id of [20, 40]) stage.world.hostOf(id).disk.full = true;
  expect(type(stage, 30, "Store 0025")).toMatchObject({ kind: "failed", maybe: true });
  for (const id of [20, 40]) stage.act(`room ${id}`);
  const removed = { kind: "stored", record: { removed: true }, replicas: [30, 40, 20] };
  expect(type(stage, 30, "Remove 0025")).toMatchObject(removed);
});

test("a store that falls short after it has its version may still appear, and says so", () => {
  const stage = ringOf(THREE);
  // Nobody has looked at its disk yet.
  for (const id of [20, 40]) stage.world.hostOf(id).disk.full = true;
  const outcome = type(stage, 30, "Store 0015");
  expect(outcome).toMatchObject({ kind: "failed", maybe: true });
  expect(outcome?.kind === "failed" && outcome.why).toMatch(
    /^Storing 0015 is not confirmed: it is durable on 1 of 3 peers \(30\), and may still appear\.$/,
  );
  // What they rejected says that they have no room: the next is refused.
  expect(type(stage, 30, "Store 0016")).toMatchObject({ kind: "failed", maybe: false });
  later(stage, 5_000);
  expect(filesAt(stage, 30)).toMatchObject({ count: 1, short: 1, least: 1, safe: false });
});

test("more copies can be required, and fewer", () => {
  const stage = ringOf(THREE);
  expect(storeRequiring(stage, 20, "0015", 3)).toMatchObject({ kind: "stored", replicas: THREE });
  expect(storeRequiring(stage, 20, "0015", 4)).toMatchObject({ kind: "failed", maybe: false });
  stage.act("full 40");
  later(stage, TOLD_MS);
  expect(storeRequiring(stage, 20, "0016", 3)).toEqual({
    kind: "failed",
    why: "File 0016 was not stored: it needs 3 copies, and 1 of 3 peers (40) has no room for it.",
    maybe: false,
  });
  const two = storeRequiring(stage, 20, "0016", 0);
  expect(two).toMatchObject({
    kind: "stored",
    replicas: [20, 30],
    wanted: 3,
    withoutReplica: [40],
  });
  stage.act("full 30");
  later(stage, TOLD_MS);
  stage.act("file 0017 10");
  expect(storeRequiring(stage, 20, "0017", 0)).toMatchObject({ kind: "failed", maybe: false });
  expect(storeRequiring(stage, 20, "0017", 1)).toMatchObject({ kind: "stored", replicas: [20] });
});

test("what is required beyond a majority is waited for, and not confirmed without it", () => {
  const stage = ringOf(THREE);
  stage.act("freeze 40");
  const outcome = storeRequiring(stage, 20, "0016", 3);
  expect(outcome).toMatchObject({ kind: "failed", maybe: true });
});

test("no more copies can be required than a ring keeps, however many members it has", () => {
  const stage = ringOf([...THREE, 50, 60]);
  expect(storeRequiring(stage, 20, "0015", 4)).toEqual({
    kind: "failed",
    why: "0015 cannot have 4 copies: this ring keeps 3 of each file, so require that many at most.",
    maybe: false,
  });
});

test("that a disk is full is told at once, not with the next ping", () => {
  const stage = ringOf(THREE, 7, 600_000);
  stage.act("full 20 40");
  later(stage, TOLD_MS);
  expect(type(stage, 30, "Store 0015")).toMatchObject({ kind: "failed", maybe: false });
  stage.act("room 20");
  later(stage, TOLD_MS);
  expect(type(stage, 30, "Store 0015")).toMatchObject({ kind: "stored", replicas: [20, 30] });
});

test("a leaver with the only copy waits, says so, and ends with what would be lost", () => {
  const stage = ringOf(THREE);
  stage.act("full 20 40");
  later(stage, TOLD_MS);
  expect(storeRequiring(stage, 30, "0015", 1)).toMatchObject({ kind: "stored", replicas: [30] });
  later(stage, 1_000);
  const began = stage.world.now;
  stage.act("quit 30");
  later(stage, 2_000);
  expect(notesOf(stage, 30)).toContain(
    "This peer waits up to 20 s before it leaves, since no other has room: 0015 has 0 of 3 copies elsewhere.",
  );
  expect(filesAt(stage, 30)).toMatchObject({ count: 1, safe: false });
  expect(endOf(stage, 30)).toBe(1);
  expect(stage.world.now - began).toBeGreaterThan(19_000);
  expect(notesOf(stage, 30).at(-1)).toBe(
    "Left with too few copies elsewhere: 0015 has 0 of 3 copies elsewhere; what is in the data folder here stays, and is offered at the next start.",
  );
  // At its next start it offers it.
  stage.act("room 20 40");
  later(stage, TOLD_MS);
  stage.act("restart 30");
  later(stage, 20_000);
  expect(onDisks(stage, "0015")).toEqual(THREE);
  expect(type(stage, 40, "Request 0015")).toMatchObject({ kind: "received" });
  // Those who rejected it at first have it now, and all know that.
  for (const id of THREE) expect(filesAt(stage, id)).toMatchObject({ short: 0, safe: true });
});

test("what a leaver has handed on at once gives what it cannot hand on no more time", () => {
  const stage = ringOf(THREE);
  expect(storeRequiring(stage, 30, "0016", 1)).toMatchObject({ kind: "stored" });
  later(stage, 1_000);
  stage.act("full 20 40");
  later(stage, TOLD_MS);
  expect(storeRequiring(stage, 30, "0015", 1)).toMatchObject({ kind: "stored", replicas: [30] });
  const began = stage.world.now;
  stage.act("quit 30");
  expect(endOf(stage, 30)).toBe(1);
  expect(stage.world.now - began).toBeLessThan(22_000);
});

test("a leaver departs as soon as there is room again", () => {
  const stage = ringOf(THREE);
  stage.act("full 20 40");
  later(stage, TOLD_MS);
  expect(storeRequiring(stage, 30, "0015", 1)).toMatchObject({ kind: "stored" });
  stage.act("quit 30");
  later(stage, 5_000);
  stage.act("room 20 40");
  expect(endOf(stage, 30)).toBe(0);
  expect(onDisks(stage, "0015")).toEqual(THREE);
});

test("a leaver counts the copies that remain", () => {
  const stage = ringOf(THREE);
  expect(type(stage, 30, "Store 0015")).toMatchObject({ kind: "stored", replicas: THREE });
  stage.act("full 40");
  later(stage, TOLD_MS);
  expect(type(stage, 30, "Store 0016")).toMatchObject({ kind: "stored", withoutReplica: [40] });
  stage.act("quit 30");
  expect(endOf(stage, 30)).toBe(1);
  expect(notesOf(stage, 30).at(-1)).toStartWith(
    "Left with too few copies elsewhere: 0016 has 1 of 3 copies elsewhere;",
  );
});

test("the last of a ring has nobody to hand on to, and leaves at once", () => {
  const stage = ringOf(THREE);
  expect(type(stage, 30, "Store 0015")).toMatchObject({ kind: "stored" });
  for (const id of THREE) {
    stage.act(`quit ${id}`);
    expect(endOf(stage, id)).toBe(0);
  }
});
