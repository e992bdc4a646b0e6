import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../store/temporary.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

/** An index that the disk has not kept as it was: the peer starts, says so, and the ring brings what it lacks. */

const LIMIT_MS = 120_000;
const IDS = [2, 9, 19];
const NAMES = ["0002", "0009", "0019"];
/** Where a change is made in the index, of pages of 8 KiB, and what is said of it. */
const CHANGES: readonly [string, (index: Buffer) => number, RegExp][] = [
  ["a name", (index) => index.indexOf("0009") + 1, /"0109".*: they stay there, set aside/],
  ["a hash", (index) => index.indexOf("0009") + 40, /"0009".*: they stay there, set aside/],
  ["the rows' page", () => 8_192, /^[^ ]+index\.db is damaged, and was set aside in /],
  ["the database's head", () => 0, /^[^ ]+index\.db is damaged, and was set aside in /],
];

function changeByte(ring: TestRing, id: number, place: (index: Buffer) => number): void {
  const path = join(ring.folderOf(id), "index.db");
  // As SQLite leaves it when it is closed: all is in the one file.
  const database = new Database(path);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const index = readFileSync(path);
  const at = place(index);
  index[at] = (index[at] ?? 0) ^ 1;
  writeFileSync(path, index);
}

describe("where a byte of an index has changed, a peer starts and has all its files again:", () => {
  for (const [what, place, said] of CHANGES) {
    test.concurrent(
      what,
      () =>
        withRing(async (ring) => {
          const hashes = NAMES.map((name) => sha256(ring.file(name, 5_000)));
          for (const name of NAMES) {
            expect((await ring.run("store", `${name}.pdf`, "--peer", 2)).exitCode).toBe(0);
            rmSync(join(ring.cwd, `${name}.pdf`));
          }
          await ring.calm();
          await ring.kill(9);
          changeByte(ring, 9, place);
          await ring.restart(9).waitFor(said);
          await ring.calm();
          // That all have theirs is known to it a moment later.
          const files = await ring.wake.until("all copies are confirmed", 20_000, async () => {
            const known = (await ring.status(9)).files;
            return known.short === 0 ? known : null;
          });
          const damaged = said.source.includes("they stay") ? 1 : 0;
          expect([files.count, files.short, files.damaged]).toEqual([3, 0, damaged]);
          await ring.kill(2, 19);
          for (const [at, name] of NAMES.entries()) {
            expect((await ring.run("request", name, "--peer", 9)).exitCode).toBe(0);
            expect(await ring.hashOf(`received_${name}.pdf`)).toBe(hashes[at] ?? null);
          }
        }, IDS),
      LIMIT_MS,
    );
  }
});
