/**
 * A file that changes while it is stored: whatever has come of the store by then, its origin is told soon,
 * and what it is told is so.
 */
import { expect, test } from "bun:test";
import { NUMBERED_BITS } from "../../src/protocol/model/config.ts";
import type { Outcome } from "../../src/protocol/model/events.ts";
import { contentOf, keyOf } from "../../src/sim/names.ts";
import { NETWORKS } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

const IDS = [10, 20, 30, 40, 50];
const NAME = "0015";
const KEY = keyOf(NAME, NUMBERED_BITS);
/** It moves for eight milliseconds. */
const SIZE = 8_000_000;
/** Where a store ends by itself it may take so long. */
const SOON_MS = 2_000;
/** By then everything is over that a peer waits for. */
const OVER_MS = 40_000;

/** @returns how the store ended, and whether anything of it is anywhere when all is over */
function storeSpoilt(stage: Stage, origin: number, afterMs: number) {
  const { world, outcomes } = stage;
  const content = contentOf(NAME, SIZE);
  const what = { kind: "store", name: NAME, key: KEY, ...content, body: null, require: 0 } as const;
  const command = world.command(origin, what, content);
  world.run(world.now + afterMs);
  stage.act(`change ${NAME} ${SIZE + 1}`);
  world.run(world.now + SOON_MS);
  const soon: Outcome | undefined = outcomes.get(command);
  world.run(world.now + OVER_MS);
  const there = world.living().some((h) => h.disk.intact().some((v) => v.name === NAME));
  return { soon, there, later: outcomes.get(command) };
}

test("a store whose file changes ends soon: it was refused and is nowhere, or it was stored", () => {
  const ended = { stored: 0, refused: 0 };
  for (const network of [NETWORKS.local, NETWORKS.wide]) {
    for (const origin of [10, 20]) {
      for (let step = 0; step < 24; step++) {
        const seed = step + 1;
        const stage = new Stage({ config: numberedRing(1_000), network, seed });
        stage.found(IDS);
        stage.world.run(8_000);
        const at = { network, origin, seed };
        const { soon, there, later } = storeSpoilt(stage, origin, step * 2);
        expect({ ...at, soon: soon?.kind }).not.toEqual({ ...at, soon: undefined });
        expect({ ...at, later }).toEqual({ ...at, later: soon });
        if (soon?.kind === "failed")
          expect({ ...at, maybe: soon.maybe }).toEqual({ ...at, maybe: false });
        expect({ ...at, there }).toEqual({ ...at, there: soon?.kind === "stored" });
        ended[there ? "stored" : "refused"] += 1;
      }
    }
  }
  expect(Math.min(ended.stored, ended.refused)).toBeGreaterThan(8);
});

test("what was told to have failed is not done later, when those that take it can be reached again", () => {
  const stage = new Stage({ config: numberedRing(1_000), network: NETWORKS.local, seed: 3 });
  const { world, outcomes } = stage;
  stage.found([118, 163, 160]);
  world.run(8_000);
  // Its owner cannot be told, and who stands in for that can be told and cannot take it.
  stage.act("cut 118 towards 163");
  stage.act("hang 160 towards 163");
  const content = contentOf(NAME, SIZE);
  const what = { kind: "store", name: NAME, key: 73, ...content, body: null, require: 0 } as const;
  const command = world.command(163, what, content);
  while (!outcomes.has(command)) world.run(world.now + 100);
  expect(outcomes.get(command)).toMatchObject({ kind: "failed", maybe: true });
  stage.act("mend");
  world.run(world.now + OVER_MS);
  expect(world.living().filter((h) => h.disk.files.some((v) => v.name === NAME))).toEqual([]);
});
