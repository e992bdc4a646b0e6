/** `p2p chaos --faults` from outside, with the compiled program. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { between } from "../../src/checks/history.ts";
import { controlClient } from "../../src/control/client.ts";
import { findPeers } from "../../src/control/find.ts";
import type { RunLine } from "../../src/lab/run-lines.ts";
import { inFolder } from "../support/folder.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 240_000;

function linesOf(path: string): RunLine[] {
  const rows = readFileSync(path, "utf8").trimEnd().split("\n");
  return rows.map((row) => JSON.parse(row));
}

describe("p2p chaos --faults", () => {
  test(
    "the same seed gives the same schedule, which is shown, and nothing is broken",
    () =>
      inFolder(async (dir, base) => {
        const argv = ["chaos", "--dry-run", "--seed", 42, "--faults", "all", "--peers", 12];
        const more = ["--for", "60s", "--base-port", base];
        const first = await p2p([...argv, ...more], dir);
        const again = await p2p([...argv, ...more, "--json"], dir);
        const { plan, ids } = JSON.parse(again.stdout);
        expect(ids).toHaveLength(12);
        expect(first.stdout.trimEnd().split("\n")).toHaveLength(plan.length + 1);
        const third = await p2p([...argv, ...more, "--json"], dir);
        expect(third.stdout).toBe(again.stdout);
        expect(first.stderr).toBe("chaos would be in a ring of its own\n");
      }),
    LIMIT_MS,
  );

  test(
    "faults that overlap cost nothing, and all of them are in the run's file, which is judged alike",
    () =>
      inFolder(async (dir, base) => {
        const kinds = "kill,freeze,partition,one-way,loss,delay,reset,full-disk,restart";
        const argv = ["chaos", "--seed", 3, "--for", "3s", "--every", "200ms", "--peers", 6];
        const more = ["--faults", kinds, "--files", 6, "--size", "100k", "--log", "run.jsonl"];
        const run = await p2p([...argv, ...more, "--base-port", base, "--json"], dir, LIMIT_MS);
        const document = JSON.parse(run.stdout);
        expect([run.exitCode, document.verdict, document.why]).toEqual([
          0,
          "passed",
          expect.stringContaining("nothing lost"),
        ]);
        const lines = linesOf(join(dir, "run.jsonl"));
        const faults = lines.flatMap((line) => (line.type === "fault" ? [line] : []));
        expect(faults.length).toBeGreaterThan(5);
        // Each was undone, and stands before whatever it changed.
        for (const { fault } of faults) {
          const done = lines.findIndex((line) => line.type === "fault" && line.fault.n === fault.n);
          const undone = lines.findIndex((line) => line.type === "undone" && line.n === fault.n);
          expect(undone).toBeGreaterThan(done);
        }
        const situations = lines.flatMap((line) => (line.type === "situation" ? [line] : []));
        // A cut is severed from before it is made, and nothing passes once all have it.
        const cut = faults.find(({ fault }) => fault.kind === "partition");
        const { peers = [], others = [] } = cut?.fault ?? {};
        const apart = situations.filter(({ severed, running }) => {
          const there = (ids: readonly number[]) => ids.filter((id) => running.includes(id));
          const pairs = between(there(peers), there(others)).map(String);
          return pairs.length > 0 && pairs.every((pair) => severed.map(String).includes(pair));
        });
        expect(apart.at(0)?.passing?.length).toBeGreaterThan(0);
        expect(apart.some(({ passing }) => passing === undefined)).toBe(true);
        expect(situations.at(-1)).toMatchObject({ frozen: [], severed: [] });
        expect(lines.at(-1)).toMatchObject({ type: "verdict", verdict: "passed" });
        const check = await p2p(["chaos", "check", "run.jsonl", "--json"], dir);
        expect(JSON.parse(check.stdout)).toEqual(document);
      }),
    LIMIT_MS,
  );

  test(
    "a bit that flips on a disk is handed out by nobody, and all has its copies again",
    () =>
      inFolder(async (dir, base) => {
        const argv = ["chaos", "--seed", 3, "--for", "600ms", "--peers", 5, "--base-port", base];
        const more = ["--faults", "bit-flip", "--every", "0.1", "--files", 8, "--json"];
        const run = await p2p([...argv, ...more], dir, LIMIT_MS);
        const document = JSON.parse(run.stdout);
        expect([run.exitCode, document.verdict]).toEqual([0, "passed"]);
        expect(document.faults).toHaveLength(1);
        expect(document.faults[0]).toMatchObject({ kind: "bit-flip", forMs: 500 });
        expect(document.faults[0].recopyMs).toBeGreaterThan(500);
      }),
    LIMIT_MS,
  );

  test(
    "what breaks nothing is inconclusive, and what cannot be is refused",
    () =>
      inFolder(async (dir, base) => {
        const argv = ["chaos", "--for", "1s", "--base-port", base, "--peers", 3];
        const idle = await p2p([...argv, "--faults", "kill"], dir, LIMIT_MS);
        expect(idle.exitCode).toBe(3);
        expect(idle.stdout).toContain("inconclusive: nothing was injected");
        const one = ["--faults", "lose-disk", "--copies", 1];
        const refused = await p2p([...argv, ...one], dir, LIMIT_MS);
        expect(refused.exitCode).toBe(2);
        expect(refused.stderr).toContain(
          "With one copy of each file, lose-disk would lose files for good.",
        );
      }),
    LIMIT_MS,
  );

  test(
    "after Ctrl-C amid cuts and frozen peers a ring of somebody else is whole again at once",
    () =>
      inFolder(async (dir, base) => {
        const ring = new PeerProcess({ args: ["ring", 6, "--base-port", base], cwd: dir });
        try {
          await ring.waitFor(/is steady/);
          // A seed that has all three in its first second, each for 6 s and more.
          const args = ["chaos", "--seed", 131, "--for", "60s", "--every", "100ms", "--faults"];
          const chaos = new PeerProcess({ args: [...args, "partition,freeze,kill"], cwd: dir });
          await chaos.waitFor(/^1: kill 213 for 6 s$/, LIMIT_MS);
          await chaos.waitFor(/^2: freeze 128 for 7 s$/, LIMIT_MS);
          await chaos.waitFor(/^3: partition 42 from .* for 9 s$/, LIMIT_MS);
          chaos.signal("SIGINT");
          expect((await chaos.waitForEnd()).code).toBe(130);
          // The one that was killed is on its way, which a busy machine may take longer for.
          const began = performance.now();
          const peers = await ring.wake.until("six peers", LIMIT_MS / 4, () => {
            const found = findPeers(dir);
            return found.length === 6 ? found : null;
          });
          const all = await Promise.all(peers.map((peer) => controlClient(peer.dir).status()));
          expect(all.map(({ faults }) => faults)).toEqual(all.map(() => undefined));
          let whole = false;
          while (!whole && performance.now() - began < LIMIT_MS / 4) {
            whole =
              (await p2p(["status", "--all", "--peer", peers[0]?.id ?? 0], dir)).exitCode === 0;
          }
          console.log(`whole ${Math.round(performance.now() - began)} ms after its end`);
          expect(whole).toBe(true);
        } finally {
          ring.signal("SIGTERM");
          await ring.waitForEnd();
        }
      }),
    LIMIT_MS,
  );
});
