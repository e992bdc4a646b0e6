/** `p2p status --all` of a ring that lies in several folders, as on several machines. */
import { describe, expect, test } from "bun:test";
import type { Checks } from "../../src/control/types.ts";
import { Apart } from "../support/apart.ts";
import { type Ended, p2p } from "../support/program.ts";
import { withRing } from "../support/test-ring.ts";

const LIMIT_MS = 120_000;
const CHECKS = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"];

function checksOf(ended: Ended): Checks {
  return JSON.parse(ended.stdout) as Checks;
}

function broken({ checks }: Checks): string[] {
  return CHECKS.filter((name) => checks[name]?.ok !== true);
}

describe("status --all", () => {
  test.concurrent(
    "asks all members, wherever their folders are, and names those that are silent",
    async () => {
      const ring = await Apart.make();
      try {
        await ring.begin(4);
        await ring.whole(0, 1, 2, 3);
        const statuses = await Promise.all([0, 1, 2, 3].map((i) => ring.control(i).status()));
        const ids = statuses.map(({ self }) => self.id);
        for (const i of [0, 3]) {
          const ended = await p2p(["status", "--all", "--json", "--lookup", "7"], ring.home(i));
          expect([ended.stderr, ended.exitCode]).toEqual(["", 0]);
          const said = checksOf(ended);
          expect(said.v).toBe(2);
          expect(said.peers.map(({ self }) => self.id)).toEqual([...ids].sort((a, b) => a - b));
          expect(broken(said)).toEqual([]);
          expect(said.silent).toEqual([]);
          for (const { lookups } of said.peers) expect(lookups.map(({ key }) => key)).toEqual([7]);
        }
        const words = await p2p(["status", "--all", "--lookup", "7"], ring.home(2));
        expect(words.stdout).toMatch(/\n {2}key 7: peer \d+ owns it, by 4 peers\n/);
        expect(words.stdout).toContain("4 of 4 members answered\n");
        expect(words.stdout).toContain("R1, R2, R3, R4, R5, R6, R7 and R8 hold");
        ring.peer(1).signal("SIGSTOP");
        const ended = await p2p(["status", "--all", "--json"], ring.home(2));
        ring.peer(1).signal("SIGCONT");
        expect(ended.exitCode).toBe(1);
        expect(ended.stderr).toBe(`3 of 4 members answered; no answer from ${ids[1]}\n`);
        expect(checksOf(ended).silent).toMatchObject([{ id: ids[1] }]);
        expect(checksOf(ended).peers.length).toBe(3);
        // These cannot be told without it.
        expect(broken(checksOf(ended))).toEqual(["R4", "R5", "R8"]);
        expect(Object.values(checksOf(ended).checks).every((check) => check.ok)).toBe(true);
      } finally {
        await ring.close();
      }
    },
    LIMIT_MS,
  );

  test.concurrent(
    "in a numbered ring over two folders is right from both",
    () =>
      withRing(
        async (ring) => {
          const other = ring.folder("elsewhere");
          for (const id of [15, 16]) {
            const data = `${other}/.p2p/${ring.ports.base}-${id}`;
            const peer = ring.start(id, ["join", id, 4, 1, ...ring.basePort, "--data", data]);
            await peer.waitFor("Join request has been accepted");
          }
          const all = [4, 9, 14, 15, 16];
          const right = async (cwd: string) => {
            const ended = await p2p(["status", "--all", "--json"], cwd);
            const ids = checksOf(ended).peers.map(({ self }) => self.id);
            return ended.exitCode === 0 && ended.stderr === "" && `${ids}` === `${all}`
              ? true
              : null;
          };
          // The word of the joins is still on its way.
          await ring.wake.until("all of it, from here", 20_000, () => right(ring.cwd));
          await ring.wake.until("all of it, from there", 20_000, () => right(other));
        },
        [4, 9, 14],
      ),
    LIMIT_MS,
  );

  test.concurrent(
    "sees that two rings in one folder are not one",
    () =>
      withRing(async (ring) => {
        for (const id of [4, 9]) ring.start(id, ["init", id, id, id, 1]);
        const ready = async () => {
          const ended = await p2p(["status", "--all", "--json"], ring.cwd);
          return checksOf(ended).peers.length === 2 ? ended : null;
        };
        const ended = await ring.wake.until("both", 20_000, () => ready().catch(() => null));
        expect(ended.exitCode).toBe(1);
        expect(broken(checksOf(ended))).toContain("R4");
        expect(broken(checksOf(ended))).toContain("R6");
      }),
    LIMIT_MS,
  );
});
