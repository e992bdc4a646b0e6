/** An index that the disk has not kept as it was: a start reads what can be read, says what cannot, and believes no more. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { openFolder } from "../../src/store/folder.ts";
import { noteDamage } from "../../src/store/index-file.ts";
import { put, recordOf, removalOf, versionOf, ZERO } from "./records.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const SIZES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`name${i}`, 30 + i])),
  large: BODY_BYTES + 1,
};
/** Of an index of 8 KiB pages: the tables, the rows, the contents. */
const PAGE = 8_192;

function said(record: FileRecord): string {
  const history = record.history.map((span) => ({ ...span, ageMs: 0 }));
  return JSON.stringify({ ...record, history, ageMs: 0 });
}

/** A folder with some files, a removal, and a name that was stored twice; and what it holds. */
async function made(name: string): Promise<{ dir: string; held: ReadonlyMap<string, string> }> {
  const dir = join(folder.dir, name);
  let opened = await openFolder(dir, ZERO);
  await put(opened.files, recordOf("twice", someBytes(20), 1), someBytes(20));
  const again = recordOf("twice", someBytes(40), 2, [versionOf(1)]);
  await put(opened.files, again, someBytes(40));
  await opened.files.mergeRecord(removalOf("gone", 3, [versionOf(2)]));
  for (const [file, size] of Object.entries(SIZES)) {
    await put(opened.files, recordOf(file, someBytes(size), 1), someBytes(size));
  }
  await opened.close();
  opened = await openFolder(dir, ZERO);
  const held = new Map(opened.files.records().map((record) => [record.name, said(record)]));
  await opened.close();
  expect(held.size).toBe(9);
  return { dir, held };
}

type Start = { readonly missing: readonly string[]; readonly notes: string };

/** Opens a copy of a folder with another index: all that is held then is as it was, and what is not is told. */
async function startWith(
  { dir, held }: { dir: string; held: ReadonlyMap<string, string> },
  index: Uint8Array,
): Promise<Start> {
  const copy = join(folder.dir, "copy");
  rmSync(copy, { recursive: true, force: true });
  cpSync(dir, copy, { recursive: true });
  writeFileSync(join(copy, "index.db"), index, { mode: 0o600 });
  const opened = await openFolder(copy, ZERO);
  const records = opened.files.records();
  for (const record of records) expect(said(record)).toBe(held.get(record.name) ?? "no such name");
  const missing = [...held.keys()].filter((name) => !records.some((r) => r.name === name));
  if (missing.length > 0) expect(opened.notes.length).toBeGreaterThan(0);
  await opened.close();
  return { missing, notes: opened.notes.join("\n") };
}

test("a byte that has changed anywhere in the tables and rows: nothing false is held, and nothing goes unsaid", async () => {
  const whole = await made("bytes");
  const index = readFileSync(join(whole.dir, "index.db"));
  const seed = Number(process.env["P2P_SEED"] ?? 20_261_127);
  console.log(`seed ${seed}`);
  const drawn = someBytes(8 * 60, seed);
  for (let i = 0; i < 60; i++) {
    const [a = 0, b = 0, c = 0, d = 0, mask = 1] = drawn.subarray(8 * i);
    // Half of them where there is something, at the pages' ends; the others at their beginnings.
    const at = (a % 2) * PAGE + (b % 2 === 0 ? PAGE - 1 - ((c * 256 + d) % 1_600) : c);
    const changed = Buffer.from(index);
    changed[at] = (changed[at] ?? 0) ^ (mask === 0 ? 1 : mask);
    await startWith(whole, changed);
  }
}, 60_000);

test("a name of which a letter has changed is nobody's: its row stays, and is named", async () => {
  const whole = await made("letter");
  const index = readFileSync(join(whole.dir, "index.db"));
  const at = index.indexOf("name3");
  index[at + 1] = 0x2e;
  const { missing, notes } = await startWith(whole, index);
  expect(missing).toEqual(["name3"]);
  expect(notes).toContain('"n.me3": they stay there, set aside');
});

test("a page of rows that makes no sense: the others are kept, and one that hides rows is not believed", async () => {
  const whole = await made("pages");
  const index = readFileSync(join(whole.dir, "index.db"));
  // The first row's place is that of the second.
  const hidden = Buffer.from(index);
  index.copy(hidden, PAGE + 8, PAGE + 10, PAGE + 12);
  expect((await startWith(whole, hidden)).notes).toContain("is damaged, and was set aside");
  // The number of a table's first page is in its schema, and its columns: without their key, no row is found.
  const keyless = Buffer.from(index);
  keyless[index.indexOf("PRIMARY KEY,\n")] = 0x51;
  expect((await startWith(whole, keyless)).notes).toContain("is damaged, and was set aside");
  // A start tells the tables by themselves, not by a number that may have changed.
  const renumbered = Buffer.from(index);
  renumbered[63] = 2;
  expect((await startWith(whole, renumbered)).missing).toEqual([]);
});

test("a row's number that has changed ends a start, where it had the same rows read for ever", async () => {
  const whole = await made("order");
  const index = readFileSync(join(whole.dir, "index.db"));
  // The last row begins where the page's rows begin: two bytes of its size, then its number.
  index[PAGE + index.readUInt16BE(PAGE + 5) + 2] = 1;
  expect((await startWith(whole, index)).notes).toContain("is damaged, and was set aside");
});

test("damage that only a change meets is met once: the next start makes a new index", async () => {
  const { dir, held } = await made("later");
  noteDamage(dir);
  const opened = await openFolder(dir, ZERO);
  expect(opened.files.records().length).toBe(held.size);
  expect(opened.notes.join()).toContain(`${held.size} of its versions could be read, and are kept`);
  const large = opened.files.winner("large");
  expect(large && opened.files.open(large)?.size).toBe(BODY_BYTES + 1);
  expect(opened.files.bytesOf(recordOf("name0", someBytes(30), 1))).toEqual(someBytes(30));
  const [content = ""] = readdirSync(join(dir, "files"));
  expect(sha256(readFileSync(join(dir, "files", content)))).toBe(sha256(someBytes(BODY_BYTES + 1)));
  await opened.close();
  const again = await openFolder(dir, ZERO);
  expect([again.notes, again.files.records().length]).toEqual([[], held.size]);
  await again.close();
  expect(existsSync(join(dir, "index.db.damaged"))).toBe(false);
});

test("a content that a damaged row may have named stays", async () => {
  const { dir } = await made("content");
  const database = new Database(join(dir, "index.db"));
  database.run("UPDATE files SET content = '../../etc' WHERE name = 'large'");
  database.close();
  const before = readdirSync(join(dir, "files"));
  const opened = await openFolder(dir, ZERO);
  expect(opened.files.damagedRows).toEqual(["large"]);
  await opened.close();
  expect(readdirSync(join(dir, "files"))).toEqual(before);
});
