import { afterAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { choosePeer, findPeers, findPeersIn } from "../../src/control/find.ts";
import { Failure } from "../../src/protocol/model/failure.ts";
import { processStart } from "../../src/store/process.ts";
import { writeProcessFile } from "../../src/store/process-file.ts";
import { temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function plant(path: string, id: number, startedAt = processStart(process.pid) ?? ""): void {
  const dir = join(folder.dir, path);
  mkdirSync(dir, { recursive: true });
  writeProcessFile(dir, process.pid, startedAt, {
    id,
    host: "127.0.0.1",
    port: 12_000 + id,
    ring: 12_000,
    bits: 8,
  });
}

function failure(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error("no failure");
}

test("living peers are found below a folder, by id, and nothing else is", () => {
  const cwd = join(folder.dir, "a");
  plant("a/.p2p/8", 8);
  plant("a/.p2p/2", 2, "long ago");
  plant("a/.p2p/ring-12000/19", 19);
  plant("a/.p2p/ring-13000/4", 4);
  plant("a/.p2p/other/5", 5);
  writeFileSync(join(cwd, ".p2p/ring-12000/ring.json"), "{}");
  writeProcessFile(
    join(cwd, ".p2p/ring-12000"),
    process.pid,
    processStart(process.pid) ?? "",
    null,
  );
  expect(findPeers(cwd).map(({ id }) => id)).toEqual([4, 8, 19]);
  expect(findPeersIn(join(cwd, ".p2p/ring-12000")).map(({ id }) => id)).toEqual([19]);
  expect(findPeersIn(join(cwd, ".p2p/8")).map(({ id }) => id)).toEqual([8]);
  expect(findPeers(join(folder.dir, "nowhere"))).toEqual([]);
});

test("the only one is the default; of several one must be chosen", () => {
  const cwd = join(folder.dir, "b");
  const none = failure(() => choosePeer({ peer: null, data: null }, cwd));
  expect([none.exitCode, none.message]).toEqual([1, expect.stringContaining("p2p init")]);
  plant("b/.p2p/8", 8);
  expect(choosePeer({ peer: null, data: null }, cwd).id).toBe(8);
  plant("b/.p2p/9", 9);
  const several = failure(() => choosePeer({ peer: null, data: null }, cwd));
  expect([several.exitCode, several.message]).toEqual([2, expect.stringContaining("8 and 9")]);
  expect(choosePeer({ peer: 9, data: null }, cwd).id).toBe(9);
  expect(choosePeer({ peer: null, data: ".p2p/8" }, cwd).id).toBe(8);
  const other = failure(() => choosePeer({ peer: 7, data: null }, cwd));
  expect([other.exitCode, other.message]).toEqual([1, expect.stringContaining("8 and 9")]);
  plant("b/.p2p/13000-9", 9);
  const twins = failure(() => choosePeer({ peer: 9, data: null }, cwd));
  expect([twins.exitCode, twins.message]).toEqual([2, expect.stringContaining("--data DIR")]);
});
