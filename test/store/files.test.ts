import { afterAll, expect, test } from "bun:test";
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import type { FileStore } from "../../src/store/files.ts";
import { openFolder } from "../../src/store/folder.ts";
import { openNamed, put as putRecord, readAll, recordOf, ZERO } from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function put(files: FileStore, name: string, bytes: Uint8Array, counter = 1): Promise<boolean> {
  return putRecord(files, recordOf(name, bytes, counter), bytes);
}

test("contents of all sizes come back, also after a restart", async () => {
  const dir = join(folder.dir, "sizes");
  const first = await openFolder(dir, ZERO);
  const sizes = [0, 1, 4_096, 65_536, 65_537, 300_000, 262_144, 3_000_000];
  for (const size of sizes) expect(await put(first.files, `n${size}`, someBytes(size))).toBe(true);
  expect(first.files.records().length).toBe(sizes.length);
  await first.close();
  const second = await openFolder(dir, ZERO);
  for (const size of sizes) {
    expect(await readAll(openNamed(second.files, `n${size}`))).toBe(sha256(someBytes(size)));
    expect(second.files.winner(`n${size}`)).toEqual(recordOf(`n${size}`, someBytes(size), 1));
  }
  const large = sizes.filter((size) => size > BODY_BYTES);
  expect(readdirSync(join(dir, "files")).length).toBe(large.length);
  await second.close();
});

test("the newer version wins, in whatever order they come", async () => {
  const opened = await openFolder(join(folder.dir, "versions"));
  const { files } = opened;
  const [one, two] = [someBytes(100, 1), someBytes(200, 2)];
  expect(await put(files, "2067", two, 2)).toBe(true);
  const reading = openNamed(files, "2067");
  expect(await put(files, "2067", one, 1)).toBe(false);
  expect(files.winner("2067")?.version.counter).toBe(2);
  expect(await put(files, "2067", two, 2)).toBe(true);
  expect(await put(files, "2067", one, 3)).toBe(true);
  expect(await readAll(reading)).toBe(sha256(two));
  expect(files.open(recordOf("2067", two, 2))).toBeNull();
  files.drop(recordOf("2067", two, 2));
  expect(await readAll(openNamed(files, "2067"))).toBe(sha256(one));
  files.drop(recordOf("2067", one, 3));
  expect(openNamed(files, "2067")).toBeNull();
  expect(files.records()).toEqual([]);
  await opened.close();
});

test("many at a time all become durable", async () => {
  const dir = join(folder.dir, "many");
  const opened = await openFolder(dir, ZERO);
  const all = Array.from({ length: 200 }, (_, i) =>
    put(opened.files, `n${i % 150}`, someBytes(i), i),
  );
  await Promise.all(all);
  await opened.close();
  const again = await openFolder(dir, ZERO);
  expect(again.files.records().length).toBe(150);
  for (const record of again.files.records()) {
    expect(await readAll(again.files.open(record))).toBe(record.sha256);
  }
  await again.close();
});

test("of large writes that come at once the newest is held, and the others leave nothing", async () => {
  const dir = join(folder.dir, "racing");
  const opened = await openFolder(dir, ZERO);
  const contents = [1, 2, 3, 4, 5, 6].map((seed) => someBytes(100_000, seed));
  const order = [3, 6, 1, 5, 2, 4];
  await Promise.all(
    order.map((n) => put(opened.files, "2067", contents[n - 1] ?? someBytes(1), n)),
  );
  expect(opened.files.winner("2067")?.version.counter).toBe(6);
  await opened.close();
  const again = await openFolder(dir, ZERO);
  for (const record of again.files.records()) {
    expect(await readAll(openNamed(again.files, record.name))).toBe(record.sha256);
  }
  expect(readdirSync(join(dir, "files")).length).toBe(again.files.records().length);
  await again.close();
});

test("a hash that the caller knows is not computed again, and a wrong size is found all the same", async () => {
  const opened = await openFolder(join(folder.dir, "unhashed"));
  const bytes = someBytes(3_000_000);
  const draft = opened.files.begin({ hash: false });
  await draft.write(bytes.subarray(0, 2_000_000));
  expect(draft.size).toBe(2_000_000);
  await draft.write(bytes.subarray(2_000_000));
  expect(() => draft.sha256()).toThrow("not hashed");
  expect(await draft.commit(recordOf("2067", bytes, 1))).toBe(true);
  expect(await readAll(openNamed(opened.files, "2067"))).toBe(sha256(bytes));
  const short = opened.files.begin({ hash: false });
  await short.write(bytes.subarray(0, 100_000));
  await expect(short.commit(recordOf("4103", bytes, 1))).rejects.toThrow("announced");
  const small = opened.files.begin({ hash: false });
  await small.write(bytes.subarray(1, 101));
  const record = recordOf("4103", bytes.subarray(0, 100), 1);
  await expect(small.commit(record)).rejects.toThrow("announced");
  await opened.close();
});

test("what is given up, or is not as announced, leaves nothing", async () => {
  const dir = join(folder.dir, "abort");
  const opened = await openFolder(dir, ZERO);
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
  const first = await openFolder(dir, ZERO);
  await put(first.files, "2067", someBytes(100_000));
  const [lost] = readdirSync(join(dir, "files"));
  await put(first.files, "4103", someBytes(200_000));
  await first.close();
  rmSync(join(dir, "files", lost ?? ""));
  writeFileSync(join(dir, "files", "incoming-1"), "half");
  writeFileSync(join(dir, "files", "0123-4567"), "no row");
  const second = await openFolder(dir, ZERO);
  expect(second.files.records().map((record) => record.name)).toEqual(["4103"]);
  expect(readdirSync(join(dir, "files")).length).toBe(1);
  const [left] = readdirSync(join(dir, "files"));
  truncateSync(join(dir, "files", left ?? ""), 5);
  const damaged: string[] = [];
  second.files.damaged = ({ name }) => damaged.push(name);
  expect(openNamed(second.files, "4103")).toBeNull();
  expect(damaged).toEqual(["4103"]);
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
    const opened = await openFolder(dir, ZERO);
    const acknowledged = said.split("\n").slice(0, -1);
    for (const name of acknowledged) expect(opened.files.winner(name)).not.toBeNull();
    for (const record of opened.files.records()) {
      expect(await readAll(opened.files.open(record))).toBe(record.sha256);
    }
    const large = opened.files.records().filter(({ size }) => size > BODY_BYTES);
    expect(readdirSync(join(dir, "files")).length).toBe(large.length);
    await opened.close();
  }
}, 30_000);

test("kill -9 while many small ones are kept: each acknowledged write, or a newer one, is whole", async () => {
  const dir = join(folder.dir, "killed-small");
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < 6; round++) {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "keeper.ts"), dir], {
      stdout: "pipe",
      stdin: "ignore",
    });
    let said = "";
    for await (const piece of child.stdout) {
      said += new TextDecoder().decode(piece);
      if (said.length > 500 + 9_000 * round) child.kill("SIGKILL");
    }
    await child.exited;
    for (const line of said.split("\n").slice(0, -1)) {
      const [name = "", counter] = line.split(" ");
      acknowledged.set(name, Number(counter));
    }
    const { files, close } = await openFolder(dir, ZERO);
    for (const [name, counter] of acknowledged) {
      expect(files.winner(name)?.version.counter).toBeGreaterThanOrEqual(counter);
    }
    for (const record of files.records()) {
      expect(await readAll(files.open(record))).toBe(record.removed ? "none" : record.sha256);
    }
    expect(readdirSync(join(dir, "files"))).toEqual([]);
    await close();
  }
}, 30_000);

test("while a lab says that the disk is full no content is taken, small or large, and all else goes on", async () => {
  const opened = await openFolder(join(folder.dir, "filled"));
  const { files } = opened;
  const [kept, small, large] = [someBytes(10, 1), someBytes(20, 2), someBytes(BODY_BYTES + 1, 3)];
  await put(files, "1000", kept);
  files.fill(true);
  const full = "The disk of this peer is full: make room, or store through another.";
  await expect(put(files, "2000", small)).rejects.toThrow(full);
  const draft = files.begin();
  await draft.write(large);
  await expect(draft.commit(recordOf("3000", large, 1))).rejects.toThrow(full);
  expect(await readAll(openNamed(files, "1000"))).toBe(sha256(kept));
  const removal = { ...recordOf("1000", new Uint8Array(0), 2), removed: true };
  expect(await files.mergeRecord(removal)).toBe(true);
  files.fill(false);
  expect(await put(files, "2000", small)).toBe(true);
  expect(files.records().map(({ name }) => name)).toEqual(["1000", "2000"]);
  expect(readdirSync(join(folder.dir, "filled", "files"))).toEqual([]);
  await opened.close();
});
