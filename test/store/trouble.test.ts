import { afterAll, expect, test } from "bun:test";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { freeBytes, isDiskTrouble } from "../../src/store/disk.ts";
import type { FileStore } from "../../src/store/files.ts";
import { openFolder } from "../../src/store/folder.ts";
import { bytesNamed, recordOf, removalOf, versionOf, ZERO } from "./records.ts";
import { someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function byName(files: FileStore): FileRecord[] {
  return files.records().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Runs a script with a small file system of its own, where the system lets one have that. */
const SMALL_DISK = ["unshare", "--map-root-user", "--mount", "sh", "-c"];
const mount = `mount -t tmpfs -o size=3m none '${folder.dir}'`;
const canMount = Bun.which("unshare") !== null && Bun.spawnSync([...SMALL_DISK, mount]).success;

test("where a sync fails nothing of the group is held, and what was held is", async () => {
  const dir = join(folder.dir, "sync");
  let opened = await openFolder(dir, ZERO);
  const { files } = opened;
  const [one, two] = [someBytes(10, 1), someBytes(10, 2)];
  await files.keep(recordOf("a", one, versionOf(1, 2)), one);
  await files.keep(recordOf("b", one, versionOf(1, 2)), one);
  const handle = await open(join(dir, "lock-of-no-one"), "w");
  const prototype = Object.getPrototypeOf(handle);
  const { datasync } = prototype;
  prototype.datasync = () => Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
  const tries = await Promise.allSettled([
    files.keep(recordOf("a", two, versionOf(2, 2), [versionOf(1, 2)]), two),
    files.keep(recordOf("b", two, versionOf(2, 8)), two),
    files.keep(recordOf("c", two, versionOf(2, 2)), two),
    files.mergeRecord(removalOf("d", 3, [])),
  ]);
  prototype.datasync = datasync;
  await handle.close();
  for (const tried of tries) {
    expect(tried.status === "rejected" && isDiskTrouble(tried.reason)).toBe(true);
  }
  const held = ["a", "b"].map((name) => recordOf(name, one, versionOf(1, 2)));
  expect(byName(files)).toEqual(held);
  await files.keep(recordOf("e", one, versionOf(5, 2)), one);
  await opened.close();
  opened = await openFolder(dir, ZERO);
  expect(byName(opened.files)).toEqual([...held, recordOf("e", one, versionOf(5, 2))]);
  for (const { name } of opened.files.records())
    expect(bytesNamed(opened.files, name)).toEqual(one);
  await opened.close();
});

test.skipIf(!canMount)("a full disk", async () => {
  const script = join(import.meta.dir, "full-disk.ts");
  const run = `${mount} && exec '${process.execPath}' '${script}' '${folder.dir}'`;
  const child = Bun.spawn([...SMALL_DISK, run], { stdout: "pipe", stderr: "inherit" });
  const said = JSON.parse(await new Response(child.stdout).text());
  expect(said).toEqual({
    // Until it was full some were kept; what was refused left nothing, and what was kept stayed readable.
    keptSome: true,
    refusals: ["The disk of this peer is full: make room, or store through another."],
    allTrouble: true,
    asKept: true,
    leftovers: [],
    removedWhenFull: true,
    removed: true,
    keptWithRoom: true,
    // After a kill and a start on the full disk.
    started: true,
    identity: 7,
    sameAfterStart: true,
    found: true,
  });
});

test("the free room of a folder can be told, and that of none cannot", async () => {
  expect(await freeBytes(folder.dir)).toBeGreaterThan(0);
  expect(await freeBytes(join(folder.dir, "nowhere"))).toBeNull();
});
