import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ASIDE } from "../support/program.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

/** A folder that was away for 40 days, by what it says itself: the time of nothing else is touched. */

const LIMIT_MS = 120_000;
const DAY_MS = 86_400_000;
/** Peer 8 has key 7 and its copies lie on 8, 12 and 16. */
const IDS = [4, 8, 12, 16, 20];
const NAME = "0007";

/** What a folder holds was stored that much earlier. */
function grow(ring: TestRing, id: number, days: number): void {
  const index = new Database(join(ring.folderOf(id), "index.db"));
  index.run(
    `UPDATE files SET born = born - ${days * DAY_MS}, at = at - ${days * DAY_MS}, sum = NULL`,
  );
  index.close();
}

/** It was last in its ring so many days ago, and of removals those may be forgotten that are that old. */
function note(ring: TestRing, id: number, away: number, forgotten: number | null): void {
  const now = Date.now();
  const at = now - away * DAY_MS;
  const value = { v: 1, at, forgotten: forgotten === null ? null : now - forgotten * DAY_MS };
  writeFileSync(join(ring.folderOf(id), "alive.json"), JSON.stringify(value));
}

function aliveAt(ring: TestRing, id: number): number {
  return JSON.parse(readFileSync(join(ring.folderOf(id), "alive.json"), "utf8")).at;
}

async function store(ring: TestRing): Promise<void> {
  ring.file(NAME, 5_000);
  const stored = await ring.run("store", `${NAME}.pdf`, "--peer", 4);
  expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
  rmSync(join(ring.cwd, `${NAME}.pdf`));
  await ring.calm();
}

describe("a folder that was away for 40 days", () => {
  test.concurrent(
    "brings a file back as a conflict that the ring has removed and forgotten",
    () =>
      withRing(async (ring) => {
        await store(ring);
        const since = aliveAt(ring, 8);
        expect(Date.now() - since).toBeLessThan(LIMIT_MS);
        await ring.kill(...IDS);
        // The others were there: they have removed it 35 days ago, and forgotten that.
        for (const id of IDS) {
          if (id !== 8) note(ring, id, 0, 35);
          if (id === 12 || id === 16) rmSync(join(ring.folderOf(id), "index.db"));
        }
        grow(ring, 8, 41);
        note(ring, 8, 40, null);
        for (const id of IDS) ring.restart(id);
        const said = /^This folder was away for 40 days: its file is kept as a conflict if/;
        await ring.peer(8).waitFor(said);
        await ring.calm();
        for (const id of [4, 8]) {
          const asked = await ring.run("request", NAME, "--peer", id);
          expect([asked.stdout, asked.exitCode]).toEqual(["", 1]);
        }
        const { stdout } = await ring.run("ls", "--peer", 20, "--json");
        const { files } = JSON.parse(stdout) as { files: { name: string }[] };
        expect(files.map(({ name }) => name)).toEqual([
          expect.stringMatching(new RegExp(`^${NAME}\\.conflict-[0-9a-f]{16}-1$`)),
        ]);
        const conflict = await ring.run("request", files[0]?.name ?? "", "--peer", 20);
        expect([conflict.stderr, conflict.exitCode]).toEqual(["", 0]);
      }, IDS),
    LIMIT_MS,
  );

  test.concurrent(
    "has all its names where the whole ring was off",
    () =>
      withRing(async (ring) => {
        await store(ring);
        await ring.kill(...IDS);
        for (const id of IDS) note(ring, id, 40, 45);
        for (const id of [8, 12, 16]) grow(ring, id, 41);
        for (const id of IDS) ring.restart(id);
        await ring.calm();
        for (const id of [4, 8, 12]) {
          const asked = await ring.run("request", NAME, "--peer", id, "--force");
          expect([asked.stderr, asked.exitCode]).toEqual(["", 0]);
        }
        // It has not been a ring again for long enough to be one that knows all.
        expect(Date.now() - aliveAt(ring, 8)).toBeGreaterThan(39 * DAY_MS);
      }, IDS),
    LIMIT_MS,
  );
});
