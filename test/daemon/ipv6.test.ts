/** A ring by IPv6, closed and open, on this machine's own ::1. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { Apart } from "../support/apart.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 60_000;
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);
if (!HAS_IPV6) console.warn("This machine has no ::1: rings by IPv6 are not tried here.");

describe.skipIf(!HAS_IPV6)("by IPv6", () => {
  test.concurrent.each(["a user's key", "nothing"])(
    "a ring closed by %s",
    async (what) => {
      const more = what === "nothing" ? ["--insecure"] : [];
      const ring = await Apart.make();
      try {
        const first = ring.start(0, "init", "--host", "0:0:0:0:0:0:0:1", ...more);
        await first.waitFor(/^p2p join \[::1\]:\d+$/);
        const at = `[::1]:${ring.port(0)}`;
        const second = ring.start(1, "join", at, "--advertise", "[::1]", ...more);
        await second.waitFor(/has been accepted$/);
        await ring.whole(0, 1);
        await carriesFiles(ring);
      } finally {
        await ring.close();
      }
    },
    LIMIT_MS,
  );

  test.concurrent(
    "a ring with a key of its own, and an invite",
    async () => {
      const ring = await Apart.make();
      try {
        const key = join(ring.home(0), "ring.key");
        expect((await p2p(["key", "new", key], ring.home(0))).exitCode).toBe(0);
        const first = ring.start(0, "init", "--host", "::1", "--key-file", key);
        await first.waitFor(/^p2p join /);
        await ring.shown(0);
        const invited = await p2p(["invite"], ring.home(0));
        const word = /p2p1-[\w-]+/.exec(invited.stdout)?.[0] ?? "";
        const second = ring.start(1, "join", word);
        await second.waitFor(/has been accepted$/);
        await ring.whole(0, 1);
        await carriesFiles(ring);
      } finally {
        await ring.close();
      }
    },
    LIMIT_MS,
  );
});

async function carriesFiles(ring: Apart): Promise<void> {
  writeFileSync(join(ring.home(0), "4001"), "x".repeat(100_000));
  expect((await p2p(["store", "4001"], ring.home(0))).exitCode).toBe(0);
  expect((await p2p(["request", "4001"], ring.home(1))).exitCode).toBe(0);
  for (const i of [0, 1]) {
    const { members } = await ring.control(i).status();
    expect(members.map(({ host }) => host)).toEqual(["::1", "::1"]);
  }
}
