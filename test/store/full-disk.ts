/** Fills a small disk with a store's files, and prints how the store took it, as one line of JSON. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freeBytes, isDiskTrouble } from "../../src/store/disk.ts";
import type { FileStore } from "../../src/store/files.ts";
import { openFolder } from "../../src/store/folder.ts";
import { readLivingProcess } from "../../src/store/process-file.ts";
import { openNamed, put, readAll, recordOf, removalOf, versionOf } from "./records.ts";
import { someBytes } from "./temporary.ts";

const disk = process.argv[2] ?? "";
const dir = join(disk, "peer");
const refusals = new Set<string>();
let allTrouble = true;

/** Stores until nothing more is taken; @returns the names kept. */
async function fill(files: FileStore, prefix: string): Promise<string[]> {
  const kept: string[] = [];
  for (const size of [300_000, 70_000, 30_000, 1_000, 10]) {
    for (let i = 0; ; i++) {
      const name = `${prefix}-${size}-${i}`;
      try {
        await put(files, recordOf(name, someBytes(size), 1), someBytes(size));
        kept.push(name);
      } catch (error) {
        refusals.add(error instanceof Error ? error.message : String(error));
        allTrouble &&= isDiskTrouble(error);
        break;
      }
    }
  }
  return kept.sort();
}

async function isJust(files: FileStore, names: readonly string[]): Promise<boolean> {
  const held = files.records().filter(({ removed }) => !removed);
  for (const { name, sha256 } of held) {
    if ((await readAll(openNamed(files, name))) !== sha256) return false;
  }
  return (
    held
      .map(({ name }) => name)
      .sort()
      .join() === names.join()
  );
}

if (process.argv[3] === "killed") {
  const opened = await openFolder(dir);
  await opened.saveIdentity({ id: 8, ring: 12000, incarnation: 6, config: null });
  opened.announce({ id: 8, host: "127.0.0.1", port: 12008, ring: 12000, bits: 8 });
  const kept = await fill(opened.files, "second");
  // What is left of the last bytes goes too.
  for (let size = 65_536; size > 0; size >>= 1) {
    try {
      writeFileSync(join(disk, `rest-${size}`), new Uint8Array(size));
    } catch {}
  }
  console.log(kept.join());
  process.kill(process.pid, "SIGKILL");
}

const first = await openFolder(dir);
const kept = await fill(first.files, "first");
const asKept = await isJust(first.files, kept);
const leftovers = readdirSync(join(dir, "files")).filter((name) => name.startsWith("incoming-"));
// A removal makes its own room.
const large = kept.filter((name) => name.startsWith("first-300000"));
const removedWhenFull = await first.files.mergeRecord(
  removalOf(large.pop() ?? "", 2, [versionOf(1)]),
);
await fill(first.files, "more");
// Room again: some go, and others find their place.
const missing = large.pop() ?? "";
first.files.drop(first.files.winner(missing) ?? recordOf(missing, someBytes(0), 1));
while (((await freeBytes(dir)) ?? 0) < 200_000)
  await new Promise((resolve) => setImmediate(resolve));
const removed = await first.files.mergeRecord(removalOf(kept[0] ?? "", 2, [versionOf(1)]));
const keptWithRoom = await first.files.keep(recordOf("again", someBytes(9), 1), someBytes(9));
for (const record of first.files.records()) first.files.drop(record);
await first.close();

const child = Bun.spawnSync([process.execPath, import.meta.path, disk, "killed"]);
const names = child.stdout.toString().trim().split(",");
const second = await openFolder(dir);
const sameAfterStart = await isJust(second.files, names);
await second.saveIdentity({ id: 8, ring: 12000, incarnation: 7, config: null });
second.announce({ id: 8, host: "127.0.0.1", port: 12008, ring: 12000, bits: 8 });
const found = readLivingProcess(dir)?.processFile?.id === 8;
await second.close();
const third = await openFolder(dir);
console.log(
  JSON.stringify({
    keptSome: kept.length > 3,
    refusals: [...refusals],
    allTrouble,
    asKept,
    leftovers,
    removedWhenFull,
    removed,
    keptWithRoom,
    started: true,
    identity: third.identity?.incarnation,
    sameAfterStart,
    found,
  }),
);
await third.close();
