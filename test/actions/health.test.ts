import { afterAll, afterEach, beforeAll, expect, spyOn, test } from "bun:test";
import { problemsIn, problemsOf, showHealth } from "../../src/actions/health.ts";
import type { Checks, Health, Status } from "../../src/control/types.ts";
import { type FakePeer, fakePeer } from "../control/fake-host.ts";
import { temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
const printed: string[] = [];
const said: string[] = [];
const log = spyOn(console, "log").mockImplementation((text) => void printed.push(String(text)));
const write = spyOn(process.stderr, "write").mockImplementation((text) => {
  said.push(String(text));
  return true;
});
let peer: FakePeer;

beforeAll(async () => {
  peer = await fakePeer(`${folder.dir}/peer`, 8);
});
afterEach(() => {
  printed.length = 0;
  said.length = 0;
});
afterAll(async () => {
  log.mockRestore();
  write.mockRestore();
  await peer.stop();
  folder.remove();
});

const files = {
  ...{ count: 12, bytes: 1, short: 0, least: 3, safe: true, damaged: 0, room: 1_000 },
  ...{ copies: 3, kept: true, freeBytes: 2_000 },
};
const at = { host: "127.0.0.1", port: 12_008 };

function member(id: number, state: "alive" | "dead" | "leaving" = "alive", incarnation = 1) {
  return { id, ...at, incarnation, state };
}

function statusOf(part: Partial<Status>): Status {
  const self = { id: 8, ...at, pid: 1, incarnation: 1 };
  return {
    ...{ v: 1, at: 0, ring: "12000", bits: 8, route: "finger", pingIntervalMs: 1_000, self },
    ...{ successors: [], predecessors: [], digest: "", files, rssBytes: 0, lookups: [] },
    ...{
      members: [8, 9, 14].map((id) => member(id)),
      dropped: { datagrams: 0, frames: 0 },
      drops: [],
    },
    ...part,
  };
}

const wordOf = (part: Partial<Status>) => problemsOf(statusOf(part));

test("a ring with as many members as copies has no problem, whoever died before", () => {
  expect(wordOf({})).toEqual([]);
  expect(wordOf({ members: [8, 9, 14].map((id) => member(id)).concat(member(5, "dead")) })).toEqual(
    [],
  );
});

test("each thing that is wrong is a sentence", () => {
  expect(wordOf({ members: [member(8), member(9), member(14, "dead")] })).toEqual([
    "3 copies are wanted of each file; the ring has 2 peers, and peer 14 is dead",
  ]);
  expect(wordOf({ members: [member(8, "leaving"), member(9), member(14)] })).toEqual([
    "peer 8 is not in its ring",
  ]);
  expect(
    wordOf({ members: [8, 9, 14].map((id) => member(id)).concat(member(5, "alive", 0)) }),
  ).toEqual(["never heard of: 5"]);
  expect(wordOf({ files: { ...files, kept: false } })).toEqual([
    "peer 8: its data folder was deleted",
  ]);
});

test("what members say of themselves counts, and that some say nothing", () => {
  const self = { id: 9, ...at, incarnation: 1 };
  const view = { route: "finger", successors: [], predecessors: [], members: [] } as const;
  const deleted = { expected: 0, dead: 0, left: 0, digest: "", lookups: [] };
  const checks: Checks = {
    ...{ v: 2, at: 0 },
    peers: [{ self, ...view, ...deleted, files: { ...files, short: 2, least: 1, room: 0 } }],
    silent: [
      { id: 14, ...at },
      { id: 19, ...at },
    ],
    checks: { R1: { ok: true }, R3: { ok: false, peers: [9], why: "it stands alone" } },
  };
  expect(problemsIn(checks, statusOf({}))).toEqual([
    "no answer from 14 and 19",
    "R3 fails at 9: it stands alone",
    "peer 9: 2 of 12 files here have too few copies, at the least 1 of 3",
    "peer 9: its disk is full, and takes no file any more",
  ]);
});

test("the exit code says it to a script: 0, 1 or 3, and 2 where it is not clear who is meant", async () => {
  const choice = { peer: null, data: peer.dir };
  expect(await showHealth(choice, true)).toBe(1);
  expect(JSON.parse(printed[0] ?? "") as Health).toMatchObject({ v: 1, healthy: false, peers: 1 });
  expect(await showHealth({ peer: null, data: `${folder.dir}/nobody` }, true)).toBe(3);
  expect(JSON.parse(printed[1] ?? "") as Health).toMatchObject({ healthy: null, peers: 0 });
  expect(await showHealth({ peer: null, data: `${folder.dir}/nobody` }, false)).toBe(3);
  expect(said.join("")).toStartWith("The health of the ring could not be told: No peer is running");
  const second = await fakePeer(`${folder.dir}/another`, 9);
  const unclear = showHealth({ peer: null, data: folder.dir }, false);
  await expect(unclear).rejects.toMatchObject({ exitCode: 2 });
  await second.stop();
});
