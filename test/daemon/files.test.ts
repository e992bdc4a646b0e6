import { describe, expect, test } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../store/temporary.ts";
import { ASIDE } from "../support/program.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** Contents that go into a ring come out of it, byte for byte, whoever dies or leaves meanwhile. */

/** They wait for each other, as in deaths.test.ts. */
const LIMIT_MS = 400_000;
/** By name: the key of 4103 is peer 8's, of 2067 peer 19's, of 0255 peer 2's, of 0010 peer 14's. */
const SIZES: readonly [string, number][] = [
  ["4103", 0],
  ["2067", 1],
  ["0255", 300_000],
  ["0010", 20_000_000],
];

function fileTest(name: string, body: (ring: TestRing) => Promise<void>): void {
  test.concurrent(name, () => withRing(body, SEVEN), LIMIT_MS);
}

/** What stands in the working directory beside the ring's own folder; hidden files too. */
function listing(ring: TestRing): string[] {
  return readdirSync(ring.cwd)
    .filter((name) => name !== ".p2p")
    .sort();
}

/** Stores through a peer's terminal. @returns the content's hash */
async function typeStore(ring: TestRing, id: number, name: string, size: number): Promise<string> {
  const bytes = ring.file(name, size);
  const stored = new RegExp(`^Stored ${name}: [23] of 3 copies, .* ${size} bytes`);
  await ring.told(id, `Store ${name}`, stored);
  await ring.calm();
  return sha256(bytes);
}

describe("files", () => {
  fileTest("of any size, typed, come back as they went", async (ring) => {
    const hashes = new Map<string, string>();
    for (const [name, size] of SIZES) hashes.set(name, await typeStore(ring, 5, name, size));
    // The owner must give its stored copy, now that there is no other.
    for (const [name] of SIZES) rmSync(join(ring.cwd, `${name}.pdf`));
    for (const [name] of SIZES) {
      await ring.told(9, `Request ${name}`, `File ${name} received`);
      expect(await ring.hashOf(`received_${name}.pdf`)).toBe(hashes.get(name) ?? "");
    }
    expect(listing(ring)).toEqual(SIZES.map(([name]) => `received_${name}.pdf`).sort());
  });

  fileTest("of any size, by command, come back as they went", async (ring) => {
    for (const [name, size] of SIZES) {
      const hash = sha256(ring.file(name, size));
      const stored = await ring.run("store", `${name}.pdf`, "--peer", 14, "--json");
      expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
      expect(JSON.parse(stored.stdout)).toMatchObject({
        ...{ v: 1, kind: "stored", name, wanted: 3 },
        record: { size, sha256: hash },
      });
      const got = await ring.run("request", name, "--peer", 4, "--json");
      expect([got.stderr, got.exitCode]).toEqual(["", 0]);
      expect(JSON.parse(got.stdout)).toMatchObject({ v: 1, name, size, sha256: hash });
      expect(await ring.hashOf(`received_${name}.pdf`)).toBe(hash);
    }
    const { stdout } = await ring.run("ls", "--peer", 9, "--json");
    const { files, silent } = JSON.parse(stdout) as { files: { name: string }[]; silent: number };
    expect(files.map(({ name }) => name).sort()).toEqual(SIZES.map(([name]) => name).sort());
    expect(silent).toBe(0);
  });

  fileTest("that nobody holds: told in a sentence, and nothing is left behind", async (ring) => {
    const missing = "No peer holds file 4103 (its owner is Peer 8): store it first.";
    await ring.told(14, "Request 4103", missing);
    const { stdout, stderr, exitCode } = await ring.run("request", "4103", "--peer", 9);
    expect([stdout, exitCode]).toEqual(["", 1]);
    expect(stderr).toMatch(/^No peer holds 4103 [^\n]+\n$/);
    expect(listing(ring)).toEqual([]);
  });

  fileTest(
    "with impossible names are refused in a sentence each, and nothing is sent",
    async (ring) => {
      const peer = ring.peer(2);
      const long = `Store ${"9".repeat(5_000)}`;
      const typed = [
        ...[
          "Store a912",
          "Store 32134",
          "Request ../../etc/passwd",
          "Store",
          "Request 20 67",
          long,
        ],
        ...["x".repeat(5_000), "hello", "Quit now", "\u001b[31m2067", "Request 206\u0000"],
      ];
      for (const line of ["", "   ", "\t", ...typed]) peer.type(line);
      peer.type("Store 1111");
      await peer.waitFor(/^File 1111 was placed, but no content was stored/);
      expect(peer.errors).toHaveLength(typed.length + 2);
      for (const sentence of peer.errors) expect(sentence).toMatch(/^[\x20-\x7e…]{1,160}$/);
      expect(peer.errors.at(-2)).toStartWith("route 2");
      const said = [...ring.peers.values()].flatMap(({ lines }) => lines);
      expect(said.filter((line) => !line.includes("Store 1111 request"))).toEqual([]);
      for (const name of ["a912", "../../etc/passwd"]) {
        const ended = await ring.run("request", name, "--peer", 2);
        expect([ended.stdout, ended.exitCode]).toEqual(["", 1]);
        expect(ended.stderr).toMatch(/^[^\n]+\n$/);
      }
      await ring.calm();
    },
  );

  fileTest("case does not matter, nor do blanks or a carriage return", async (ring) => {
    const hash = sha256(ring.file("2067", 1_000));
    ring.peer(8).type("  sToRe   2067  \r");
    await ring.peer(8).waitFor(/^Stored 2067/);
    ring.peer(8).type("REQUEST 2067\r");
    await ring.peer(8).waitFor("File 2067 received");
    expect(await ring.hashOf("received_2067.pdf")).toBe(hash);
  });

  fileTest("that stand in the way are not overwritten without --force", async (ring) => {
    const hash = await typeStore(ring, 8, "2067", 5_000);
    const mine = "mine";
    writeFileSync(join(ring.cwd, "mine.pdf"), mine);
    writeFileSync(join(ring.cwd, "received_2067.pdf"), "from an earlier request");
    const plain = ["request", "2067", "--peer", 4];
    const refused = await ring.run(...plain, "-o", "mine.pdf");
    expect([refused.stdout, refused.exitCode]).toEqual(["", 1]);
    expect(refused.stderr).toMatch(/^mine\.pdf exists already[^\n]+\n$/);
    expect(await ring.hashOf("mine.pdf")).toBe(sha256(Buffer.from(mine)));
    expect((await ring.run(...plain, "-o", "mine.pdf", "--force")).exitCode).toBe(0);
    expect(await ring.hashOf("mine.pdf")).toBe(hash);
    expect((await ring.run(...plain)).exitCode).toBe(0);
    expect(await ring.hashOf("received_2067.pdf")).toBe(hash);
  });

  fileTest("a second store of a name is the one that is read", async (ring) => {
    await typeStore(ring, 8, "2067", 5_000);
    const newer = await typeStore(ring, 14, "2067", 70_000);
    rmSync(join(ring.cwd, "2067.pdf"));
    for (const id of SEVEN) {
      const ended = await ring.run("request", "2067", "--peer", id, "-o", `${id}.pdf`);
      expect([ended.stderr, ended.exitCode]).toEqual(["", 0]);
      expect(await ring.hashOf(`${id}.pdf`)).toBe(newer);
    }
  });

  fileTest("outlive their owner, and whoever owns them then", async (ring) => {
    const hash = await typeStore(ring, 8, "2067", 300_000);
    rmSync(join(ring.cwd, "2067.pdf"));
    for (const owner of [19, 2]) {
      await ring.kill(owner);
      // At once, before copies have been repaired.
      ring.peer(9).type("Request 2067");
      await ring.peer(9).waitFor("File 2067 received", 30_000, ring.peer(9).printed.length);
      expect(await ring.hashOf("received_2067.pdf")).toBe(hash);
      rmSync(join(ring.cwd, "received_2067.pdf"));
      await ring.calm();
    }
  });

  fileTest("are handed on by whoever leaves, with exit 0", async (ring) => {
    const hash = await typeStore(ring, 8, "2067", 300_000);
    rmSync(join(ring.cwd, "2067.pdf"));
    for (const owner of [19, 2, 4, 5, 9]) {
      ring.peer(owner).type("Quit");
      expect(await ring.peer(owner).waitForEnd()).toEqual({ code: 0, signal: null });
    }
    await ring.calm();
    ring.peer(8).type("Request 2067");
    await ring.peer(8).waitFor("File 2067 received");
    expect(await ring.hashOf("received_2067.pdf")).toBe(hash);
  });
});
