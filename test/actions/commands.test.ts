import { afterAll, afterEach, beforeAll, expect, spyOn, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { listFiles, removeFile, scrubPeer, whereIsFile } from "../../src/actions/files.ts";
import { requestFile } from "../../src/actions/requesting.ts";
import { copiesInWords, showStatus } from "../../src/actions/status.ts";
import { storeFile } from "../../src/actions/storing.ts";
import { controlClient } from "../../src/control/client.ts";
import { type FakePeer, fakePeer } from "../control/fake-host.ts";
import { sha256, someBytes, temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
const cwd = process.cwd();
const printed: string[] = [];
const complained: string[] = [];
const log = spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
const write = spyOn(process.stderr, "write").mockImplementation((line) => {
  complained.push(String(line));
  return true;
});
let numbered: FakePeer;
let drawn: FakePeer;
const here = join(folder.dir, "here");
const choice = { peer: 8, data: null };

beforeAll(async () => {
  mkdirSync(here);
  process.chdir(here);
  numbered = await fakePeer(join(here, ".p2p", "8"), 8);
  drawn = await fakePeer(join(here, ".p2p", "peer"), 77_777, 48);
});
afterEach(() => {
  printed.length = 0;
  complained.length = 0;
});
afterAll(async () => {
  await Promise.all([numbered.stop(), drawn.stop()]);
  process.chdir(cwd);
  log.mockRestore();
  write.mockRestore();
  folder.remove();
});

test("store prints a receipt, and NNNN.pdf is called NNNN", async () => {
  writeFileSync("2067.pdf", someBytes(1_240));
  expect(await storeFile(choice, "2067.pdf", { name: null, require: 0, json: false })).toBe(0);
  expect(printed.length).toBe(1);
  expect(printed[0]).toMatch(
    /^stored 2067: 3 of 3 copies, on peers 19, 2 and 4, sha256 [0-9a-f]{8}…, 1.24 kB in [0-9.]+ ms$/,
  );
  expect(sha256(numbered.files.get("2067") ?? new Uint8Array())).toBe(sha256(someBytes(1_240)));
  expect(await storeFile(choice, "2067.pdf", { name: "4103", require: 0, json: true })).toBe(0);
  expect(JSON.parse(printed[1] ?? "")).toMatchObject({
    v: 1,
    name: "4103",
    kind: "stored",
    wanted: 3,
  });
  expect(complained).toEqual([]);
});

test("store refuses what cannot be stored", async () => {
  writeFileSync("report.pdf", "report");
  await expect(
    storeFile(choice, "report.pdf", { name: null, require: 0, json: false }),
  ).rejects.toThrow("exactly four digits");
  await expect(
    storeFile(choice, "2067.pdf", { name: "a912", require: 0, json: false }),
  ).rejects.toThrow("exactly four digits");
  await expect(
    storeFile(choice, "9999.pdf", { name: null, require: 0, json: false }),
  ).rejects.toThrow("There is no file 9999.pdf");
  await expect(
    storeFile({ peer: 77_777, data: null }, ".", { name: "x", require: 0, json: false }),
  ).rejects.toThrow("regular file");
  const failing = storeFile({ peer: 77_777, data: null }, "report.pdf", {
    name: "fail",
    require: 0,
    json: true,
  });
  await expect(failing).rejects.toThrow("It could not be.");
  expect(printed).toEqual([]);
});

test("in a ring without numbers a file keeps its name", async () => {
  const other = { peer: 77_777, data: null };
  expect(await storeFile(other, "report.pdf", { name: null, require: 0, json: false })).toBe(0);
  expect(drawn.files.has("report.pdf")).toBe(true);
  await expect(requestFile(other, "report.pdf", plain)).rejects.toThrow("exists already");
  expect(readFileSync("report.pdf", "utf8")).toBe("report");
  writeFileSync("report.pdf", "mine");
  expect(await requestFile(other, "report.pdf", { ...plain, force: true })).toBe(0);
  expect(readFileSync("report.pdf", "utf8")).toBe("report");
  for (const name of ["../x", "/x", "a/b"]) {
    await expect(requestFile(other, name, plain)).rejects.toThrow("choose one with -o FILE");
  }
  await expect(requestFile(other, "a\u0001", plain)).rejects.toThrow("control characters");
});

test("what can be stored under its own name can be requested under it", async () => {
  const other = { peer: 77_777, data: null };
  for (const name of [".gitignore", "...", ".a b", "-o", "größe.txt"]) {
    writeFileSync(name, name);
    expect(await storeFile(other, name, { name: null, require: 0, json: false })).toBe(0);
    rmSync(name);
    expect(await requestFile(other, name, plain)).toBe(0);
    expect(readFileSync(name, "utf8")).toBe(name);
  }
});

test("what is no regular file is written into, and stays what it is", async () => {
  const bytes = someBytes(300_000, 9);
  numbered.files.set("4103", bytes);
  for (const force of [false, true]) {
    Bun.spawnSync(["mkfifo", "pipe"]);
    const reader = Bun.spawn(["cat", "pipe"], { stdout: "pipe" });
    expect(await requestFile(choice, "4103", { ...plain, output: "pipe", force })).toBe(0);
    expect(sha256(await reader.stdout.bytes())).toBe(sha256(bytes));
    expect(statSync("pipe").isFIFO()).toBe(true);
    rmSync("pipe");
    expect(await requestFile(choice, "4103", { ...plain, output: "/dev/null", force })).toBe(0);
    expect(printed.at(-1)).toContain(" as /dev/null, ");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    if (!existsSync("/dev/full")) continue;
    await expect(
      requestFile(choice, "4103", { ...plain, output: "/dev/full", force }),
    ).rejects.toThrow("The disk is full, /dev/full was not written");
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  }
  const socket = Bun.listen({ unix: "socket", socket: { data() {} } });
  await expect(
    requestFile(choice, "4103", { ...plain, output: "socket", force: true }),
  ).rejects.toThrow("is a socket");
  socket.stop(true);
  // Not even where it has the name that a file gets by itself.
  rmSync("received_4103.pdf", { force: true });
  Bun.spawnSync(["mkfifo", "received_4103.pdf"]);
  await expect(requestFile(choice, "4103", plain)).rejects.toThrow("no regular file");
  expect(statSync("received_4103.pdf").isFIFO()).toBe(true);
  rmSync("received_4103.pdf");
});

test("a link stays, and what it leads to is made or replaced", async () => {
  const bytes = someBytes(200_000, 10);
  numbered.files.set("4103", bytes);
  mkdirSync("far");
  symlinkSync("far/first", "second");
  symlinkSync("second", "link");
  const request = (force: boolean) =>
    requestFile(choice, "4103", { ...plain, output: "link", force });
  for (const there of [false, true]) {
    if (there) writeFileSync("far/first", "older");
    await expect(request(false)).rejects.toThrow("link exists already: use --force");
    expect(await request(true)).toBe(0);
    expect(sha256(readFileSync("far/first"))).toBe(sha256(bytes));
    expect([lstatSync("link"), lstatSync("second")].map((s) => s.isSymbolicLink())).toEqual([
      true,
      true,
    ]);
    expect(readdirSync("far")).toEqual(["first"]);
  }
  symlinkSync("round", "round");
  await expect(
    requestFile(choice, "4103", { ...plain, output: "round", force: true }),
  ).rejects.toThrow("leads nowhere");
});

const plain = { output: null, force: false, json: false };

test("request writes received_NNNN.pdf, again and again, and what -o says", async () => {
  const bytes = someBytes(300_000);
  numbered.files.set("4103", bytes);
  for (const blind of [false, true]) {
    numbered.blind = blind;
    expect(await requestFile(choice, "4103", plain)).toBe(0);
    expect(readdirSync(".").filter((name) => name.endsWith(".part"))).toEqual([]);
  }
  numbered.blind = false;
  expect(sha256(readFileSync("received_4103.pdf"))).toBe(sha256(bytes));
  mkdirSync("into");
  expect(await requestFile(choice, "4103", { ...plain, output: "into", json: true })).toBe(0);
  expect(JSON.parse(printed[2] ?? "")).toMatchObject({ path: "into/received_4103.pdf", from: 19 });
  expect(existsSync("into/received_4103.pdf")).toBe(true);
  expect(await requestFile(choice, "4103", { ...plain, output: "mine" })).toBe(0);
  await expect(requestFile(choice, "4103", { ...plain, output: "mine" })).rejects.toThrow(
    "--force",
  );
});

test("a file that nobody has, or that is not its hash, leaves nothing behind", async () => {
  const before = readdirSync(".");
  await expect(requestFile(choice, "1234", plain)).rejects.toThrow("No peer holds 1234");
  await expect(requestFile(choice, "../../etc/passwd", plain)).rejects.toThrow("four digits");
  expect(readdirSync(".")).toEqual(before);
});

test("ls shows the files and who holds them", async () => {
  numbered.files.clear();
  expect(await listFiles(choice, false)).toBe(0);
  numbered.files.set("4103", someBytes(300_000));
  expect(await listFiles(choice, false)).toBe(0);
  expect(await listFiles(choice, true)).toBe(0);
  expect(printed[0]).toBe("No file is stored in this ring yet.");
  expect(printed[1]).toMatch(/name +size +sha256 +on peers\n4103 +300 kB +[0-9a-f]{8}… +2 and 19$/);
  expect(JSON.parse(printed[2] ?? "").files).toMatchObject([{ name: "4103", holders: [19, 2] }]);
});

test("status is one screen, or one document", async () => {
  const data = { peer: null, data: ".p2p/8" };
  expect(await showStatus(data, { json: false, all: false, lookup: [7] })).toBe(0);
  expect(printed[0]).toContain("peer 8 of ring 12000, numbered");
  expect((printed[0] ?? "").split("\n").length).toBeLessThan(24);
  expect(printed[0]).not.toContain("why");
  expect(await showStatus(data, { json: true, all: false, lookup: [] })).toBe(0);
  expect(JSON.parse(printed[1] ?? "")).toMatchObject({ v: 1, ring: "12000", self: { id: 8 } });
  const dropped = {
    kind: "datagram",
    reason: "of another ring",
    from: "10.0.0.1:9",
    count: 12,
  } as const;
  const others = { kind: "frame", reason: "others", from: null, count: 3 } as const;
  numbered.shown = { drops: [dropped, others] };
  expect(await showStatus(data, { json: false, all: false, lookup: [] })).toBe(0);
  expect(printed[2]).toMatch(
    /dropped +why +from +count\n +datagram +of another ring +10.0.0.1:9 +12\n/,
  );
  expect(printed[2]).toMatch(/\n +frame +others +3$/);
  expect(await showStatus(data, { json: true, all: false, lookup: [] })).toBe(0);
  expect(JSON.parse(printed[3] ?? "").drops).toEqual([dropped, others]);
});

test("status of all checks the ring, and fails with it", async () => {
  const data = { peer: null, data: ".p2p/8" };
  expect(await showStatus(data, { json: true, all: true, lookup: [] })).toBe(0);
  numbered.shown = { successors: [9], predecessors: [9] };
  expect(await showStatus(data, { json: true, all: true, lookup: [] })).toBe(1);
  expect(await showStatus(data, { json: false, all: true, lookup: [] })).toBe(1);
  const [good, bad] = printed.map((text, index) => (index < 2 ? JSON.parse(text).checks : null));
  expect(good.R1).toEqual({ ok: true });
  expect(bad.R1).toMatchObject({ ok: false, peers: [8] });
  expect(printed[2]).toContain("R1");
  const all = { peer: null, data: null };
  await expect(showStatus(all, { json: true, all: false, lookup: [] })).rejects.toThrow(
    "--peer ID",
  );
});

test("rm and where say on which peers; a name that nobody holds is a sentence", async () => {
  numbered.files.set("4103", someBytes(12_400_000));
  expect(await whereIsFile(choice, "4103", false)).toBe(0);
  expect(await whereIsFile(choice, "4103", true)).toBe(0);
  expect(await removeFile(choice, "4103", { require: 0, json: false })).toBe(0);
  expect(printed[0]).toMatch(
    /^4103 is on peers 19, 2 and 4 \(3 of 3 copies\), 12.4 MB, sha256 [0-9a-f]{8}…, version 1 by peer 19$/,
  );
  expect(JSON.parse(printed[1] ?? "")).toMatchObject({
    ...{ v: 1, name: "4103", owner: 19, holders: [19, 2, 4], wanted: 3, size: 12_400_000 },
    stamp: { counter: 1, owner: 19, run: 1 },
  });
  expect(printed[2]).toBe("removed 4103: on 3 of 3 peers, 19, 2 and 4");
  const nobody = 'No peer holds "4103" (its owner is Peer 19)';
  await expect(removeFile(choice, "4103", { require: 0, json: false })).rejects.toThrow(nobody);
  await expect(whereIsFile(choice, "4103", true)).rejects.toThrow(nobody);
  await expect(removeFile(choice, "a912", { require: 0, json: false })).rejects.toThrow(
    "exactly four digits",
  );
});

test("no command calls a name never stored while somebody is missing that may have it", async () => {
  numbered.files.clear();
  const asks = [
    () => requestFile(choice, "1234", plain),
    () => whereIsFile(choice, "1234", false),
    () => whereIsFile(choice, "1234", true),
    () => removeFile(choice, "1234", { require: 0, json: false }),
    async () => {
      await listFiles(choice, false);
      throw new Error(printed.at(-1));
    },
  ];
  const said = (ask: () => Promise<unknown>) => ask().then(() => "", String);
  for (const ask of asks) {
    expect(await said(ask)).toMatch(/: store it first\.$|: see p2p ls\.$|in this ring yet\.$/);
  }
  const at = { host: "127.0.0.1", port: 12_014 };
  for (const [missing, how] of [
    [{ id: 14, ...at, state: "dead", incarnation: 1 }, "dead"],
    [{ id: 14, ...at, state: "left", incarnation: 1 }, "left"],
    [{ id: 14, ...at, state: "alive", incarnation: 0 }, "not heard from yet"],
  ] as const) {
    const { members } = await controlClient(numbered.dir).status();
    numbered.shown = { members: [...members, missing] };
    for (const ask of asks) {
      const sentence = await said(ask);
      expect(sentence).toContain("No peer that is here holds ");
      expect(sentence).toMatch(
        /, and Peer 14 \([a-z ]+\) may have (it|some): start it and ask again\.$/,
      );
      expect(sentence).toContain(`(${how})`);
    }
    numbered.shown = {};
  }
});

test("ls marks conflicts, and says what to do about them", async () => {
  numbered.files.clear();
  numbered.files.set("4103", someBytes(300));
  numbered.files.set("4103.conflict-0123456789abcdef-7", someBytes(400));
  expect(await listFiles(choice, true)).toBe(0);
  expect(JSON.parse(printed[0] ?? "").files).toMatchObject([
    { name: "4103", conflictOf: null },
    { name: "4103.conflict-0123456789abcdef-7", conflictOf: "4103" },
  ]);
  expect(await listFiles(choice, false)).toBe(0);
  expect(printed[1]).toContain("4103.conflict-0123456789abcdef-7");
  expect(complained.join("")).toMatch(/^1 file with \.conflict- in the name: [^\n]+p2p rm\.\n$/);
});

test("scrub says what was found, and fails where something is still missing", async () => {
  const sound = numbered.scrubbed;
  expect(await scrubPeer(choice, false)).toBe(0);
  expect(printed[0]).toBe("checked 120 files, 34 MB, in 1.25 s: all sound");
  const mended = { name: "4103", mended: true };
  numbered.scrubbed = { ...sound, damaged: [mended, { name: "2067", mended: true }] };
  expect(await scrubPeer(choice, false)).toBe(0);
  expect(printed[1]).toEndWith(
    ": 2 damaged copies found; fetched anew from other holders: 4103 and 2067",
  );
  numbered.scrubbed = { ...sound, damaged: [{ name: "2067", mended: false }] };
  expect(await scrubPeer(choice, false)).toBe(1);
  expect(printed[2]).toContain("1 damaged copy found; not yet replaced");
  numbered.scrubbed = sound;
});

test("status says in words whether all has its copies, and whether the machine may go", () => {
  const files = {
    ...{ count: 12, bytes: 1, short: 0, least: 3, safe: true, damaged: 0, room: 0 },
    ...{ copies: 3, kept: true, freeBytes: null },
  };
  expect(copiesInWords(files, 8)).toBe(
    "every file here has its 3 copies; it is safe to take this machine down",
  );
  expect(copiesInWords({ ...files, short: 3, least: 2, safe: false, damaged: 1 }, 8)).toBe(
    "3 of 12 files here have too few copies, at the least 2 of 3; do not take this machine down yet: too few copies would be left; 1 damaged copy found since the start",
  );
  expect(copiesInWords({ ...files, count: 0 }, 8)).toStartWith("nothing is kept here");
  expect(copiesInWords({ ...files, least: 1, safe: false }, 1)).toBe(
    "every file here is on this peer alone, and 3 copies are wanted; do not take this machine down yet: some copies may be nowhere else",
  );
  expect(copiesInWords({ ...files, least: 2, safe: false }, 2)).toBe(
    "every file here is on all 2 peers, and 3 copies are wanted; do not take this machine down yet: too few copies would be left",
  );
  expect(copiesInWords({ ...files, kept: false, safe: false }, 3)).toStartWith(
    "the data folder was deleted: nothing is kept here any more; do not take",
  );
});
