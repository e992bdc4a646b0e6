import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openFolder } from "../../src/store/folder.ts";
import { bytesNamed, put, recordOf, removalOf } from "./records.ts";
import { someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const SIZES = [0, 10, 1_000, 65_536, 65_537, 300_000, 1_500_000];
const TOTAL = SIZES.reduce((sum, size) => sum + size);

async function filled(name: string) {
  const opened = await openFolder(join(folder.dir, name));
  for (const size of SIZES)
    await put(opened.files, recordOf(`n${size}`, someBytes(size), 1), someBytes(size));
  await opened.files.mergeRecord(removalOf("removed", 1, []));
  return opened;
}

test("sound contents are read once each, and said to be sound", async () => {
  const opened = await filled("sound");
  const seen: number[] = [];
  const found = await opened.files.scrub({
    bytesPerSecond: Number.POSITIVE_INFINITY,
    damaged: () => expect.unreachable(),
    progress: (files) => seen.push(files),
  });
  expect(found).toEqual({ files: SIZES.length, bytes: TOTAL, damaged: 0 });
  expect(seen.at(-1)).toBe(SIZES.length);
  await opened.close();
});

test("contents that were changed, cut, or taken away are found, and no others", async () => {
  let opened = await filled("damaged");
  const { dir } = opened;
  await opened.close();
  const changed = someBytes(65_537);
  changed[40_000] = (changed[40_000] ?? 0) ^ 1;
  for (const name of readdirSync(join(dir, "files"))) {
    const path = join(dir, "files", name);
    const { size } = Bun.file(path);
    if (size === 65_537) writeFileSync(path, changed);
    if (size === 1_500_000) truncateSync(path, 1_499_999);
  }
  const database = new Database(join(dir, "index.db"));
  database.run("UPDATE bodies SET bytes = zeroblob(1000) WHERE length(bytes) = 1000");
  database.close();
  opened = await openFolder(dir);
  const missing = readdirSync(join(dir, "files")).find(
    (name) => Bun.file(join(dir, "files", name)).size === 300_000,
  );
  rmSync(join(dir, "files", missing ?? ""));
  const damaged: string[] = [];
  const found = await opened.files.scrub({
    bytesPerSecond: Number.POSITIVE_INFINITY,
    damaged: ({ name }) => damaged.push(name),
  });
  expect(damaged.sort()).toEqual(["n1000", "n1500000", "n300000", "n65537"]);
  expect(found.damaged).toBe(4);
  expect(found.files).toBe(SIZES.length);
  // What was found stays until its owner says so.
  expect(opened.files.records().length).toBe(SIZES.length + 1);
  await opened.files.setAside(recordOf("n65537", someBytes(65_537), 1));
  expect(readdirSync(join(dir, "damaged")).length).toBe(1);
  await opened.close();
});

test("a small content that the disk has changed is found, though it was in memory just now", async () => {
  const opened = await openFolder(join(folder.dir, "flipped"));
  const bytes = someBytes(1_000);
  await put(opened.files, recordOf("small", bytes, 1), bytes);
  expect(bytesNamed(opened.files, "small")).not.toBeNull();
  for (const name of ["index.db", "index.db-wal"]) {
    const path = join(opened.dir, name);
    const whole = readFileSync(path);
    const at = whole.indexOf(bytes.subarray(0, 64));
    if (at < 0) continue;
    const file = openSync(path, "r+");
    writeSync(file, new Uint8Array([(bytes[8] ?? 0) ^ 1]), 0, 1, at + 8);
    closeSync(file);
  }
  const damaged: string[] = [];
  await opened.files.scrub({
    bytesPerSecond: Number.POSITIVE_INFINITY,
    damaged: ({ name }) => damaged.push(name),
  });
  expect(damaged).toEqual(["small"]);
  await opened.close();
});

test("what is dropped or replaced meanwhile is no damage, and the pass can be ended", async () => {
  const opened = await filled("meanwhile");
  const { files } = opened;
  // So slow that each pause is a chance to change what comes next; the end of the pass cuts it short.
  const ending = new AbortController();
  let pauses = 0;
  let putting = Promise.resolve(false);
  const found = await files.scrub({
    bytesPerSecond: 1_000_000_000,
    damaged: () => expect.unreachable(),
    progress: () => {
      pauses++;
      if (pauses > 1) return;
      files.drop(recordOf("n300000", someBytes(300_000), 1));
      putting = put(files, recordOf("n1500000", someBytes(100_000), 2), someBytes(100_000));
    },
  });
  expect(found.damaged).toBe(0);
  expect(await putting).toBe(true);
  const slow = files.scrub({
    bytesPerSecond: 1,
    signal: ending.signal,
    damaged: () => expect.unreachable(),
  });
  setImmediate(() => ending.abort());
  expect((await slow).bytes).toBeLessThan(TOTAL);
  await opened.close();
});
