import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeMember } from "../../src/protocol/model/member.ts";
import { openFolder } from "../../src/store/folder.ts";
import { isLiving, processStart } from "../../src/store/process.ts";
import { readLivingProcess, writeProcessFile } from "../../src/store/process-file.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const OPEN = join(import.meta.dir, "../../src/store/folder.ts");
const member = makeMember({
  id: 9,
  incarnation: 3,
  instance: "00ff00ff00ff00ff",
  state: "alive",
  address: "127.0.0.1:12009",
});

/** A process that opens a folder, says so, and waits. */
async function holder(dir: string): Promise<Bun.Subprocess<"ignore", "pipe", "inherit">> {
  const code = `const { openFolder } = await import(${JSON.stringify(OPEN)});
    const folder = await openFolder(${JSON.stringify(dir)});
    folder.announce({ id: 8, host: "127.0.0.1", port: 12008, ring: 12000, bits: 8 });
    console.log("open");
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stdin: "ignore" });
  for await (const _ of child.stdout) break;
  return child;
}

test("what lies in a folder is its user's alone, also where others can look into the folder", async () => {
  const dir = join(folder.dir, "shared");
  mkdirSync(dir, { mode: 0o755 });
  // As an earlier program may have left it.
  writeFileSync(join(dir, "index.db"), "", { mode: 0o644 });
  const opened = await openFolder(dir);
  opened.saveView([member], false);
  opened.announce({ id: 8, host: "127.0.0.1", port: 12008, ring: 12000, bits: 8 });
  const readable = () => readdirSync(dir).filter((name) => statSync(join(dir, name)).mode & 0o077);
  expect(readdirSync(dir)).toContain("index.db-wal");
  expect(readable()).toEqual([]);
  await opened.close();
  expect(readable()).toEqual([]);
});

test("what is saved is there at the next start", async () => {
  const dir = join(folder.dir, "kept");
  const first = await openFolder(dir);
  expect(first.identity).toBeNull();
  expect(first.restored).toEqual([]);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  const config = {
    ring: 12000,
    bits: 8,
    strategy: "successor",
    pingIntervalMs: 1_000,
    replicationFactor: 3,
  } as const;
  await first.saveIdentity({ id: 8, ring: 12000, incarnation: 4, config });
  first.saveView([member], false);
  await first.close();
  const second = await openFolder(dir);
  expect(second.identity).toEqual({ id: 8, ring: 12000, incarnation: 4, config });
  expect(second.restored).toEqual([member]);
  expect([first.left, second.left]).toEqual([false, false]);
  second.saveView([member], true);
  await second.close();
  const third = await openFolder(dir);
  expect(third.identity?.incarnation).toBe(4);
  // One that left in good order keeps whom it knew: that is its way back.
  expect(third.restored).toEqual([member]);
  expect(third.left).toBe(true);
  await third.close();
  expect(existsSync(join(dir, "peer.json"))).toBe(false);
});

test("what is damaged is set aside with a note, and all else is kept", async () => {
  for (const [index, damage] of ["", "{", '{"left":false,"members":[[1]]}', "\0\0\0"].entries()) {
    const dir = join(folder.dir, `damaged-${index}`);
    mkdirSync(dir);
    writeFileSync(join(dir, "view.json"), damage);
    writeFileSync(join(dir, "identity.json"), '{"id":8,"ring":12000,"incarnation":1}');
    const opened = await openFolder(dir);
    expect(opened.restored).toEqual([]);
    expect(opened.identity?.id).toBe(8);
    expect(opened.notes.length).toBe(1);
    expect(opened.notes[0]).toContain("view.json.damaged");
    expect(readFileSync(join(dir, "view.json.damaged"), "utf8")).toBe(damage);
    await opened.close();
  }
});

test("a damaged index is set aside with the contents, none of which is lost", async () => {
  const dir = join(folder.dir, "index");
  mkdirSync(join(dir, "files"), { recursive: true });
  writeFileSync(join(dir, "index.db"), "this is no database".repeat(100));
  writeFileSync(join(dir, "files", "content"), "precious");
  const opened = await openFolder(dir);
  expect(opened.files.records()).toEqual([]);
  expect(opened.notes[0]).toContain("index.db");
  const aside = readdirSync(dir).find((name) => name.startsWith("damaged-"));
  expect(readFileSync(join(dir, aside ?? "", "files", "content"), "utf8")).toBe("precious");
  await opened.close();
});

test("one process at a time uses a folder, and a dead one's lock is no lock", async () => {
  const dir = join(folder.dir, "locked");
  const child = await holder(dir);
  expect(readLivingProcess(dir)?.processFile?.id).toBe(8);
  await expect(openFolder(dir)).rejects.toThrow(`in use by process ${child.pid}`);
  child.kill("SIGKILL");
  await child.exited;
  expect(readLivingProcess(dir)).toBeNull();
  const mine = await openFolder(dir);
  await expect(openFolder(dir)).rejects.toThrow(`in use by process ${process.pid}`);
  await mine.close();
});

test("one that is about to end is waited for", async () => {
  const dir = join(folder.dir, "ending");
  const child = await holder(dir);
  const opening = openFolder(dir);
  // By now it has found the folder in use, and its process living.
  await Bun.sleep(0);
  child.kill("SIGKILL");
  const opened = await opening;
  await opened.close();
});

test("a folder that cannot be is a sentence", async () => {
  const file = join(folder.dir, "file");
  writeFileSync(file, "");
  await expect(openFolder(join(file, "peer"))).rejects.toThrow("choose another one with --data");
});

test("a process is known by its number and its start", () => {
  const start = processStart(process.pid);
  expect(start).not.toBeNull();
  expect(isLiving(process.pid, start ?? "")).toBe(true);
  expect(isLiving(process.pid, "1@other")).toBe(false);
  for (const none of [0, -1, 1.5, Number.NaN, 2 ** 40]) expect(processStart(none)).toBeNull();
});

test.skipIf(process.platform !== "linux")(
  "a dead child that nobody collected is dead",
  async () => {
    // The shell becomes `sleep`, which never waits for the child that it thus inherits.
    const shell = Bun.spawn(["sh", "-c", "sh -c 'echo $$; exec sleep 0.05' & exec sleep 30"], {
      stdout: "pipe",
    });
    let pid = 0;
    for await (const piece of shell.stdout) {
      pid = Number(new TextDecoder().decode(piece));
      break;
    }
    const deadline = performance.now() + 5_000;
    while (processStart(pid) !== null && performance.now() < deadline) await Bun.sleep(10);
    expect(processStart(pid)).toBeNull();
    process.kill(pid, 0);
    shell.kill("SIGKILL");
    await shell.exited;
  },
);

test("a process file of a process that is gone is no living peer's", () => {
  const dir = join(folder.dir, "process file");
  mkdirSync(dir);
  writeProcessFile(dir, process.pid, "another start", null);
  expect(readLivingProcess(dir)).toBeNull();
  writeFileSync(join(dir, "peer.json"), "{");
  expect(readLivingProcess(dir)).toBeNull();
});
