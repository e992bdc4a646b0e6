/** Peers that others call at another address than the one at which they listen. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Apart } from "../support/apart.ts";
import { forward } from "../support/forward.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 60_000;
/** Another address of this machine: what comes from it does not come from where its peer is called. */
const BEHIND = "127.0.0.2";

describe("a peer behind a port forward", () => {
  test.concurrent.each([
    ["127.0.0.1", []],
    ["127.0.0.1", ["--insecure"]],
    ["localhost", []],
    ["localhost", ["--insecure"]],
  ])(
    "is known by the address that it advertises: %s %j",
    async (name, more) => {
      const ring = await Apart.make();
      const outside = ring.port(100);
      const called = `${name}:${outside}`;
      const way = await forward("127.0.0.1", outside, BEHIND, ring.port(1));
      try {
        const first = ring.start(0, "init", ...more);
        await first.waitFor(/^p2p join /);
        const advertised = ["--host", BEHIND, "--advertise", called];
        const second = ring.start(1, "join", `127.0.0.1:${ring.port(0)}`, ...more, ...advertised);
        await second.waitFor(/has been accepted$/);
        const third = ring.start(2, "join", called, ...more);
        await third.waitFor(/has been accepted$/);
        await ring.whole(0, 1, 2);
        for (const i of [0, 1, 2]) {
          const { members } = await ring.control(i).status();
          const ports = members.map(({ host, port }) => `${host}:${port}`).sort();
          const all = [`127.0.0.1:${ring.port(0)}`, `127.0.0.1:${ring.port(2)}`, called];
          expect(ports).toEqual(all.sort());
        }
        writeFileSync(join(ring.home(0), "4001"), "x".repeat(100_000));
        expect((await p2p(["store", "4001"], ring.home(0))).exitCode).toBe(0);
        expect((await p2p(["request", "4001"], ring.home(1))).exitCode).toBe(0);
        expect(
          [0, 1, 2].flatMap((i) => ring.peer(i).errors.filter((e) => !/open|first/.test(e))),
        ).toEqual([]);
      } finally {
        await ring.close();
        way.close();
      }
    },
    LIMIT_MS,
  );
});
