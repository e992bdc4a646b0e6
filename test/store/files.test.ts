import { afterAll, expect, test } from "bun:test";
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FileRecord } from "../../src/protocol/files.ts";
import type { Content } from "../../src/store/content.ts";
import type { FileStore } from "../../src/store/files.ts";
import { openFolder } from "../../src/store/folder.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function recordOf(name: string, bytes: Uint8Array, counter: number): FileRecord {
  const stamp = { counter, owner: 8, incarnation: 1 };
  return { name, key: 19, stamp, size: bytes.length, sha256: sha256(bytes) };
}

async function put(files: FileStore, name: string, bytes: Uint8Array, counter = 1) {
  const draft = files.begin();
  for (let at = 0; at < bytes.length; at += 70_001) {
    await draft.write(bytes.subarray(at, at + 70_001));
  }
  return draft.commit(recordOf(name, bytes, counter));
}

async function readAll(content: Content | null): Promise<string> {
  if (content === null) return "none";
  const hasher = new Bun.CryptoHasher("sha256");
  const piece = new Uint8Array(100_000);
  for (let at = 0; ; ) {
    const bytes = await content.read(piece, at);
    if (bytes === 0) break;
    hasher.update(piece.subarray(0, bytes));
    at += bytes;
  }
  content.close();
  return hasher.digest("hex");
}

test("contents of all sizes come back, also after a restart", async () => {
  const dir = join(folder.dir, "sizes");
  const first = await openFolder(dir);
  const sizes = [0, 1, 4_096, 65_536, 65_537, 300_000, 262_144, 3_000_000];
  for (const size of sizes) expect(await put(first.files, `n${size}`, someBytes(size))).toBe(true);
  expect(first.files.records().length).toBe(sizes.length);
  await first.close();
  const second = await openFolder(dir);
  for (const size of sizes) {
    expect(await readAll(second.files.open(`n${size}`, null))).toBe(sha256(someBytes(size)));
    expect(second.files.record(`n${size}`)).toEqual(recordOf(`n${size}`, someBytes(size), 1));
  }
  expect(readdirSync(join(dir, "files")).length).toBe(sizes.length);
  await second.close();
});

test("the newer stamp wins, in whatever order they come", async () => {
  const opened = await openFolder(join(folder.dir, "stamps"));
  const { files } = opened;
  const [one, two] = [someBytes(100, 1), someBytes(200, 2)];
  expect(await put(files, "2067", two, 2)).toBe(true);
  const reading = files.open("2067", null);
  expect(await put(files, "2067", one, 1)).toBe(false);
  expect(files.record("2067")?.stamp.counter).toBe(2);
  expect(await put(files, "2067", two, 2)).toBe(true);
  await expect(put(files, "2067", one, 2)).rejects.toThrow("the same stamp");
  expect(await put(files, "2067", one, 3)).toBe(true);
  expect(await readAll(reading)).toBe(sha256(two));
  expect(files.open("2067", { counter: 2, owner: 8, incarnation: 1 })).toBeNull();
  files.drop("2067", { counter: 2, owner: 8, incarnation: 1 });
  expect(await readAll(files.open("2067", null))).toBe(sha256(one));
  files.drop("2067", { counter: 3, owner: 8, incarnation: 1 });
  expect(files.open("2067", null)).toBeNull();
  expect(files.records()).toEqual([]);
  await opened.close();
});

test("many at a time all become durable", async () => {
  const dir = join(folder.dir, "many");
  const opened = await openFolder(dir);
  const all = Array.from({ length: 200 }, (_, i) =>
    put(opened.files, `n${i % 150}`, someBytes(i), i),
  );
  await Promise.all(all);
  await opened.close();
  const again = await openFolder(dir);
  expect(again.files.records().length).toBe(150);
  for (const record of again.files.records()) {
    expect(await readAll(again.files.open(record.name, record.stamp))).toBe(record.sha256);
  }
  await again.close();
});

test("what is given up, or is not as announced, leaves nothing", async () => {
  const dir = join(folder.dir, "abort");
  const opened = await openFolder(dir);
  const draft = opened.files.begin();
  await draft.write(someBytes(1_000_000));
  await draft.abort();
  const wrong = opened.files.begin();
  wrong.write(someBytes(10));
  await expect(wrong.commit(recordOf("2067", someBytes(10, 2), 1))).rejects.toThrow("announced");
  expect(opened.files.records()).toEqual([]);
  expect(readdirSync(join(dir, "files"))).toEqual([]);
  await opened.close();
});

test("a start clears what was unfinished, and drops rows without a content", async () => {
  const dir = join(folder.dir, "clear");
  const first = await openFolder(dir);
  await put(first.files, "2067", someBytes(10));
  const [lost] = readdirSync(join(dir, "files"));
  await put(first.files, "4103", someBytes(20));
  await first.close();
  rmSync(join(dir, "files", lost ?? ""));
  writeFileSync(join(dir, "files", "incoming-1"), "half");
  writeFileSync(join(dir, "files", "0123-4567"), "no row");
  const second = await openFolder(dir);
  expect(second.files.records().map((record) => record.name)).toEqual(["4103"]);
  expect(readdirSync(join(dir, "files")).length).toBe(1);
  const [left] = readdirSync(join(dir, "files"));
  truncateSync(join(dir, "files", left ?? ""), 5);
  expect(second.files.open("4103", null)).toBeNull();
  await second.close();
});

test("kill -9 during commits: each file is whole or not at all, an acknowledged one is whole", async () => {
  const dir = join(folder.dir, "killed");
  for (let round = 0; round < 4; round++) {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "committer.ts"), dir], {
      stdout: "pipe",
      stdin: "ignore",
    });
    let said = "";
    for await (const piece of child.stdout) {
      said += new TextDecoder().decode(piece);
      if (said.split("\n").length > 10 + 7 * round) child.kill("SIGKILL");
    }
    await child.exited;
    const opened = await openFolder(dir);
    const acknowledged = said.split("\n").slice(0, -1);
    for (const name of acknowledged) expect(opened.files.record(name)).not.toBeNull();
    for (const record of opened.files.records()) {
      expect(await readAll(opened.files.open(record.name, record.stamp))).toBe(record.sha256);
    }
    expect(readdirSync(join(dir, "files")).length).toBe(opened.files.records().length);
    await opened.close();
  }
}, 30_000);
