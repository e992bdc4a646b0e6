/** What no peer could be offered: names that earlier versions took, rows that the disk has not kept. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import { put, recordOf } from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

async function reopen(opened: Folder): Promise<Folder> {
  await opened.close();
  return openFolder(opened.dir);
}

test("what has no name that a file can have is not held, stays where it is, and is named in one sentence at each start", async () => {
  let opened = await openFolder(join(folder.dir, "unfit"));
  const bad = ["a\u0080b", "\u009b2J", "..", "tab\tbed", "x".repeat(256)];
  for (const name of bad) await put(opened.files, recordOf(name, someBytes(9), 1), someBytes(9));
  const large = someBytes(BODY_BYTES + 1);
  await put(opened.files, recordOf("large\u0085", large, 1), large);
  await put(opened.files, recordOf("good", someBytes(5), 2), someBytes(5));
  for (let start = 0; start < 3; start++) {
    opened = await reopen(opened);
    expect(opened.files.records().map(({ name }) => name)).toEqual(["good"]);
    expect(opened.files.unfit).toEqual([...bad, "large\u0085"]);
    expect(opened.files.winner("a\u0080b")).toBeNull();
    expect(opened.files.open(recordOf("large\u0085", large, 1))).toBeNull();
    const [note, ...others] = opened.notes;
    expect(others).toEqual([]);
    expect(note).toBe(
      `${opened.dir} holds 6 files that no peer could take, "a\\u0080b" and 5 more: they stay there, set aside, and are not offered.`,
    );
    const [content = ""] = readdirSync(join(opened.dir, "files"));
    expect(sha256(readFileSync(join(opened.dir, "files", content)))).toBe(sha256(large));
    // New rows do not take their numbers.
    const bytes = someBytes(20 + start);
    expect(await opened.files.keep(recordOf("good", bytes, 3 + start), bytes)).toBe(true);
  }
  await opened.close();
});

test("one alone is one file, and good names are none of it", async () => {
  let opened = await openFolder(join(folder.dir, "one"));
  await put(opened.files, recordOf("a\u0080", someBytes(9), 1), someBytes(9));
  opened = await reopen(opened);
  expect(opened.notes).toEqual([
    `${opened.dir} holds a file that no peer could take, "a\\u0080": it stays there, set aside, and is not offered.`,
  ]);
  await opened.close();
});

test("a row that the disk has not kept as it was is set aside, whatever is wrong with it", async () => {
  const changes = [
    "sha256 = 'no hash'",
    "size = -1",
    "key = 1 << 48",
    "counter = -5",
    "owner = 0.5",
    "run = 1 << 32",
    "origin = 'nobody'",
    "number = 0",
    "past = ';x.y.z;;'",
    "past = ';;;x.1.2.3'",
  ];
  for (const [index, change] of changes.entries()) {
    let opened = await openFolder(join(folder.dir, `row-${index}`));
    for (const name of ["bad", "good"]) {
      await put(opened.files, recordOf(name, someBytes(9), 1), someBytes(9));
    }
    await opened.close();
    const database = new Database(join(opened.dir, "index.db"));
    // As in a row of an older program, which has no sum.
    database.run(`UPDATE files SET ${change}, sum = NULL WHERE name = 'bad'`);
    database.close();
    opened = await openFolder(opened.dir);
    const { unfit, damagedRows } = opened.files;
    expect([change, ...unfit, ...damagedRows]).toEqual([change, "bad"]);
    expect(opened.files.records().map(({ name }) => name)).toEqual(["good"]);
    await opened.close();
  }
});
