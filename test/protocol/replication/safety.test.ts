/** Which files are safe, and which are short of copies: as one peer counts them, and as whole rings are told. */
import { expect, test } from "bun:test";
import type { Outcome } from "../../../src/protocol/model/events.ts";
import { heldVersion } from "../../../src/protocol/model/files.ts";
import { type SnapshotFiles, snapshot } from "../../../src/protocol/snapshot.ts";
import { LOCAL_NETWORK } from "../../../src/sim/network.ts";
import { numberedRing, Stage } from "../../../src/sim/stage.ts";
import { IDS, OnePeer, recordOf, replicated } from "../one-peer.ts";

test("what others have confirmed counts: a file is safe with all copies but one elsewhere, and short below three", () => {
  const record = recordOf(8, 3, 1);
  const one = new OnePeer(8, IDS, [record]);
  const files = () => snapshot(one.peer).files;
  // What has just come is not called short yet, and is not counted on, either.
  expect(files()).toMatchObject({ count: 1, short: 0, least: 1, safe: false });
  one.pass(3_000);
  expect(files()).toMatchObject({ short: 1, least: 1, safe: false });
  // One that is no replica may drop its copy at any time.
  one.hear(2, replicated([record]));
  expect(files()).toMatchObject({ short: 1, least: 1, safe: false });
  one.hear(9, replicated([record]));
  expect(files()).toMatchObject({ short: 1, least: 2, safe: false });
  one.hear(14, replicated([record]));
  expect(files()).toMatchObject({ short: 0, least: 3, safe: true });
  one.hear(9, { tag: "rejected", files: [heldVersion(record)] });
  expect(files()).toMatchObject({ short: 1, least: 2, safe: false });
  one.hear(20, replicated([record]));
  expect(files()).toMatchObject({ short: 0, least: 3, safe: true });
});

test("a leaver's own copy counts for nothing, and what was confirmed before for nothing either", () => {
  const record = recordOf(8, 3, 1);
  const one = new OnePeer(8, IDS, [record]);
  const files = () => snapshot(one.peer).files;
  for (const id of [9, 14]) one.hear(id, replicated([record]));
  one.command(1, { kind: "quit" });
  expect(files()).toMatchObject({ least: 0, safe: false });
  for (const [id, least, safe] of [
    [9, 1, false],
    [14, 2, true],
  ] as const) {
    one.hear(id, replicated([record], true));
    expect(files()).toMatchObject({ least, safe });
  }
});

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

/** How a command ends that is typed at a peer. */
function type(stage: Stage, id: number, text: string): Outcome | undefined {
  return ended(stage, stage.type(id, text) ?? 0);
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

test("with all its copies every file is safe, and with one member dead none is", () => {
  const stage = ringOf(THREE);
  expect(filesAt(stage, 20)).toMatchObject({ count: 0, short: 0, least: 0, safe: true });
  expect(type(stage, 40, "Store 0015")).toMatchObject({ kind: "stored", withoutReplica: [] });
  later(stage, 5_000);
  for (const id of THREE) {
    expect(filesAt(stage, id)).toMatchObject({ count: 1, short: 0, least: 3, safe: true });
  }
  stage.act("kill 30");
  later(stage, 15_000);
  for (const id of [20, 40]) {
    expect(filesAt(stage, id)).toMatchObject({ count: 1, short: 0, least: 2, safe: false });
  }
});

test("a copy in the place of one that was rejected counts, and one that is nowhere does not", () => {
  const stage = ringOf([...THREE, 50]);
  stage.act("full 30");
  later(stage, TOLD_MS);
  expect(type(stage, 40, "Store 0015")).toMatchObject({ kind: "stored", replicas: [20, 40, 50] });
  later(stage, 5_000);
  expect(filesAt(stage, 20)).toMatchObject({
    short: 0,
    least: 3,
    safe: true,
    room: expect.any(Number),
  });
  expect(filesAt(stage, 30)).toMatchObject({ count: 0, room: 0 });
  stage.act("kill 50");
  later(stage, 15_000);
  expect(filesAt(stage, 20)).toMatchObject({ count: 1, short: 1, least: 2, safe: false });
});

test("what has just come is not called short while its replicas are about to confirm it", () => {
  const stage = ringOf(THREE);
  const seen = new Set<string>();
  const command = stage.type(30, "Store 0015") ?? 0;
  for (let step = 0; step < 400; step++) {
    stage.world.run(stage.world.now + 5);
    for (const id of THREE) {
      const { count, short, least, safe } = filesAt(stage, id) ?? {};
      expect(short).toBe(0);
      if (count === 1) seen.add(`${least} ${safe}`);
    }
  }
  expect(stage.outcomes.get(command)).toMatchObject({ kind: "stored", replicas: [20, 30, 40] });
  // What is not confirmed yet is not counted on, either.
  expect(seen).toContain("1 false");
  expect(seen).toContain("3 true");
});
