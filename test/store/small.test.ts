import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BODY_BYTES, TOMBSTONE_MS } from "../../src/protocol/config.ts";
import { asConflict, EMPTY_SHA256 } from "../../src/protocol/files.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import { put, readAll, recordOf, removalOf, stampOf } from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

async function reopen(opened: Folder): Promise<Folder> {
  await opened.close();
  return openFolder(opened.dir);
}

/** Changes the index of a folder that nobody uses. */
function tamper(dir: string, change: string): void {
  const database = new Database(join(dir, "index.db"));
  database.run(change);
  database.close();
}

test("small contents come back as they were, also after a restart, and are no files", async () => {
  let opened = await openFolder(join(folder.dir, "kept"));
  const sizes = [0, 1, 100, 1_024, 8_192, BODY_BYTES];
  const replaced = [stampOf(3), stampOf(9, 2)];
  for (const size of sizes) {
    const bytes = someBytes(size);
    const record = recordOf(`n ${size} ü/..`, bytes, 10, replaced);
    expect(await opened.files.keep(record, bytes)).toBe(true);
    expect(opened.files.bytesOf(record.name, record.stamp)).toEqual(bytes);
  }
  opened = await reopen(opened);
  for (const size of sizes) {
    const record = recordOf(`n ${size} ü/..`, someBytes(size), 10, replaced);
    expect(opened.files.record(record.name)).toEqual(record);
    expect(Buffer.from(opened.files.bytesOf(record.name, null) ?? []).equals(someBytes(size))).toBe(
      true,
    );
    expect(await readAll(opened.files.open(record.name, record.stamp))).toBe(record.sha256);
    expect(opened.files.bytesOf(record.name, stampOf(9))).toBeNull();
  }
  expect(readdirSync(join(opened.dir, "files"))).toEqual([]);
  await opened.close();
});

test("what is not the record's, or too large, is refused", async () => {
  const opened = await openFolder(join(folder.dir, "wrong"));
  const bytes = someBytes(10);
  const { files } = opened;
  await expect(files.keep(recordOf("a", someBytes(10, 2), 1), bytes)).rejects.toThrow("announced");
  const large = someBytes(BODY_BYTES + 1);
  await expect(files.keep(recordOf("a", large, 1), large)).rejects.toThrow("announced");
  expect(files.records()).toEqual([]);
  await opened.close();
});

test("a small content, a large one and a removal take each other's place by their stamps", async () => {
  let opened = await openFolder(join(folder.dir, "stamps"));
  const small = someBytes(100);
  const large = someBytes(100_000);
  expect(await opened.files.keep(recordOf("f", small, 2), small)).toBe(true);
  expect(
    await opened.files.keep(recordOf("f", large.subarray(1, 9), 1), large.subarray(1, 9)),
  ).toBe(false);
  expect(await opened.files.keep(recordOf("f", small, 2), small)).toBe(true);
  const other = someBytes(100, 2);
  await expect(opened.files.keep(recordOf("f", other, 2), other)).rejects.toThrow("same stamp");
  expect(await put(opened.files, recordOf("f", large, 3), large)).toBe(true);
  expect(opened.files.bytesOf("f", null)).toBeNull();
  expect(await opened.files.bury(removalOf("f", 4, [stampOf(3)]))).toBe(true);
  expect(await opened.files.keep(recordOf("f", small, 2), small)).toBe(false);
  opened = await reopen(opened);
  expect(opened.files.records()).toEqual([removalOf("f", 4, [stampOf(3)])]);
  expect(opened.files.open("f", null)).toBeNull();
  expect(opened.files.bytesOf("f", null)).toBeNull();
  expect(readdirSync(join(opened.dir, "files"))).toEqual([]);
  expect(await opened.files.keep(recordOf("f", small, 5), small)).toBe(true);
  opened.files.drop("f", stampOf(4));
  expect(opened.files.records().length).toBe(1);
  opened.files.drop("f", stampOf(5));
  opened = await reopen(opened);
  expect(opened.files.records()).toEqual([]);
  await opened.close();
});

test("a version that the newer one had not seen is kept as its conflict, small or large", async () => {
  let opened = await openFolder(join(folder.dir, "conflicts"));
  const conflicts: string[] = [];
  for (const size of [100, 100_000]) {
    const [one, two] = [someBytes(size, 1), someBytes(size, 2)];
    const older = recordOf(`n${size}`, one, stampOf(1, 2));
    const newer = recordOf(`n${size}`, two, stampOf(2, 8));
    expect(await put(opened.files, older, one)).toBe(true);
    expect(await put(opened.files, newer, two)).toBe(true);
    conflicts.push(asConflict(older).name);
    // A third that has seen both leaves no further conflict.
    const third = someBytes(size, 3);
    const last = recordOf(older.name, third, stampOf(3, 8), [older.stamp, newer.stamp]);
    expect(await put(opened.files, last, third)).toBe(true);
  }
  opened = await reopen(opened);
  const names = opened.files.records().map(({ name }) => name);
  expect(names.sort()).toEqual(["n100", "n100000", ...conflicts].sort());
  for (const record of opened.files.records()) {
    expect(await readAll(opened.files.open(record.name, null))).toBe(record.sha256);
  }
  // Of two removals, or of equal contents, none is a conflict; a removal that had not seen a content makes one.
  const { files } = opened;
  await files.bury({ ...removalOf("r", 1, []), stamp: stampOf(1, 2) });
  await files.bury({ ...removalOf("r", 2, []), stamp: stampOf(2, 4) });
  await files.keep(recordOf("r", someBytes(5), stampOf(3, 5)), someBytes(5));
  await files.keep(recordOf("r", someBytes(5), stampOf(4, 6)), someBytes(5));
  expect(files.records().filter(({ name }) => name.startsWith("r")).length).toBe(1);
  await files.bury({ ...removalOf("r", 5, []), stamp: stampOf(5, 7) });
  expect(files.record("r")?.removed).toBe(true);
  expect(files.record("r.conflict-4-6-1")?.sha256).toBe(sha256(someBytes(5)));
  await opened.close();
});

test("many at a time, versions of the same names among them, all become durable", async () => {
  let opened = await openFolder(join(folder.dir, "many"));
  const all = Array.from({ length: 3_000 }, (_, i) => {
    const bytes = someBytes(i % 700, i);
    return opened.files.keep(recordOf(`n${i % 1_000}`, bytes, 1 + i), bytes);
  });
  expect((await Promise.all(all)).every((kept) => kept)).toBe(true);
  opened = await reopen(opened);
  expect(opened.files.records().length).toBe(1_000);
  for (const { name, stamp } of opened.files.records()) {
    expect(stamp.counter).toBeGreaterThan(2_000);
    expect(opened.files.bytesOf(name, stamp)).not.toBeNull();
  }
  await opened.close();
});

test("a damaged small content is never given out, is reported, and can be set aside", async () => {
  const dir = join(folder.dir, "damaged");
  let opened = await openFolder(dir);
  for (const name of ["a", "b", "c"]) {
    await opened.files.keep(recordOf(name, someBytes(50), 1), someBytes(50));
  }
  await opened.close();
  tamper(dir, "UPDATE bodies SET bytes = x'0102' WHERE id = 1");
  tamper(dir, "DELETE FROM bodies WHERE id = 2");
  opened = await openFolder(dir);
  const damaged: string[] = [];
  opened.files.damaged = ({ name }) => damaged.push(name);
  expect(opened.files.bytesOf("a", null)).toBeNull();
  expect(opened.files.open("b", stampOf(1))).toBeNull();
  expect(opened.files.bytesOf("c", null)).toEqual(someBytes(50));
  expect(damaged).toEqual(["a", "b"]);
  await opened.files.setAside("a", stampOf(2));
  expect(opened.files.records().length).toBe(3);
  await opened.files.setAside("a", stampOf(1));
  await opened.files.setAside("b", stampOf(1));
  opened = await reopen(opened);
  expect(opened.files.records().map(({ name }) => name)).toEqual(["c"]);
  const [aside, ...others] = readdirSync(join(dir, "damaged"));
  expect(readFileSync(join(dir, "damaged", aside ?? "")).toString("hex")).toBe("0102");
  expect(others).toEqual([]);
  await opened.close();
});

test("of the damaged only the last few are kept", async () => {
  const opened = await openFolder(join(folder.dir, "bounded"));
  for (let i = 0; i < 20; i++) {
    const bytes = someBytes(i < 10 ? 70_000 : 100);
    await put(opened.files, recordOf(`../n${i}`, bytes, 1), bytes);
    await opened.files.setAside(`../n${i}`, stampOf(1));
  }
  const kept = readdirSync(join(opened.dir, "damaged"));
  expect(kept.length).toBe(16);
  expect(kept.some((name) => name.includes("n19"))).toBe(true);
  expect(opened.files.records()).toEqual([]);
  expect(readdirSync(join(opened.dir, "files"))).toEqual([]);
  await opened.close();
});

test("a removal is forgotten at a start when it is old enough", async () => {
  const dir = join(folder.dir, "tombstones");
  let opened = await openFolder(dir);
  await opened.files.bury(removalOf("old", 1, []));
  await opened.files.bury(removalOf("young", 1, []));
  await opened.files.keep(recordOf("content", someBytes(5), 1), someBytes(5));
  await opened.close();
  const long = Date.now() - TOMBSTONE_MS - 1_000;
  tamper(dir, `UPDATE files SET at = ${long} WHERE name <> 'young'`);
  opened = await openFolder(dir);
  expect(opened.files.records().map(({ name }) => name)).toEqual(["young", "content"]);
  opened = await reopen(opened);
  expect(opened.files.records().length).toBe(2);
  await opened.close();
});

test("an index of the first version is taken over with its files", async () => {
  const dir = join(folder.dir, "migrated");
  let opened = await openFolder(dir);
  const sizes = [0, 10, 100_000];
  for (const size of sizes)
    await put(opened.files, recordOf(`n${size}`, someBytes(size), 7), someBytes(size));
  const [content = ""] = readdirSync(join(dir, "files"));
  await opened.close();
  await Bun.write(join(dir, "files", "small"), someBytes(10));
  await Bun.write(join(dir, "files", "empty"), "");
  tamper(dir, "ALTER TABLE files RENAME TO present");
  tamper(
    dir,
    `CREATE TABLE files (name TEXT PRIMARY KEY, key INTEGER NOT NULL, counter INTEGER NOT NULL,
      owner INTEGER NOT NULL, incarnation INTEGER NOT NULL, size INTEGER NOT NULL,
      sha256 TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID`,
  );
  tamper(
    dir,
    `INSERT INTO files SELECT name, key, counter, owner, run, size, sha256,
      CASE size WHEN 0 THEN 'empty' WHEN 10 THEN 'small' ELSE '${content}' END FROM present`,
  );
  for (const change of ["DROP TABLE present", "DROP TABLE bodies", "PRAGMA user_version = 0"]) {
    tamper(dir, change);
  }
  opened = await openFolder(dir);
  expect(opened.notes).toEqual([]);
  for (const size of sizes) {
    expect(opened.files.record(`n${size}`)).toEqual(recordOf(`n${size}`, someBytes(size), 7));
    expect(await readAll(opened.files.open(`n${size}`, null))).toBe(sha256(someBytes(size)));
  }
  expect(opened.files.bytesOf("n10", null)).toEqual(someBytes(10));
  await opened.files.keep(recordOf("n10", someBytes(11), 8), someBytes(11));
  opened = await reopen(opened);
  expect(opened.files.records().length).toBe(3);
  expect(opened.files.bytesOf("n10", null)).toEqual(someBytes(11));
  expect(readdirSync(join(dir, "files")).sort()).toEqual([content, "empty"].sort());
  await opened.close();
});

test("an index of a newer program is left alone, with a sentence", async () => {
  const dir = join(folder.dir, "newer");
  const opened = await openFolder(dir);
  await opened.files.keep(recordOf("a", someBytes(5), 1), someBytes(5));
  await opened.close();
  tamper(dir, "PRAGMA user_version = 99");
  await expect(openFolder(dir)).rejects.toThrow("a newer p2p");
});

test("the hash of nothing is that of an empty content", () => {
  expect(sha256(new Uint8Array(0))).toBe(EMPTY_SHA256);
});
