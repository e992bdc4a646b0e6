import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import { sha256, someBytes } from "../store/temporary.ts";
import { unrest } from "../support/calm.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { ASIDE, p2p } from "../support/program.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

/** Rings with drawn ids: founded by `p2p init`, joined by the line that it prints. */

const LIMIT_MS = 120_000;

class Homes {
  readonly homes: readonly string[];

  constructor(readonly ring: TestRing) {
    // Folders of their own, as on machines of their own.
    this.homes = [0, 1, 2, 3, 4].map((i) => ring.folder(`home-${i}`));
  }

  home(i: number): string {
    return this.homes[i % this.homes.length] ?? this.ring.cwd;
  }

  folder(i: number): string {
    return join(this.home(i), ".p2p/peer");
  }

  start(i: number, args: readonly string[]): PeerProcess {
    const port = this.ring.ports.base + i;
    const peer = new PeerProcess(
      { args: [...args, "--port", port], cwd: this.home(i) },
      this.ring.wake,
    );
    this.ring.peers.set(i, peer);
    return peer;
  }

  /** Joins; again, as it says, where on a busy machine no answer came in time. */
  async join(i: number, args: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const peer = this.start(i, args);
      const line = await peer.waitFor(/has been accepted$|o answer/);
      if (!line.error) return;
      if (attempt === 3) throw new Error(line.text);
      await peer.waitForEnd();
    }
  }

  async whole(...peers: readonly number[]): Promise<void> {
    let why = "";
    const look = async () => {
      why = await unrest(peers.map((i) => this.folder(i)));
      return why === "" ? true : null;
    };
    await this.ring.wake.until(`a whole ring of ${peers.length}`, 60_000, look, () => why);
  }
}

function drawnTest(name: string, body: (homes: Homes) => Promise<void>): void {
  const run = async (ring: TestRing) => {
    const homes = new Homes(ring);
    const first = homes.start(0, ["init"]);
    const { text } = await first.waitFor(/^p2p join /);
    expect(text).toBe(`p2p join 127.0.0.1:${ring.ports.base}`);
    for (const i of [1, 2, 3, 4]) {
      await homes.join(i, text.split(" ").slice(1));
    }
    await homes.whole(0, 1, 2, 3, 4);
    await body(homes);
  };
  test.concurrent(name, () => withRing(run), LIMIT_MS);
}

describe("five peers by p2p init and p2p join HOST:PORT", () => {
  drawnTest("are a ring, and keep files of any name", async (homes) => {
    const bytes = someBytes(250_000, 3);
    const names = ["a film.mkv", "Ünï-文件 (1).txt", "'; rm -rf $HOME", "2067", "--help"];
    for (const [i, name] of names.entries()) {
      const [origin, other] = [homes.home(i), homes.home(i + 2)];
      writeFileSync(join(origin, name), bytes);
      const stored = await p2p(["store", "--json", "--", name], origin);
      expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
      expect(JSON.parse(stored.stdout)).toMatchObject({ kind: "stored", name, wanted: 3 });
      const got = await p2p(["request", "--", name], other);
      expect([got.stderr, got.exitCode]).toEqual(["", 0]);
      const landed = join(other, name === "2067" ? "received_2067.pdf" : name);
      expect(sha256(await Bun.file(landed).bytes())).toBe(sha256(bytes));
      // Where the file came from it stays as it is.
      expect((await p2p(["request", "--", name], origin)).exitCode).toBe(name === "2067" ? 0 : 1);
    }
    const { files } = await controlClient(homes.folder(4)).list();
    expect(files.map(({ record }) => record.name).sort()).toEqual([...names].sort());
  });

  drawnTest("take what is typed at them", async (homes) => {
    const bytes = someBytes(40_000, 4);
    writeFileSync(join(homes.home(1), "notes.txt"), bytes);
    homes.ring.peer(1).type("store notes.txt");
    await homes.ring.peer(1).waitFor(/^Stored notes.txt: [23] of 3 copies/);
    // By its path it is stored under its own name.
    const path = relative(homes.home(2), join(homes.home(1), "notes.txt"));
    homes.ring.peer(2).type(`store ${path}`);
    await homes.ring.peer(2).waitFor(/^Stored notes.txt: [23] of 3 copies/);
    homes.ring.peer(3).type("request notes.txt");
    await homes.ring.peer(3).waitFor("File notes.txt received");
    expect(await Bun.file(join(homes.home(3), "notes.txt")).bytes()).toEqual(
      Uint8Array.from(bytes),
    );
    const from = homes.ring.peer(3).printed.length;
    homes.ring.peer(3).type("request ../notes.txt");
    await homes.ring.peer(3).waitFor(/^No peer holds/, 20_000, from);
    // What was typed before Quit has its outcome first.
    writeFileSync(join(homes.home(4), "last"), someBytes(20_000_000, 6));
    homes.ring.peer(4).type("store last");
    homes.ring.peer(4).type("quit");
    await homes.ring.peer(4).waitFor(/^Stored last: [23] of 3 copies/);
    expect((await homes.ring.peer(4).waitForEnd()).code).toBe(0);
  });

  drawnTest("come together again after three have died, and all", async (homes) => {
    const { ring } = homes;
    writeFileSync(join(homes.home(1), "kept"), someBytes(10_000, 5));
    expect((await p2p(["store", "kept"], homes.home(1))).exitCode).toBe(0);
    await ring.kill(0, 1, 3);
    await homes.whole(2, 4);
    const address = `127.0.0.1:${ring.ports.base}`;
    // What is typed before it is back in its ring is done once it is.
    homes.start(0, ["init"]).type("request kept");
    await homes.ring.peer(0).waitFor("File kept received");
    homes.start(1, ["join", address]);
    homes.start(3, ["join", `127.0.0.1:${ring.ports.base + 4}`]);
    await homes.whole(0, 1, 2, 3, 4);
    await ring.kill(0, 1, 2, 3, 4);
    for (const i of [4, 3, 2, 1]) homes.start(i, ["join", address]);
    homes.start(0, ["init"]);
    await homes.whole(0, 1, 2, 3, 4);
    const got = await p2p(["request", "kept"], homes.home(2));
    expect([got.stderr, got.exitCode]).toEqual(["", 0]);
  });

  drawnTest(
    "take their founder back that left in good order, by its own command",
    async (homes) => {
      const { ring } = homes;
      const bytes = someBytes(10_000, 7);
      writeFileSync(join(homes.home(1), "kept"), bytes);
      expect((await p2p(["store", "kept"], homes.home(1))).exitCode).toBe(0);
      ring.peer(0).signal("SIGTERM");
      expect(await ring.peer(0).waitForEnd()).toMatchObject({ code: 0 });
      await homes.whole(1, 2, 3, 4);
      const founder = homes.start(0, ["init"]);
      await founder.waitFor("This peer is back in its ring, with 4 members.");
      expect(founder.errors).toEqual(["This peer is back in its ring, with 4 members."]);
      const got = await p2p(["request", "kept"], homes.home(0));
      expect([got.stderr, got.exitCode]).toEqual(["", 0]);
      expect(await Bun.file(join(homes.home(0), "kept")).bytes()).toEqual(Uint8Array.from(bytes));
      await homes.whole(0, 1, 2, 3, 4);
    },
  );

  drawnTest(
    "come together again though the one that all joined through is gone for good",
    async (homes) => {
      const { ring } = homes;
      writeFileSync(join(homes.home(1), "kept"), someBytes(10_000, 6));
      expect((await p2p(["store", "kept"], homes.home(1))).exitCode).toBe(0);
      await ring.kill(0, 1, 2, 3, 4);
      for (const i of [1, 2, 3, 4]) homes.start(i, ["join", `127.0.0.1:${ring.ports.base}`]);
      await homes.whole(1, 2, 3, 4);
      const got = await p2p(["request", "kept"], homes.home(2));
      expect([got.stderr, got.exitCode]).toEqual(["", 0]);
    },
  );
});
