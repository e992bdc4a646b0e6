/** A data folder is its user's alone, or it is refused before anything in it is touched. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { takeRingDir } from "../../src/lab/ring-folder.ts";
import { Failure } from "../../src/protocol/model/failure.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { openFolder } from "../../src/store/folder.ts";
import { ownFoldersAround } from "../../src/store/own-folder.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** Only root can give a folder away. */
const IS_ROOT = process.getuid?.() === 0;
const ANOTHER = 65_534;

function make(path: string, mode = 0o700): string {
  const dir = join(folder.dir, path);
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, mode);
  return dir;
}

/** The sentence by which a folder is refused, in which nothing has changed. */
async function refusal(dir: string): Promise<string> {
  const before = readdirSync(dir);
  const opened = await openFolder(dir).catch((error: unknown) => error);
  if (!(opened instanceof Failure)) throw new Error(`${dir} was opened`);
  expect(readdirSync(dir)).toEqual(before);
  return opened.message;
}

const member = makeMember({
  id: 9,
  incarnation: 3,
  instance: "00ff00ff00ff00ff",
  state: "alive",
  address: "127.0.0.1:12009",
});

test("a new folder and all in it are its user's alone, whatever the mask of the process", async () => {
  const dir = join(folder.dir, "fresh/.p2p/8");
  const mask = process.umask(0);
  try {
    const opened = await openFolder(dir);
    opened.saveView([member], false);
    opened.saveAlive(0, null);
    await opened.saveIdentity({ id: 8, ring: 1, incarnation: 1, config: null });
    opened.announce({ id: 8, host: "127.0.0.1", port: 12_008, ring: 12_000, bits: 8 });
    opened.log.append({});
    await opened.log.flush();
    const around = [dir, join(dir, "..")];
    const all = [...around, ...readdirSync(dir).map((name) => join(dir, name))];
    expect(all.length).toBeGreaterThan(6);
    for (const path of all) expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
    await opened.close();
  } finally {
    process.umask(mask);
  }
});

test("a folder that others may look into is narrowed, and what a peer keeps in it", async () => {
  const dir = make("wide/.p2p/8", 0o755);
  chmodSync(join(dir, ".."), 0o755);
  make("wide/.p2p/8/files", 0o755);
  for (const name of ["index.db", "lock", "events.jsonl", "identity.json", "mine.txt"]) {
    writeFileSync(join(dir, name), "", { mode: 0o644 });
  }
  await (await openFolder(dir)).close();
  const open = (name: string) => (statSync(join(dir, name)).mode & 0o077) !== 0;
  expect(readdirSync(dir).filter(open)).toEqual(["mine.txt"]);
  expect(["", ".."].filter(open)).toEqual([]);
});

test("an empty folder that others may write to is closed to them: a wide umask, a fresh file system", async () => {
  for (const mode of [0o775, 0o777, 0o1777]) {
    const dir = make(`empty-${mode.toString(8)}`, mode);
    const opened = await openFolder(dir);
    expect(statSync(dir).mode & 0o077).toBe(0);
    await opened.close();
  }
});

test("a working folder that is a data folder as well stays open to others", async () => {
  const dir = make("working", 0o755);
  const before = process.cwd();
  process.chdir(dir);
  try {
    await (await openFolder(".")).close();
    expect(statSync(dir).mode & 0o777).toBe(0o755);
    expect(statSync(join(dir, "lock")).mode & 0o777).toBe(0o600);
  } finally {
    process.chdir(before);
  }
});

describe("refused, with nothing read or written:", () => {
  test("a folder that others can write to, or p2p's own around it", async () => {
    const written = make("written", 0o775);
    writeFileSync(join(written, "something"), "of somebody");
    expect(await refusal(written)).toContain("(mode 775)");
    const dir = make("around/.p2p/8");
    chmodSync(join(dir, ".."), 0o1777);
    expect(await refusal(dir)).toContain("(mode 1777)");
    await expect(takeRingDir(join(dir, "../ring-1"))).rejects.toThrow("(mode 1777)");
  });

  test.skipIf(!IS_ROOT)("another user's folder, or p2p's own around it", async () => {
    const dir = make("theirs/.p2p/8");
    chownSync(dir, ANOTHER, ANOTHER);
    expect(await refusal(dir)).toContain(`another user (uid ${ANOTHER})`);
    chownSync(dir, 0, 0);
    chownSync(join(dir, ".."), ANOTHER, ANOTHER);
    expect(await refusal(dir)).toContain(`${join(dir, "..")} belongs to another user`);
    await expect(takeRingDir(join(dir, "../ring-1"))).rejects.toThrow("another user");
    expect(existsSync(join(dir, "../ring-1"))).toBe(false);
  });

  test("a link in the place of the folder", async () => {
    const real = make("real");
    const path = join(folder.dir, "link");
    symlinkSync(real, path);
    expect(await refusal(path)).toContain("is a link");
  });

  test("a link, a pipe or a second name in the place of what a peer keeps in it", async () => {
    const target = join(folder.dir, "precious");
    for (const name of ["spool", "files", "damaged"]) {
      const outside = make(`outside-${name}`);
      writeFileSync(join(outside, "kept"), "kept");
      const dir = make(`links-${name}`);
      symlinkSync(outside, join(dir, name));
      expect(await refusal(dir)).toContain(`${name} is a link`);
      expect(readdirSync(outside)).toEqual(["kept"]);
    }
    for (const name of ["events.jsonl", "index.db", "index.db-wal", "lock", "view.json"]) {
      writeFileSync(target, "precious");
      const dir = make(`linked-${name}`);
      symlinkSync(target, join(dir, name));
      expect(await refusal(dir)).toContain(`${name} is a link`);
      const second = make(`second-${name}`);
      linkSync(target, join(second, name));
      expect(await refusal(second)).toContain("has another name");
      expect(readFileSync(target, "utf8")).toBe("precious");
    }
    const dir = make("piped");
    Bun.spawnSync(["mkfifo", join(dir, "view.json")]);
    expect(await refusal(dir)).toContain("nothing that a peer keeps");
  });
});

test("what a killed run left half written goes, and a link among it leads nowhere", async () => {
  const dir = make("half");
  const target = join(folder.dir, "half-target");
  writeFileSync(target, "precious");
  symlinkSync(target, join(dir, "view.json.tmp"));
  writeFileSync(join(dir, "peer.json.0123456789abcdef.tmp"), "{");
  const opened = await openFolder(dir);
  opened.saveView([member], false);
  await opened.close();
  expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect(lstatSync(join(dir, "view.json")).isFile()).toBe(true);
  expect(readFileSync(target, "utf8")).toBe("precious");
});

test("p2p's own folders around a data folder begin with the innermost .p2p", () => {
  expect(ownFoldersAround("/a/.p2p/b/.p2p/ring-1/8")).toEqual([
    "/a/.p2p/b/.p2p",
    "/a/.p2p/b/.p2p/ring-1",
    "/a/.p2p/b/.p2p/ring-1/8",
  ]);
  expect(ownFoldersAround("/a/b")).toEqual(["/a/b"]);
  expect(ownFoldersAround("/")).toEqual(["/"]);
});
