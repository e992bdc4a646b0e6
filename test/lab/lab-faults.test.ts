/** What a lab puts into the peers that it has started, from outside, with the compiled program. */
import { expect, test } from "bun:test";
import { controlClient } from "../../src/control/client.ts";
import { findPeers } from "../../src/control/find.ts";
import type { LabFaults } from "../../src/control/lab.ts";
import { askRing } from "../../src/lab/ring-client.ts";
import { livingRings } from "../../src/lab/ring-folder.ts";
import { inFolder } from "../support/folder.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 60_000;
const ANSWER_MS = 5_000;

const NONE: LabFaults = { v: 1, leaseMs: 1_000, links: [], reset: [], fullDisk: false };

test(
  "a peer that no lab has started refuses, and so does one for another's token",
  () =>
    inFolder(async (dir, base) => {
      const args = ["init", 2, 2, 2, 1, "--base-port", base];
      const peer = new PeerProcess({ args, cwd: dir });
      try {
        const found = await peer.wake.until(
          "its process file",
          LIMIT_MS,
          () => findPeers(dir)[0] ?? null,
        );
        const why = controlClient(found.dir)
          .inject("no token", NONE, ANSWER_MS)
          .catch((error: Error) => error.message);
        expect(await why).toBe(
          "Faults are put only into peers that a lab has started, and by that lab alone.",
        );
      } finally {
        await peer.kill();
      }
    }),
  LIMIT_MS,
);

test(
  "faults show in the status, and end with their lease; a full disk takes nothing meanwhile",
  () =>
    inFolder(async (dir, base) => {
      const ring = new PeerProcess({ args: ["ring", 4, "--base-port", base], cwd: dir });
      try {
        await ring.waitFor(/is steady/);
        const [found] = await livingRings(dir);
        const { labToken, peers } = await askRing(found?.dir ?? "").status();
        const control = controlClient(peers[0]?.dir ?? "");
        await expect(control.inject(`x${labToken.slice(1)}`, NONE, ANSWER_MS)).rejects.toThrow(
          "by that lab alone",
        );
        const links = [{ kind: "loss", from: [`127.0.0.1:${base + 64}`], amount: 0.25 }] as const;
        await control.inject(labToken, { ...NONE, links, fullDisk: true }, ANSWER_MS);
        const during = await control.status();
        expect(during.faults).toEqual({ links, fullDisk: true });
        expect(during.files.freeBytes).toBe(0);
        const shown = await p2p(["status", "--peer", 0], dir);
        const words = `a lab has put in: loss of 25% from 127.0.0.1:${base + 64} and a full disk`;
        expect(shown.stdout).toContain(words);
        const end = performance.now() + LIMIT_MS / 2;
        while ((await control.status()).faults !== undefined && performance.now() < end) {
          await Bun.sleep(50);
        }
        const after = await control.status();
        expect(after.faults).toBeUndefined();
        expect(after.files.freeBytes).toBeGreaterThan(0);
        // One that was killed is started again at once, through whom and with what was asked for.
        const asked = askRing(found?.dir ?? "");
        await asked.kill(128, "SIGKILL");
        const faults = { ...NONE, links };
        expect(await asked.start(128, { known: 64, faults })).toEqual({ through: 64 });
        expect((await controlClient(peers[2]?.dir ?? "").status()).faults?.links).toEqual(links);
        // And one that was frozen for a while goes on by itself, whoever asked for it.
        await asked.kill(192, "SIGSTOP", 50);
        expect((await controlClient(peers[3]?.dir ?? "").status([], LIMIT_MS / 2)).self.id).toBe(
          192,
        );
      } finally {
        ring.signal("SIGTERM");
        await ring.waitForEnd();
      }
    }),
  LIMIT_MS,
);
