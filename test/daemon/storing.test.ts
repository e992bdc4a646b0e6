/** Names at a real ring's control sockets: what one of them takes, all its peers bear, now and at every start. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf } from "../../src/daemon/storing.ts";
import { openFolder } from "../../src/store/folder.ts";
import { recordOf } from "../store/records.ts";
import { Apart } from "../support/apart.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 120_000;
const NFC = "caf\u00e9.txt";
const NFD = "cafe\u0301.txt";
const BAD = ["a\u0080b", "\u009b2Jx", "tab\tbed", "\u007f"];

function ringTest(name: string, body: (ring: Apart) => Promise<void>): void {
  const run = async () => {
    const ring = await Apart.make();
    try {
      await body(ring);
    } finally {
      await ring.close();
    }
  };
  // One after the other: of many processes begun at once some output was never read.
  test(name, run, LIMIT_MS);
}

/** Puts a file into a folder as an earlier version did, which had no such rule. */
async function leave(dir: string, name: string, text: string): Promise<void> {
  const folder = await openFolder(dir);
  const bytes = Buffer.from(text);
  const version = { counter: 1, owner: folder.identity?.id ?? 0, instance: 7 };
  const operation = { origin: "0000000700000000", number: 1 };
  const record = { ...recordOf(name, bytes, version), operation, key: keyOf(name, 48) };
  expect(await folder.files.keep(record, bytes)).toBe(true);
  await folder.close();
}

async function namesOf(ring: Apart, i: number): Promise<string[]> {
  const { files } = await ring.control(i).list();
  return files.map(({ record }) => record.name).sort();
}

describe("in a ring with drawn ids", () => {
  ringTest(
    "a name with controls is refused at each control socket, and troubles no one",
    async (ring) => {
      const alone = await ring.found();
      writeFileSync(join(ring.home(0), "file"), "content");
      for (const name of BAD) {
        const ended = await p2p(["store", "file", "--name", name], ring.home(0));
        expect([ended.stdout, ended.exitCode]).toEqual(["", 1]);
        expect(ended.stderr).toMatch(/^The name "[ -~]+" has control characters: [^\n]+\.\n$/);
        const byHand = ring.control(0).store(name, new Blob(["x"]).stream());
        await expect(byHand).rejects.toThrow("has control characters");
        const from = alone.printed.length;
        alone.type(`Store ${name}`);
        await alone.waitFor(/^The name "[ -~]+" has control characters/, 20_000, from);
      }
      const conflict = "file.conflict-0123456789abcdef-7";
      const ended = await p2p(["store", "file", "--name", conflict], ring.home(0));
      expect([ended.stdout, ended.exitCode]).toEqual(["", 1]);
      expect(ended.stderr).toContain("that of a conflict copy");
      await ring.join(1);
      await ring.whole(0, 1);
      expect(await namesOf(ring, 1)).toEqual([]);
    },
  );

  ringTest("one that an earlier version took is set aside at each start", async (ring) => {
    await (await ring.found()).kill();
    for (const name of BAD) await leave(ring.folder(0), name, name);
    await leave(ring.folder(0), "good", "good");
    for (let start = 0; start < 2; start++) {
      const peer = await ring.found();
      const told = peer.errors.filter((text) => text.includes("set aside"));
      expect(told).toEqual([expect.stringMatching(/ holds 4 files that no peer could take, /)]);
      await ring.join(1);
      await ring.whole(0, 1);
      expect(await namesOf(ring, 0)).toEqual(["good"]);
      // The founder comes back as it is; the other one anew.
      await Promise.all([peer.kill(), ring.peer(1).kill()]);
    }
  });

  ringTest("names that look the same are one", async (ring) => {
    await ring.begin(2);
    for (const [i, name] of [NFD, NFC].entries()) {
      writeFileSync(join(ring.home(i), name), `content ${i}`);
      const stored = await p2p(["store", name, "--json"], ring.home(i));
      const fewer = `stored ${NFC}: 2 of 3 copies; the ring has 2 peers\n`;
      expect([stored.stderr, stored.exitCode]).toEqual([fewer, 0]);
      expect(JSON.parse(stored.stdout)).toMatchObject({ name: NFC });
    }
    expect(await namesOf(ring, 0)).toEqual([NFC]);
    for (const name of [NFC, NFD]) {
      const got = await p2p(["request", name, "-o", "-"], ring.home(0));
      expect(got.stdout).toBe("content 1");
      expect((await p2p(["where", name], ring.home(1))).exitCode).toBe(0);
    }
    // A person's own file may be in the other form than it is typed.
    ring.peer(0).type(`Store ${NFC}`);
    await ring.peer(0).waitFor(new RegExp(`^Stored ${NFC}: 2 of 3 copies`));
    const got = await p2p(["request", NFC, "-o", "-"], ring.home(1));
    expect(got.stdout).toBe("content 0");
    expect((await p2p(["rm", NFD], ring.home(1))).exitCode).toBe(0);
    expect(await namesOf(ring, 0)).toEqual([]);
  });

  ringTest("one that an earlier version stored as it came is found, and removed", async (ring) => {
    await (await ring.found()).kill();
    await leave(ring.folder(0), NFD, "as it came");
    const peer = await ring.found();
    await ring.join(1);
    await ring.whole(0, 1);
    for (const name of [NFC, NFD]) {
      for (const i of [0, 1]) {
        const got = await p2p(["request", name, "-o", "-"], ring.home(i));
        expect([got.stdout, got.exitCode]).toEqual(["as it came", 0]);
      }
    }
    peer.type(`Where ${NFC}`);
    await peer.waitFor(new RegExp(`^File ${NFC} is on Peers`));
    const removed = await p2p(["rm", NFC], ring.home(1));
    const fewer = `removed ${NFC}: 2 of 3 peers; the ring has 2 peers\n`;
    expect([removed.stderr, removed.exitCode]).toEqual([fewer, 0]);
    expect(await namesOf(ring, 0)).toEqual([]);
    expect((await p2p(["request", NFD, "-o", "-"], ring.home(0))).exitCode).toBe(1);
  });
});
