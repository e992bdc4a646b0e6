/** Nothing is said to a control socket before it is known whose it is. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import { choosePeer, findPeers } from "../../src/control/find.ts";
import { checkProcess } from "../../src/control/own.ts";
import { controlPathToOpen } from "../../src/control/path.ts";
import { livingRings } from "../../src/lab/ring-folder.ts";
import { Failure } from "../../src/protocol/model/failure.ts";
import { processStart } from "../../src/store/process.ts";
import { writeProcessFile } from "../../src/store/process-file.ts";
import { temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** Only root can give something away. */
const IS_ROOT = process.getuid?.() === 0;
const ANOTHER = 65_534;

function peerIn(path: string, pid = process.pid): string {
  const dir = join(folder.dir, path);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const at = { id: 8, host: "127.0.0.1", port: 12_008, ring: 12_000, bits: 8 };
  writeProcessFile(dir, pid, processStart(pid) ?? "", at);
  return dir;
}

function sentenceOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure && error.exitCode === 1) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Somebody listens at that path, and counts who calls. */
function listener(path: string): { calls: number; stop(): void } {
  const heard = { calls: 0, stop: () => void server.stop(true) };
  const fetch = (): Response => {
    heard.calls++;
    return Response.json({});
  };
  const server = Bun.serve({ unix: path, fetch });
  return heard;
}

describe("without a word where it is looked, commands pass over", () => {
  test("a folder that others can write to", async () => {
    const cwd = join(folder.dir, "written");
    peerIn("written/.p2p/8");
    chmodSync(join(cwd, ".p2p"), 0o777);
    expect(sentenceOf(() => findPeers(cwd))).toContain("(mode 777)");
    await expect(livingRings(cwd)).rejects.toThrow("(mode 777)");
  });

  test("a link", () => {
    const cwd = join(folder.dir, "linked");
    peerIn("elsewhere/.p2p/8");
    mkdirSync(cwd);
    symlinkSync(join(folder.dir, "elsewhere/.p2p"), join(cwd, ".p2p"));
    expect(sentenceOf(() => findPeers(cwd))).toContain("is a link");
  });

  test.skipIf(!IS_ROOT)("another user's, unless it is named", () => {
    const cwd = join(folder.dir, "theirs");
    const dir = peerIn("theirs/.p2p/8");
    chownSync(dir, ANOTHER, ANOTHER);
    expect(findPeers(cwd)).toEqual([]);
    chownSync(join(cwd, ".p2p"), ANOTHER, ANOTHER);
    expect(sentenceOf(() => findPeers(cwd))).toContain(`another user (uid ${ANOTHER})`);
  });
});

describe("nothing is said to", () => {
  test("what is no socket", async () => {
    const dir = peerIn("file/8");
    writeFileSync(controlPathToOpen(dir), "");
    await expect(controlClient(dir).status()).rejects.toThrow("is no socket");
  });

  test.skipIf(!IS_ROOT)("another user's socket in a folder of this one", async () => {
    const dir = peerIn("socket/8");
    const heard = listener(controlPathToOpen(dir));
    chownSync(controlPathToOpen(dir), ANOTHER, ANOTHER);
    await expect(controlClient(dir).status()).rejects.toThrow(`another user (uid ${ANOTHER})`);
    expect(heard.calls).toBe(0);
    chownSync(controlPathToOpen(dir), 0, 0);
    await controlClient(dir).status();
    expect(heard.calls).toBe(1);
    heard.stop();
  });

  test.skipIf(!IS_ROOT)(
    "a socket in the place for long paths that another user has made",
    async () => {
      const dir = peerIn(`${"long".repeat(30)}/8`);
      const path = controlPathToOpen(dir);
      const heard = listener(path);
      chownSync(join(path, ".."), ANOTHER, ANOTHER);
      try {
        await expect(controlClient(dir).status()).rejects.toThrow("lies in a folder that belongs");
        expect(heard.calls).toBe(0);
      } finally {
        chownSync(join(path, ".."), 0, 0);
        heard.stop();
      }
    },
  );

  test.skipIf(!IS_ROOT || process.platform !== "linux")("another user's process", () => {
    const argv = ["setpriv", "--reuid", `${ANOTHER}`, "--clear-groups", "sleep", "60"];
    const child = Bun.spawn(argv, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    try {
      const dir = peerIn("process/8");
      // The child is root's until it has changed that.
      while (
        Bun.spawnSync(["stat", "-c", "%u", `/proc/${child.pid}`]).stdout.toString() !==
        `${ANOTHER}\n`
      );
      expect(sentenceOf(() => checkProcess(dir, child.pid))).toContain(`(uid ${ANOTHER})`);
      peerIn("process/8", child.pid);
      expect(sentenceOf(() => choosePeer({ peer: null, data: dir }))).toContain(`(uid ${ANOTHER})`);
    } finally {
      child.kill();
    }
  });
});
