import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import { compareVersions, EMPTY_SHA256, type FileRecord } from "../../src/protocol/model/files.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import {
  bytesNamed,
  openNamed,
  put,
  readAll,
  recordOf,
  removalOf,
  versionOf,
  ZERO,
} from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function sortedBy(records: readonly FileRecord[]): FileRecord[] {
  return [...records].sort(
    (a, b) =>
      Number(a.name > b.name) - Number(a.name < b.name) || compareVersions(a.version, b.version),
  );
}

async function reopen(opened: Folder): Promise<Folder> {
  await opened.close();
  return openFolder(opened.dir, ZERO);
}

/** Changes the index of a folder that nobody uses. */
function tamper(dir: string, change: string): void {
  const database = new Database(join(dir, "index.db"));
  database.run(change);
  database.close();
}

test("small contents come back as they were, also after a restart, and are no files", async () => {
  let opened = await openFolder(join(folder.dir, "kept"), ZERO);
  const sizes = [0, 1, 100, 1_024, 8_192, BODY_BYTES];
  const versionVector = [versionOf(3), versionOf(9, 2)];
  for (const size of sizes) {
    const bytes = someBytes(size);
    const record = recordOf(`n ${size} ü/..`, bytes, 10, versionVector);
    expect(await opened.files.keep(record, bytes)).toBe(true);
    expect(opened.files.bytesOf(record)).toEqual(bytes);
  }
  opened = await reopen(opened);
  for (const size of sizes) {
    const record = recordOf(`n ${size} ü/..`, someBytes(size), 10, versionVector);
    expect(opened.files.winner(record.name)).toEqual(record);
    expect(Buffer.from(opened.files.bytesOf(record) ?? []).equals(someBytes(size))).toBe(true);
    expect(await readAll(opened.files.open(record))).toBe(record.sha256);
    expect(opened.files.bytesOf(recordOf(record.name, someBytes(size), 9))).toBeNull();
  }
  expect(readdirSync(join(opened.dir, "files"))).toEqual([]);
  await opened.close();
});

test("what is not the record's, or too large, is refused", async () => {
  const opened = await openFolder(join(folder.dir, "wrong"), ZERO);
  const bytes = someBytes(10);
  const { files } = opened;
  await expect(files.keep(recordOf("a", someBytes(10, 2), 1), bytes)).rejects.toThrow("announced");
  const large = someBytes(BODY_BYTES + 1);
  await expect(files.keep(recordOf("a", large, 1), large)).rejects.toThrow("announced");
  expect(files.records()).toEqual([]);
  await opened.close();
});

test("a small content, a large one and a removal take each other's place by their versions", async () => {
  let opened = await openFolder(join(folder.dir, "versions"), ZERO);
  const small = someBytes(100);
  const large = someBytes(100_000);
  expect(await opened.files.keep(recordOf("f", small, 2), small)).toBe(true);
  expect(
    await opened.files.keep(recordOf("f", large.subarray(1, 9), 1), large.subarray(1, 9)),
  ).toBe(false);
  expect(await opened.files.keep(recordOf("f", small, 2), small)).toBe(true);
  expect(await put(opened.files, recordOf("f", large, 3), large)).toBe(true);
  expect(bytesNamed(opened.files, "f")).toBeNull();
  expect(await opened.files.mergeRecord(removalOf("f", 4, [versionOf(3)]))).toBe(true);
  expect(await opened.files.keep(recordOf("f", small, 2), small)).toBe(false);
  opened = await reopen(opened);
  expect(opened.files.records().length).toBe(1);
  expect(opened.files.winner("f")).toMatchObject({ version: versionOf(4), removed: true });
  expect(openNamed(opened.files, "f")).toBeNull();
  expect(bytesNamed(opened.files, "f")).toBeNull();
  expect(readdirSync(join(opened.dir, "files"))).toEqual([]);
  expect(await opened.files.keep(recordOf("f", small, 5), small)).toBe(true);
  opened.files.drop(removalOf("f", 4, []));
  expect(opened.files.records().length).toBe(1);
  opened.files.drop(recordOf("f", small, 5));
  opened = await reopen(opened);
  expect(opened.files.records()).toEqual([]);
  await opened.close();
});

test("a write that the newer one had not seen lives on as its conflict, small or large", async () => {
  let opened = await openFolder(join(folder.dir, "conflicts"), ZERO);
  const wanted: FileRecord[] = [];
  for (const size of [100, 100_000]) {
    const [one, two, three] = [someBytes(size, 1), someBytes(size, 2), someBytes(size, 3)];
    const older = recordOf(`n${size}`, one, versionOf(1, 2));
    const newer = recordOf(`n${size}`, two, versionOf(2, 8));
    expect(await put(opened.files, newer, two)).toBe(true);
    expect(await put(opened.files, older, one)).toBe(true);
    expect(opened.files.winner(older.name)).toEqual(newer);
    // A third that follows the one that has the name leaves the other as it is.
    const last = recordOf(older.name, three, versionOf(3, 8), [newer.version]);
    expect(await put(opened.files, last, three)).toBe(true);
    expect(opened.files.find(newer)).toBeNull();
    const { operation } = newer;
    const span = { origin: operation.origin, from: 2, to: 2, ageMs: 0, version: newer.version };
    wanted.push(older, { ...last, history: [span] });
  }
  opened = await reopen(opened);
  const { files } = opened;
  expect(sortedBy(files.records())).toEqual(sortedBy(wanted));
  for (const record of files.records()) {
    expect(await readAll(files.open(record))).toBe(record.sha256);
  }
  // Equal contents replace nothing by being equal, nor does a removal what it had not seen.
  await files.mergeRecord({ ...removalOf("r", 1, []), version: versionOf(1, 2) });
  await files.keep(recordOf("r", someBytes(5), versionOf(3, 5)), someBytes(5));
  await files.keep(recordOf("r", someBytes(5), versionOf(4, 6)), someBytes(5));
  expect(files.records().filter(({ name }) => name === "r").length).toBe(3);
  await opened.close();
});

test("many at a time, writes of the same names among them, all become durable", async () => {
  let opened = await openFolder(join(folder.dir, "many"), ZERO);
  const all = Array.from({ length: 3_000 }, (_, i) => {
    const bytes = someBytes(i % 700, i);
    return opened.files.keep(recordOf(`n${i % 1_000}`, bytes, 1 + i), bytes);
  });
  expect((await Promise.all(all)).every((kept) => kept)).toBe(true);
  opened = await reopen(opened);
  expect(opened.files.records().length).toBe(1_000);
  for (const record of opened.files.records()) {
    expect(record.version.counter).toBeGreaterThan(2_000);
    expect(opened.files.bytesOf(record)).not.toBeNull();
  }
  await opened.close();
});

test("a damaged small content is never given out, is reported, and can be set aside", async () => {
  const dir = join(folder.dir, "damaged");
  let opened = await openFolder(dir, ZERO);
  for (const name of ["a", "b", "c"]) {
    await opened.files.keep(recordOf(name, someBytes(50), 1), someBytes(50));
  }
  await opened.close();
  tamper(dir, "UPDATE bodies SET bytes = x'0102' WHERE id = 1");
  tamper(dir, "DELETE FROM bodies WHERE id = 2");
  opened = await openFolder(dir, ZERO);
  const damaged: string[] = [];
  opened.files.damaged = ({ name }) => damaged.push(name);
  expect(bytesNamed(opened.files, "a")).toBeNull();
  expect(openNamed(opened.files, "b")).toBeNull();
  expect(bytesNamed(opened.files, "c")).toEqual(someBytes(50));
  expect(damaged).toEqual(["a", "b"]);
  await opened.files.setAside(recordOf("a", someBytes(50), 2));
  expect(opened.files.records().length).toBe(3);
  await opened.files.setAside(recordOf("a", someBytes(50), 1));
  await opened.files.setAside(recordOf("b", someBytes(50), 1));
  opened = await reopen(opened);
  expect(opened.files.records().map(({ name }) => name)).toEqual(["c"]);
  const [aside, ...others] = readdirSync(join(dir, "damaged"));
  expect(readFileSync(join(dir, "damaged", aside ?? "")).toString("hex")).toBe("0102");
  expect(others).toEqual([]);
  await opened.close();
});

test("of the damaged only the last few are kept", async () => {
  const opened = await openFolder(join(folder.dir, "bounded"), ZERO);
  for (let i = 0; i < 20; i++) {
    const bytes = someBytes(i < 10 ? 70_000 : 100);
    await put(opened.files, recordOf(`../n${i}`, bytes, 1), bytes);
    await opened.files.setAside(recordOf(`../n${i}`, bytes, 1));
  }
  const kept = readdirSync(join(opened.dir, "damaged"));
  expect(kept.length).toBe(16);
  expect(kept.some((name) => name.includes("n19"))).toBe(true);
  expect(opened.files.records()).toEqual([]);
  expect(readdirSync(join(opened.dir, "files"))).toEqual([]);
  await opened.close();
});

test("an index of a newer program is left alone, with a sentence", async () => {
  const dir = join(folder.dir, "newer");
  const opened = await openFolder(dir, ZERO);
  await opened.files.keep(recordOf("a", someBytes(5), 1), someBytes(5));
  await opened.close();
  tamper(dir, "ALTER TABLE files ADD COLUMN newer; PRAGMA user_version = 99");
  const sentence = `The data folder ${dir} was written by a newer p2p: start that one, or choose another folder with --data.`;
  await expect(openFolder(dir, ZERO)).rejects.toThrow(sentence);
  // Whatever it has made of them: these are no damage.
  tamper(dir, "ALTER TABLE files RENAME TO writes");
  await expect(openFolder(dir, ZERO)).rejects.toThrow(sentence);
});

test("so is a folder whose identity a newer program has written", async () => {
  const dir = join(folder.dir, "newer-identity");
  const opened = await openFolder(dir, ZERO);
  await opened.saveIdentity({ id: 7, ring: 12_000, incarnation: 3, config: null });
  await opened.close();
  const path = join(dir, "identity.json");
  const written = await Bun.file(path).text();
  expect(written).toContain('"v":1');
  await Bun.write(path, written.replace('"v":1', '"v":2'));
  await expect(openFolder(dir, ZERO)).rejects.toThrow("was written by a newer p2p: start that one");
  expect(readdirSync(dir).filter((name) => name.includes("damaged"))).toEqual([]);
});

test("the hash of nothing is that of an empty content", () => {
  expect(sha256(new Uint8Array(0))).toBe(EMPTY_SHA256);
});
