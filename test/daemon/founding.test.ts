/** Rings that are founded and joined by hand, as a person or a service does it. */
import { describe, expect, test } from "bun:test";
import { cpSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

const LIMIT_MS = 90_000;
const HAS_IPV6 = (networkInterfaces()["lo"] ?? []).some(({ address }) => address === "::1");

/** A peer in a folder of its own, known to the ring by the number of its port. */
function start(ring: TestRing, i: number, ...args: readonly (string | number)[]): PeerProcess {
  const port = args.includes("--base-port") ? [] : ["--port", ring.ports.base + i];
  const options = { args: [...args, ...port], cwd: ring.folder(`home-${i}`) };
  const peer = new PeerProcess(options, ring.wake);
  ring.peers.set(i, peer);
  return peer;
}

function folderOf(ring: TestRing, i: number): string {
  return join(ring.cwd, `home-${i}`, ".p2p/peer");
}

/** How many members the view has that a folder keeps. */
function keptMembers(folder: string): number {
  try {
    return JSON.parse(readFileSync(join(folder, "view.json"), "utf8")).members.length;
  } catch {
    return 0;
  }
}

describe("a ring founded by hand", () => {
  test.each(["127.0.0.1", ...(HAS_IPV6 ? ["::1"] : [])])(
    "at %s prints a line that joins it",
    (host) =>
      withRing(async (ring) => {
        const founder = start(ring, 0, "init", "--host", host);
        const { text } = await founder.waitFor(/^p2p join /);
        const joiner = start(ring, 1, ...text.split(" ").slice(1));
        await joiner.waitFor("Join request has been accepted");
        await founder.waitFor(/Join request received$/);
      }),
    LIMIT_MS,
  );

  test(
    "keeps pings out of a service's log, unless they are wanted",
    () =>
      withRing(async (ring) => {
        const founder = start(ring, 0, "init");
        const { text } = await founder.waitFor(/^p2p join /);
        const joiner = start(ring, 1, ...text.split(" ").slice(1), "--verbose");
        await joiner.waitFor("Join request has been accepted");
        let pings = 0;
        const events = await controlClient(folderOf(ring, 0)).events((event) => {
          if (event.event === "line" && event.fold) pings++;
          ring.wake.ring();
        });
        await ring.wake.until("two rounds of pings", 30_000, () => (pings >= 6 ? true : null));
        events.close();
        const count = (peer: PeerProcess) =>
          peer.printed.filter((l) => l.text.startsWith("Ping ")).length;
        expect(count(founder)).toBe(0);
        await joiner.waitFor(/^Ping /);
      }),
    LIMIT_MS,
  );

  test(
    "stores what was typed, and says so where there is nothing of that name",
    () =>
      withRing(async (ring) => {
        const founder = start(ring, 0, "init");
        await founder.waitFor(/^p2p join /);
        await Bun.write(join(ring.cwd, "home-0", "notes.txt"), "some words");
        await ring.wake.until("a peer in its ring", 20_000, async () =>
          (await controlClient(folderOf(ring, 0))
            .list()
            .catch(() => null)) === null
            ? null
            : true,
        );
        founder.type("Store notes.txt");
        await founder.waitFor(/^Stored notes.txt: 1 of 3 copies/);
        for (const name of ["notes", "none.txt", "notes.txt.pdf"]) {
          founder.type(`Store ${name}`);
          const { text } = await founder.waitFor(
            /nothing was stored/,
            20_000,
            founder.printed.length,
          );
          expect(text).toStartWith(`There is no file ${name} in ${join(ring.cwd, "home-0")} `);
        }
        const { files } = await controlClient(folderOf(ring, 0)).list();
        expect(files.map(({ record }) => record.name)).toEqual(["notes.txt"]);
      }),
    LIMIT_MS,
  );

  test(
    "a copied data folder is told what to do about it",
    () =>
      withRing(async (ring) => {
        const founder = start(ring, 0, "init");
        const { text } = await founder.waitFor(/^p2p join /);
        const words = text.split(" ").slice(1);
        const joiner = start(ring, 1, ...words);
        await joiner.waitFor("Join request has been accepted");
        await ring.wake.until("both are in the view that is kept", 30_000, () =>
          keptMembers(folderOf(ring, 1)) === 2 ? true : null,
        );
        // However it is started, the one that it is a copy of lives on.
        const itself = `127.0.0.1:${ring.ports.base + 1}`;
        for (const [i, argv] of [words, ["init"], ["join", itself]].entries()) {
          cpSync(folderOf(ring, 1), folderOf(ring, 2 + i), {
            recursive: true,
            filter: (path) => !path.endsWith(".sock"),
          });
          const copy = start(ring, 2 + i, ...argv);
          expect((await copy.waitForEnd()).code).toBe(1);
          expect(copy.errors).toEqual([
            expect.stringMatching(
              /^Peer \d+, whose data folder this is or is a copy of, lives at .*--data DIR/,
            ),
          ]);
        }
        expect([founder.end, joiner.end]).toEqual([null, null]);
      }),
    LIMIT_MS,
  );
});

describe("join --wait", () => {
  test(
    "waits for the peer that is asked, and says so once",
    () =>
      withRing(async (ring) => {
        const address = `127.0.0.1:${ring.ports.base}`;
        const early = start(ring, 1, "join", address, "--wait", 60);
        await early.waitFor(`Waiting up to 60 s for the peer at ${address}.`);
        start(ring, 0, "init");
        await early.waitFor("Join request has been accepted");
        expect(early.errors).toHaveLength(1);
      }),
    LIMIT_MS,
  );

  test(
    "waits in a numbered ring, too",
    () =>
      withRing(async (ring) => {
        const early = ring.start(15, ["join", 15, 4, 1, "--wait", 60]);
        await early.waitFor(/^Waiting up to 60 s for the peer at 127\.0\.0\.1:\d+\.$/);
        ring.start(4, ["init", 4, 4, 4, 1]);
        await early.waitFor("Join request has been accepted");
        expect(early.errors).toHaveLength(1);
      }),
    LIMIT_MS,
  );

  test(
    "gives up in the end with the sentence that there is without it",
    () =>
      withRing(async (ring) => {
        const address = `127.0.0.1:${ring.ports.base}`;
        const now = start(ring, 1, "join", address);
        const later = start(ring, 2, "join", address, "--wait", 0.3);
        for (const peer of [now, later]) expect((await peer.waitForEnd()).code).toBe(1);
        expect(now.errors).toHaveLength(1);
        expect(later.errors).toEqual([
          `Waiting up to 0.3 s for the peer at ${address}.`,
          ...now.errors,
        ]);
      }),
    LIMIT_MS,
  );
});
