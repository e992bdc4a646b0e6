/** What a peer's folder keeps of its absence, and of writes that lose their names thereby. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolder } from "../../src/store/folder.ts";
import { openNamed, put, readAll, recordOf, ZERO } from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const DAY_MS = 86_400_000;

test("a write that is put apart has its name no more, its content stays, and a start finds it so", async () => {
  const dir = join(folder.dir, "apart");
  const contents = new Map([
    ["small", someBytes(100)],
    ["large", someBytes(100_000)],
  ]);
  let opened = await openFolder(dir, ZERO);
  for (const [name, bytes] of contents) await put(opened.files, recordOf(name, bytes, 1), bytes);
  for (const record of opened.files.records()) opened.files.setApart(record);
  for (let run = 0; run < 2; run++) {
    expect(opened.files.records().map(({ name, apart }) => [name, apart])).toEqual([
      ["small", true],
      ["large", true],
    ]);
    for (const [name, bytes] of contents) {
      expect(openNamed(opened.files, name)).toBeNull();
      expect(await readAll(opened.files.open(recordOf(name, bytes, 1)))).toBe(sha256(bytes));
    }
    await opened.close();
    opened = await openFolder(dir, ZERO);
  }
  // Word that the write has its name gives it back.
  const [small] = opened.files.records();
  if (small !== undefined) await opened.files.mergeRecord({ ...small, apart: false });
  await opened.close();
  opened = await openFolder(dir, ZERO);
  expect(opened.files.winner("small")).toEqual(
    small === undefined ? null : { ...small, apart: false },
  );
  expect(opened.files.winner("large")).toBeNull();
  // One that is not held changes nothing.
  opened.files.setApart(recordOf("none", someBytes(1), 1));
  await opened.close();
});

test("a folder tells how long its peer was away", async () => {
  const dir = join(folder.dir, "away");
  let opened = await openFolder(dir);
  expect([opened.awayMs, opened.forgottenMs]).toEqual([null, null]);
  opened.saveAlive(0, null);
  await opened.close();
  opened = await openFolder(dir);
  expect(opened.awayMs).toBeGreaterThanOrEqual(0);
  expect(opened.awayMs).toBeLessThan(60_000);
  expect(opened.forgottenMs).toBeNull();
  opened.saveAlive(40 * DAY_MS, 50 * DAY_MS);
  await opened.close();
  opened = await openFolder(dir);
  for (const [ms, days] of [
    [opened.awayMs, 40],
    [opened.forgottenMs, 50],
  ] as const) {
    expect(ms).toBeGreaterThanOrEqual(days * DAY_MS);
    expect(ms).toBeLessThan(days * DAY_MS + 60_000);
  }
  await opened.close();
});

test("a wall clock that went back tells nothing, and neither does a damaged note", async () => {
  const dir = join(folder.dir, "unknown");
  const path = join(dir, "alive.json");
  await (await openFolder(dir)).close();
  for (const text of [
    JSON.stringify({ v: 1, at: Date.now() + 2 * DAY_MS, forgotten: null }),
    "{",
    JSON.stringify({ v: 1, at: -1, forgotten: null }),
    JSON.stringify({ v: 1, at: 1, forgotten: "x" }),
  ]) {
    writeFileSync(path, text);
    const opened = await openFolder(dir);
    expect(opened.awayMs).toBeNull();
    opened.saveAlive(0, null);
    await opened.close();
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ v: 1, forgotten: null });
  }
});
