/** Peers that share processes: a ring as any other, whose kills are emulated and told so. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wavesOf } from "../../src/lab/founding.ts";
import { usualPerProcess } from "../../src/lab/ring.ts";
import { claimPorts } from "../support/ports.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 180_000;

test("in each wave as many join as are there, each through the one before it", () => {
  for (const size of [1, 64, 65, 100, 255, 256]) {
    const ids = Array.from({ length: size }, (_, place) => Math.floor((256 * place) / size));
    const { founders, waves } = wavesOf(ids);
    const there = new Set(founders);
    expect(founders.length).toBeLessThanOrEqual(64);
    for (const wave of waves) {
      const before = [...there].sort((a, b) => a - b);
      for (const [id, through] of wave) {
        expect(before.findLast((other) => other < id)).toBe(through);
        there.add(id);
      }
      // No two into one gap.
      expect(new Set(wave.map(([, through]) => through)).size).toBe(wave.length);
    }
    expect([...there].sort((a, b) => a - b)).toEqual(ids);
  }
  expect(usualPerProcess(64)).toBe(1);
  expect(usualPerProcess(256)).toBeGreaterThan(1);
});

test(
  "a kill of one closes its sockets at once and leaves the others of its process alone",
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), "p2p-shared-"));
    const ports = await claimPorts();
    const run = (...words: readonly (string | number)[]) =>
      p2p(["ring", ...words], cwd, LIMIT_MS, { XDG_STATE_HOME: join(cwd, "state") });
    const json = async (...words: readonly (string | number)[]) =>
      JSON.parse((await run(...words, "--json")).stdout);
    try {
      const up = await json("up", 12, "-d", "--per-process", 6, "--base-port", ports.base);
      const pids = new Set(up.peers.map(({ pid }: { pid: number }) => pid));
      expect(pids.size).toBe(2);
      const ids: number[] = up.peers.map(({ id }: { id: number }) => id);
      const [first = 0, victim = 0, second = 0] = ids;
      const kill = await run("kill", `${victim},${second}`);
      expect(kill.stdout).toBe(
        `peer ${victim} is killed (emulated: others share its process)\n` +
          `peer ${second} is killed (emulated: others share its process)\n`,
      );
      expect(await json("check")).toMatchObject({ holds: true });
      const frozen = await run("freeze", first);
      expect(frozen.exitCode).toBe(1);
      expect(frozen.stderr).toContain("a ring started with --per-process 1 can have it frozen");
      // Its folder is free, and so are its ports.
      expect((await run("add", victim)).stdout).toBe(`peer ${victim} has joined\n`);
      expect((await run("quit", first)).stdout).toBe(`peer ${first} has left\n`);
      expect(await json("check")).toMatchObject({ holds: true });
      // One that left said so; those that were killed said no word.
      const neighbour = join(cwd, ".p2p", `ring-${ports.base}`, String(ids.at(-1)), "events.jsonl");
      const told = readFileSync(neighbour, "utf8");
      expect(told).toContain(`Peer ${first} will depart`);
      const chaos = await p2p(
        ["chaos", "--kills", 1, "--seed", 1, "--log", "run.jsonl"],
        cwd,
        LIMIT_MS,
      );
      expect(chaos.exitCode).toBe(0);
      expect(chaos.stdout).toContain("kills were emulated, so files (D1) were not judged");
      expect(readFileSync(join(cwd, "run.jsonl"), "utf8").split("\n")[0]).toContain(
        '"emulated":true',
      );
    } finally {
      await run("down");
      ports.release();
      rmSync(cwd, { recursive: true, force: true });
    }
  },
  LIMIT_MS,
);
