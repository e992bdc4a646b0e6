import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { doorClient } from "../../src/door/client.ts";
import { sha256, someBytes } from "../store/temporary.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { BUILT, p2p } from "../support/program.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

const LIMIT_MS = 120_000;

describe.skipIf(!BUILT)("a peer started by hand", () => {
  test.concurrent("lives on when its standard input is closed, or is /dev/null", () =>
    withRing(async (ring) => {
      ring.start(10, ["init", 10, 20, 30, 1], "ignore");
      ring.start(20, ["init", 20, 30, 10, 1]).closeStdin();
      ring.start(30, ["init", 30, 10, 20, 1]);
      await ring.calm();
      ring.peer(30).closeStdin();
      // A round of pings later it is still there, and serves.
      await ring.peer(30).waitFor(/^Ping requests sent/, 30_000, ring.peer(30).printed.length);
      await ring.door(10).type("Store 0015");
      await ring.peer(10).waitFor(/^File 0015 was placed/);
      await ring.calm();
      expect(ring.living).toEqual([10, 20, 30]);
    }), LIMIT_MS);

  test.concurrent("leaves gracefully at SIGTERM, with exit 0", () =>
    withRing(async (ring) => {
      ring.peer(9).signal("SIGTERM");
      expect(await ring.peer(9).waitForEnd()).toEqual({ code: 0, signal: null });
      const said = [5, 8].map((id) => ring.peer(id).waitFor("Peer 9 will depart from the network"));
      await Promise.all(said);
      await ring.calm();
      expect(ring.living).toEqual(SEVEN.filter((id) => id !== 9));
    }, SEVEN), LIMIT_MS);

  test.concurrent("departs without a word at SIGINT", () =>
    withRing(async (ring) => {
      ring.peer(9).signal("SIGINT");
      await ring.peer(9).waitForEnd();
      await Promise.all([5, 8].map((id) => ring.peer(id).waitFor("Peer 9 is no longer alive")));
      await ring.calm();
    }, SEVEN), LIMIT_MS);

  test.concurrent("all leave in one instant, each with exit 0", () =>
    withRing(async (ring) => {
      ring.file("2067", 100_000);
      ring.peer(8).type("Store 2067");
      await ring.peer(8).waitFor(/^Stored 2067/);
      for (const id of SEVEN) ring.peer(id).signal("SIGTERM");
      const ends = await Promise.all(SEVEN.map((id) => ring.peer(id).waitForEnd()));
      expect(ends).toEqual(SEVEN.map(() => ({ code: 0, signal: null })));
    }, SEVEN), LIMIT_MS);

  test.concurrent("has left its ring: the same line again is a new start", () =>
    withRing(async (ring) => {
      ring.peer(9).type("quit");
      await ring.peer(9).waitForEnd();
      await ring.calm();
      ring.restart(9);
      await ring.calm();
      expect(ring.living).toEqual(SEVEN);
      await ring.checks();
    }, SEVEN), LIMIT_MS);
});

describe.skipIf(!BUILT)("a ring with drawn ids", () => {
  /** Five peers in folders of their own: one founds the ring, four join through what it prints. */
  async function founded(ring: TestRing): Promise<string[]> {
    const { base } = ring.ports;
    const homes = [0, 1, 2, 3, 4].map((i) => ring.folder(`home-${i}`));
    const start = (i: number, args: readonly string[]) => {
      const options = { args: [...args, "--port", base + i], cwd: homes[i] ?? ring.cwd };
      const peer = new PeerProcess(options, ring.wake);
      ring.peers.set(i, peer);
      return peer;
    };
    const first = start(0, ["init"]);
    const { text } = await first.waitFor(/^p2p join /);
    expect(text).toBe(`p2p join 127.0.0.1:${base}`);
    for (const i of [1, 2, 3, 4]) start(i, text.split(" ").slice(1));
    await ring.wake.until("calm of five", 60_000, async () => {
      const statuses = await Promise.all(homes.map((home) => p2p(["status", "--json"], home)));
      const views = statuses.map(({ stdout, exitCode }) =>
        exitCode === 0 ? (JSON.parse(stdout).members as unknown[]).length : 0,
      );
      return views.every((members) => members === 5) ? true : null;
    });
    return homes;
  }

  test.concurrent("by p2p init and p2p join HOST:PORT is whole, and keeps files of any name", () =>
    withRing(async (ring) => {
      const homes = await founded(ring);
      const all = join(ring.cwd, "all");
      mkdirSync(join(all, ".p2p"), { recursive: true });
      for (const [i, home] of homes.entries()) {
        Bun.spawnSync(["ln", "-s", join(home, ".p2p/peer"), join(all, ".p2p", `${i}`)]);
      }
      const bytes = someBytes(250_000, 3);
      const names = ["a film.mkv", "Ünï-文件 (1).txt", "'; rm -rf $HOME", "2067", "--help"];
      for (const [i, name] of names.entries()) {
        const [home = "", other = ""] = [homes[i], homes[(i + 2) % 5]];
        writeFileSync(join(home, name), bytes);
        const stored = await p2p(["store", "--json", "--", name], home);
        expect([stored.stderr, stored.exitCode]).toEqual(["", 0]);
        expect(JSON.parse(stored.stdout)).toMatchObject({ kind: "stored", name, wanted: 3 });
        const got = await p2p(["request", "--", name], other);
        expect([got.stderr, got.exitCode]).toEqual(["", 0]);
        const landed = join(other, name === "2067" ? "received_2067.pdf" : name);
        expect(sha256(await Bun.file(landed).bytes())).toBe(sha256(bytes));
        const again = await p2p(["request", "--", name], home);
        expect(again.exitCode).toBe(name === "2067" ? 0 : 1);
      }
      const { files } = await doorClient(join(homes[4] ?? "", ".p2p/peer")).list();
      expect(files.map(({ record }) => record.name).sort()).toEqual([...names].sort());
    }), LIMIT_MS);

  test.concurrent("is whole by its own word, and again when three of five have died", () =>
    withRing(async (ring) => {
      const homes = await founded(ring);
      const whole = async (count: number) => {
        await ring.wake.until(`a ring of ${count}`, 60_000, async () => {
          const home = join(homes[0] ?? "", "..");
          const ended = await p2p(["status", "--all", "--json", "--data", home], home);
          return ended.exitCode === 0 ? true : null;
        });
      };
      await whole(5);
    }), LIMIT_MS);
});
