/** One decision, one order: what the disk holds is what the table in memory would. */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import { FileIndex } from "../../src/protocol/model/file-index.ts";
import { compareVersions, type FileRecord, writeKey } from "../../src/protocol/model/files.ts";
import { makeRandom, randomBelow } from "../../src/protocol/model/random.ts";
import { merge, type Siblings, versionsOf } from "../../src/protocol/model/siblings.ts";
import type { FileStore } from "../../src/store/files.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import { CONTENTS, History, living, SOME, shuffled } from "../protocol/histories.ts";
import { put, readAll, ZERO } from "./records.ts";
import { temporaryFolder } from "./temporary.ts";

const SEED = 4_711_001;
const NAMES = ["a", "b", "c"];

const folder = temporaryFolder();
afterAll(folder.remove);

const probe = await open(join(folder.dir, "probe"), "w");
const handles = Object.getPrototypeOf(probe);
const { datasync } = handles;
await probe.close();

/** The next sync of any file fails. */
function failOnce(): void {
  handles.datasync = () => {
    handles.datasync = datasync;
    return Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
  };
}

function enter(files: FileStore, record: FileRecord): Promise<boolean> {
  if (record.removed) return files.mergeRecord(record);
  const bytes = CONTENTS.find(({ sha256 }) => sha256 === record.sha256)?.bytes ?? new Uint8Array();
  return bytes.length > BODY_BYTES ? put(files, record, bytes) : files.keep(record, bytes);
}

/** As if the process had been killed: what the files have just now, and nothing that comes after. */
async function killed(opened: Folder, copy: string): Promise<Folder> {
  mkdirSync(join(copy, "files"), { recursive: true });
  const contents = readdirSync(join(opened.dir, "files")).map((name) => join("files", name));
  for (const file of ["index.db", "index.db-wal", ...contents]) {
    try {
      copyFileSync(join(opened.dir, file), join(copy, file));
    } catch {
      // Other threads go on: a content that the index does not need any more may go just then.
    }
  }
  await opened.close();
  return openFolder(copy, ZERO);
}

function siblingsOf(files: FileStore, name: string): Siblings {
  return files.records().filter((record) => record.name === name);
}

/** What a set has replaced: of each owner and instance, how far. */
function reach(siblings: Siblings): string[] {
  const versions = siblings
    .flatMap((v) => [...versionsOf(v), ...v.versionVector])
    .sort(compareVersions);
  const furthest = new Map(versions.map((s) => [`${s.owner}.${s.instance}`, s.counter]));
  return [...furthest].map(([who, counter]) => `${who}:${counter}`).sort();
}

function inOrder(records: readonly FileRecord[]): FileRecord[] {
  return records.toSorted((a, b) => (writeKey(a) < writeKey(b) ? -1 : 1));
}

/** What was said to be held is held, or what is held has replaced it. */
function expectKept(files: FileStore, said: readonly FileRecord[]): void {
  for (const record of said) {
    const held = siblingsOf(files, record.name);
    expect(living(merge(held, record))).toEqual(living(held));
  }
}

test("after random histories, kills and failures the disk holds what a table does", async () => {
  for (let seed = SEED; seed < SEED + 12; seed++) {
    console.log(`seed ${seed}`);
    const random = makeRandom(seed);
    const executed = NAMES.flatMap((name, i) => {
      const history = new History(seed * 3 + i, { ...SOME, steps: 24, name });
      // Of operations that went in a circle the order may leave one or another for a while.
      return history.hasCircle() ? [] : history.executed;
    });
    const index = new FileIndex(8, shuffled(random, [...executed, ...executed]));
    let opened = await openFolder(join(folder.dir, `${seed}`), ZERO);
    const said: FileRecord[] = [];
    let copies = 0;
    let queue = shuffled(random, [...executed, ...executed]);
    while (queue.length > 0) {
      const failed: FileRecord[] = [];
      const under = queue.splice(0, 1 + randomBelow(random, 12));
      const generator = randomBelow(random, 6);
      if (generator === 0) failOnce();
      const { files } = opened;
      const tries = under.map((record) =>
        enter(files, record).then(
          () => said.push(record),
          () => failed.push(record),
        ),
      );
      if (generator === 1) {
        // Some are durable by then, some half, some not begun.
        await Promise.race(tries);
        const kept = [...said];
        opened = await killed(opened, join(folder.dir, `${seed}-${++copies}`));
        expectKept(opened.files, kept);
        said.splice(0, said.length, ...kept);
        await Promise.all(tries);
        queue = shuffled(random, [...queue, ...under]);
        continue;
      }
      await Promise.all(tries);
      handles.datasync = datasync;
      if (generator === 2) {
        await opened.close();
        opened = await openFolder(opened.dir, ZERO);
      }
      expectKept(opened.files, said);
      queue = shuffled(random, [...queue, ...failed]);
    }
    for (const record of executed) await enter(opened.files, record);
    const before = inOrder(opened.files.records());
    await opened.close();
    opened = await openFolder(opened.dir, ZERO);
    const { files } = opened;
    expect({ seed, records: inOrder(files.records()) }).toEqual({ seed, records: before });
    for (const name of NAMES) {
      for (const record of executed) index.take(record);
      const [held, table] = [siblingsOf(files, name), index.siblings(name)];
      expect({ seed, living: living(held) }).toEqual({ seed, living: living(table) });
      expect({ seed, reach: reach(held) }).toEqual({ seed, reach: reach(table) });
      const winner = table.find((v) => index.isWinner(v));
      expect(files.winner(name)?.operation).toEqual(winner?.operation);
    }
    const large = files.records().filter(({ size }) => size > BODY_BYTES);
    expect(readdirSync(join(opened.dir, "files")).length).toBe(large.length);
    for (const record of files.records()) {
      expect(await readAll(files.open(record))).toBe(record.removed ? "none" : record.sha256);
    }
    await opened.close();
  }
}, 120_000);
