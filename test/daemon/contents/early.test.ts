import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EarlyCopies, type EarlyCopy } from "../../../src/daemon/contents/early.ts";
import { HeldFile } from "../../../src/daemon/contents/held.ts";
import { EARLY_COPIES } from "../../../src/daemon/limits.ts";
import type { Draft } from "../../../src/store/draft.ts";
import { type Folder, openFolder } from "../../../src/store/folder.ts";
import { markOf } from "../../../src/store/user-files.ts";
import { readAll, recordOf } from "../../store/records.ts";
import { sha256, someBytes, temporaryFolder } from "../../store/temporary.ts";

/** The copy that a peer keeps of what it stores is made while that is hashed. */

const temporary = temporaryFolder();
const path = join(temporary.dir, "film");
/** More than there are buffers, and no multiple of one. */
const bytes = someBytes(9_000_000);
const record = recordOf("film", bytes, 1);
let folder: Folder;
let copies: EarlyCopies;

beforeAll(async () => {
  writeFileSync(path, bytes);
  folder = await openFolder(join(temporary.dir, "8"));
  copies = new EarlyCopies(folder.files);
});
afterAll(async () => {
  await folder.close();
  temporary.remove();
});

async function hashed(copy: EarlyCopy | null): Promise<string | null> {
  const held = HeldFile.open({ path, mark: markOf(path) ?? "" });
  if (held === null) throw new Error("it cannot be opened");
  try {
    return await held.hash(() => {}, copy);
  } finally {
    held.release();
  }
}

const left = () =>
  readdirSync(join(temporary.dir, "8", "files")).filter((name) => name.startsWith("incoming-"));

test("what is hashed is copied, and taken by whoever keeps that very content under that name", async () => {
  const copy = copies.begin("film");
  expect(await hashed(copy)).toBe(record.sha256);
  expect(copies.take({ ...record, name: "other" })).toBeNull();
  expect(copies.take({ ...record, sha256: sha256(someBytes(5)) })).toBeNull();
  const ready = copies.take(record);
  expect(ready?.sha256).toBe(record.sha256);
  expect(copies.take(record)).toBeNull();
  await copy?.drop();
  expect(await ready?.draft.commit(record)).toBe(true);
  expect(await readAll(folder.files.open(record))).toBe(record.sha256);
  folder.files.drop(record);
});

test("what nobody takes goes, and so does one of a file that changed or was not read to its end", async () => {
  const before = left();
  const whole = copies.begin("film");
  await hashed(whole);
  const part = copies.begin("film");
  await part?.write(bytes);
  expect(left().length).toBeGreaterThan(before.length);
  expect(copies.take({ ...record, sha256: sha256(bytes.subarray(1)) })).toBeNull();
  await whole?.drop();
  await copies.clear();
  expect(left()).toEqual(before);
  expect(copies.take(record)).toBeNull();
});

test("no more are made at a time than there may be", async () => {
  const made = Array.from({ length: EARLY_COPIES }, () => copies.begin("film"));
  expect(made).not.toContain(null);
  expect(copies.begin("film")).toBeNull();
  await made[0]?.drop();
  expect(copies.begin("film")).not.toBeNull();
  await copies.clear();
});

test("a disk that will not take it costs the copy, and nothing else", async () => {
  let taken = 0;
  let aborted = 0;
  const full: Pick<Draft, "write" | "abort"> = {
    write: async (piece) => {
      taken += piece.length;
      if (taken > 3_000_000) throw new Error("no room");
    },
    abort: async () => void aborted++,
  };
  const small = new EarlyCopies({ begin: () => ({ ...folder.files.begin(), ...full }) });
  expect(await hashed(small.begin("film"))).toBe(record.sha256);
  expect(small.take(record)).toBeNull();
  expect([aborted, taken < bytes.length]).toEqual([1, true]);
});
