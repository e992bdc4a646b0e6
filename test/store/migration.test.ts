/** What was written by an older program, and what became of the clock meanwhile. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type FileRecord,
  type Version,
  withAges,
  writeKey,
} from "../../src/protocol/model/files.ts";
import { openFolder } from "../../src/store/folder.ts";
import { readAll, recordOf, removalOf, versionOf, ZERO } from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const FIRST = `CREATE TABLE files (name TEXT PRIMARY KEY, key INTEGER NOT NULL,
  counter INTEGER NOT NULL, owner INTEGER NOT NULL, incarnation INTEGER NOT NULL,
  size INTEGER NOT NULL, sha256 TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID`;
const SECOND = `CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT NOT NULL, key INTEGER NOT NULL,
  counter INTEGER NOT NULL, owner INTEGER NOT NULL, run INTEGER NOT NULL, size INTEGER NOT NULL,
  sha256 TEXT NOT NULL, removed INTEGER NOT NULL, replaced TEXT NOT NULL, content TEXT NOT NULL,
  at INTEGER NOT NULL)`;
const BODIES = "CREATE TABLE bodies (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/** An index of an older program; `files` are its contents. */
async function older(name: string, files: Record<string, Uint8Array>): Promise<[string, Database]> {
  const dir = join(folder.dir, name);
  mkdirSync(join(dir, "files"), { recursive: true });
  for (const [file, bytes] of Object.entries(files))
    await Bun.write(join(dir, "files", file), bytes);
  return [dir, new Database(join(dir, "index.db"), { create: true })];
}

const of = (owner: number, counter: number, instance = 0xab): Version => ({
  counter,
  owner,
  instance,
});

test("an index of the first program is brought over with its files", async () => {
  const [dir, index] = await older("first", {
    empty: new Uint8Array(0),
    small: someBytes(10),
    large: someBytes(100_000),
  });
  index.run(FIRST);
  for (const [file, size] of [
    ["empty", 0],
    ["small", 10],
    ["large", 100_000],
  ] as const) {
    const row = [`n${size}`, 19, 7, 8, 0xab, size, sha256(someBytes(size)), file];
    index.query("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)").run(...row);
  }
  index.close();
  let opened = await openFolder(dir);
  const copy = join(dir, "index.db.v0");
  expect(opened.notes).toEqual([
    `${dir} was written by an older p2p, and has been brought over; ${copy} is its index as it was.`,
  ]);
  for (const size of [0, 10, 100_000]) {
    const record = opened.files.winner(`n${size}`);
    expect(record).toMatchObject({
      operation: { origin: "000000ab00000000", number: 7 },
      version: of(8, 7),
      sha256: sha256(someBytes(size)),
      versionVector: [],
    });
    expect(await readAll(record && opened.files.open(record))).toBe(sha256(someBytes(size)));
  }
  const next = recordOf("n10", someBytes(11), of(8, 8));
  await opened.files.keep(next, someBytes(11));
  await opened.close();
  opened = await openFolder(dir);
  expect(opened.notes).toEqual([]);
  expect(opened.files.records().length).toBe(3);
  expect(opened.files.bytesOf(next)).toEqual(someBytes(11));
  expect(readdirSync(join(dir, "files")).sort()).toEqual(["empty", "large"]);
  await opened.close();
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const kept = new Database(copy, { readonly: true });
  expect(kept.query("SELECT name, counter FROM files ORDER BY name").values()).toEqual([
    ["n0", 7],
    ["n10", 7],
    ["n100000", 7],
  ]);
  kept.close();
  expect(readdirSync(dir).filter((name) => name.includes(".part"))).toEqual([]);
});

test("an index that cannot be copied first is not brought over", async () => {
  const [dir, index] = await older("full", {});
  index.run(SECOND);
  index.run(BODIES);
  index.run("PRAGMA user_version = 1");
  index.close();
  mkdirSync(join(dir, "index.db.v1.part"));
  await expect(openFolder(dir)).rejects.toThrow(`The data folder ${dir} cannot be used`);
  const kept = new Database(join(dir, "index.db"), { readonly: true });
  expect(kept.query("PRAGMA user_version").values()).toEqual([[1]]);
  kept.close();
});

test("rows of the second program become writes, its conflicts such of the name that they had", async () => {
  const long = "ß".repeat(126);
  const cut = `${"ß".repeat(118)}.conflict-3-5-${0xcd}`;
  const rows = [
    ["plan", of(2, 9), 10, 0, "4.5.205"],
    // The present version's owner had stored it, in the same run, and then heard of another's.
    [`plan.conflict-7-2-${0xab}`, of(2, 7), 11, 0, ""],
    [`plan.conflict-4-6-${0xab}`, of(2, 8), 0, 1, `4.6.${0xab}`],
    [long, of(2, 9), 12, 0, ""],
    [cut, of(5, 3, 0xcd), 13, 0, ""],
    ["gone", of(3, 5), 0, 1, "4.3.171"],
    ["notes.conflict-1-2-3", of(9, 9), 14, 0, ""],
  ] as const;
  const at = Date.now() - 5_000;
  const [dir, index] = await older("second", {});
  index.run(SECOND);
  index.run(BODIES);
  const put = index.query("INSERT INTO files VALUES (?, ?, 19, ?, ?, ?, ?, ?, ?, ?, '', ?)");
  rows.forEach(([name, { counter, owner, instance }, size, removed, replaced], i) => {
    put.run(
      i + 1,
      name,
      counter,
      owner,
      instance,
      size,
      sha256(someBytes(size)),
      removed,
      replaced,
      at,
    );
    if (size > 0) index.query("INSERT INTO bodies VALUES (?, ?)").run(i + 1, someBytes(size));
  });
  index.run("PRAGMA user_version = 1");
  index.close();
  for (let start = 0; start < 2; start++) {
    const opened = await openFolder(dir, ZERO);
    const { files } = opened;
    expect(files.records().length).toBe(rows.length);
    const sizes = (name: string): number[] =>
      files
        .records()
        .filter((r) => r.name === name && !r.removed)
        .map((r) => r.size)
        .sort();
    expect(sizes("plan")).toEqual([10, 11]);
    expect(sizes(long)).toEqual([12, 13]);
    expect(sizes("notes.conflict-1-2-3")).toEqual([14]);
    expect(files.winner("plan")).toMatchObject({
      version: of(2, 9),
      versionVector: [of(5, 4, 205)],
    });
    expect(files.winner("gone")).toMatchObject({ removed: true, apart: false });
    expect(files.winner(long)?.size).toBe(12);
    for (const record of files.records()) {
      expect(record.operation.origin).toMatch(/^000000(ab|cd)00000000$/);
      expect(record.ageMs).toBe(ZERO - at);
      if (!record.removed) expect(files.bytesOf(record)).toEqual(someBytes(record.size));
    }
    const removal = files.records().find((r) => r.apart);
    expect(removal).toMatchObject({ name: "plan", removed: true });
    await opened.close();
  }
  // The conflict that was removed stays away, where another peer brings it over from its own disk.
  const [other, its] = await older("other", {});
  its.run(SECOND);
  its.run(BODIES);
  const name = `plan.conflict-4-6-${0xab}`;
  its
    .query("INSERT INTO files VALUES (1, ?, 19, 4, 6, 171, 3, ?, 0, '', '', ?)")
    .run(name, sha256(someBytes(3)), at);
  its.query("INSERT INTO bodies VALUES (1, ?)").run(someBytes(3));
  its.run("PRAGMA user_version = 1");
  its.close();
  const [first, second] = [await openFolder(dir), await openFolder(other)];
  for (const record of second.files.records()) {
    expect(await first.files.keep(record, someBytes(3))).toBe(false);
  }
  await first.close();
  await second.close();
});

test("all that a write carries comes back, its ages by the clock of the next run", async () => {
  const dir = join(folder.dir, "ages");
  const bytes = someBytes(9);
  const record: FileRecord = {
    ...recordOf("a", bytes, 9, [versionOf(3), versionOf(4, 2)]),
    also: [versionOf(8, 3)],
    spared: [versionOf(1)],
    ageMs: 60_000,
    history: [
      { origin: "b".repeat(16), from: 3, to: 2 ** 40, ageMs: 90_000, version: versionOf(2, 3) },
    ],
  };
  const removal = { ...removalOf("b", 2, []), apart: true, ageMs: -5 };
  let opened = await openFolder(dir, ZERO);
  await opened.files.keep(record, bytes);
  await opened.files.mergeRecord(removal);
  await opened.close();
  // The next run's clock begins an hour later: so much older is everything as of its zero.
  opened = await openFolder(dir, ZERO + 3_600_000);
  const later = [record, removal].map((r) => withAges(r, 3_600_000));
  expect(opened.files.records()).toEqual(later);
  await opened.close();
  // The wall clock went back by a day: nothing is younger than it was when it was written.
  const now = performance.now();
  opened = await openFolder(dir, ZERO - 86_400_000);
  for (const held of opened.files.records()) {
    const written = [record, removal].find((r) => writeKey(r) === writeKey(held));
    const least = (written?.ageMs ?? 0) + 0;
    expect(held.ageMs + performance.now()).toBeGreaterThanOrEqual(least);
    expect(held.ageMs).toBeLessThan(least + now + 60_000);
    const [span] = held.history;
    if (span !== undefined) expect(span.ageMs - held.ageMs).toBe(30_000);
  }
  await opened.close();
});

test("a start forgets no removal, however old: that is for the ring to say", async () => {
  const dir = join(folder.dir, "old");
  const removal = { ...removalOf("a", 2, [versionOf(1)]), ageMs: 400 * 86_400_000 };
  let opened = await openFolder(dir, ZERO);
  await opened.files.mergeRecord(removal);
  await opened.close();
  opened = await openFolder(dir, ZERO);
  expect(opened.files.records()).toEqual([removal]);
  opened.files.drop(removal);
  await opened.close();
  opened = await openFolder(dir, ZERO);
  expect(opened.files.records()).toEqual([]);
  await opened.close();
});

test("rows that others had replaced before the end are merged away, in whatever order they lie", async () => {
  for (const backwards of [false, true]) {
    const dir = join(folder.dir, `left-${backwards}`);
    const [one, two, three] = [someBytes(1), someBytes(2), someBytes(3)];
    const first = recordOf("a", one, versionOf(1));
    const second = recordOf("a", two, versionOf(2, 9), [versionOf(1)]);
    const third = recordOf("b", three, versionOf(1));
    let opened = await openFolder(dir, ZERO);
    const order = backwards ? [second, third] : [first, third];
    for (const record of order) await opened.files.keep(record, someBytes(record.size));
    await opened.close();
    // As a crash may leave it: the other's row lies there too.
    const index = new Database(join(dir, "index.db"));
    const left = backwards ? first : second;
    const replaced = left === second ? ";1.8.1;;" : "";
    index
      .query("INSERT INTO files VALUES (9, 'a', 19, ?, ?, ?, ?, 1, ?, ?, 0, ?, '', ?, ?, '', NULL)")
      .run(
        ...[left.operation.origin, left.operation.number, left.version.counter, left.version.owner],
        ...[left.size, left.sha256, replaced, ZERO, ZERO],
      );
    index.query("INSERT INTO bodies VALUES (9, ?)").run(someBytes(left.size));
    index.close();
    for (let start = 0; start < 2; start++) {
      opened = await openFolder(dir, ZERO);
      expect(opened.files.records().length).toBe(2);
      expect(opened.files.find(first)).toBeNull();
      expect(opened.files.bytesOf(second)).toEqual(someBytes(2));
      expect(opened.files.winner("a")?.history).toMatchObject([{ from: 1, to: 1 }]);
      await opened.close();
    }
  }
});
