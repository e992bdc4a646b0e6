/** Rings with names: found from any terminal, and nothing is left of them however they end. */
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLiving, processStart } from "../../src/store/process.ts";
import { claimPorts } from "../support/ports.ts";
import { type Ended, PROGRAM, p2p, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";

const LIMIT_MS = 120_000;
const POLL_MS = 20;

type Listed = { readonly name: string; readonly pid: number; readonly cwd: string };

class Names {
  readonly cwd = mkdtempSync(join(tmpdir(), "p2p-names-"));
  readonly env = { XDG_STATE_HOME: join(this.cwd, "state") };

  run(...words: readonly (string | number)[]): Promise<Ended> {
    return p2p(words, this.cwd, LIMIT_MS, this.env);
  }

  async list(): Promise<Listed[]> {
    return JSON.parse((await this.run("ring", "ls", "--json")).stdout).rings;
  }

  /** The processes of a ring's peers. */
  async pidsOf(name: string): Promise<number[]> {
    const { stdout } = await this.run("ring", "status", "--name", name, "--json");
    return JSON.parse(stdout).peers.map(({ pid }: { pid: number }) => pid);
  }

  async close(): Promise<void> {
    await this.run("ring", "down", "--all");
    rmSync(this.cwd, { recursive: true, force: true });
  }
}

/** Runs a test with two places for rings, which are gone after it. */
async function withNames(body: (names: Names, ports: number[]) => Promise<void>): Promise<void> {
  const names = new Names();
  const claims = [await claimPorts(), await claimPorts()];
  try {
    await body(
      names,
      claims.map(({ base }) => base),
    );
  } finally {
    await names.close();
    for (const claim of claims) claim.release();
  }
}

async function untilEnded(...pids: readonly number[]): Promise<void> {
  const starts = pids.map((pid) => [pid, processStart(pid)] as const);
  const runs = () => starts.some(([pid, start]) => start !== null && isLiving(pid, start));
  while (runs()) await Bun.sleep(POLL_MS);
}

test(
  "two rings in the background are told apart, and end when they are told to",
  () =>
    withNames(async (names, [one = 0, two = 0]) => {
      const up = await names.run("ring", "up", "--ids", "2,5,9", "-d", "--base-port", one);
      expect(up).toMatchObject({ exitCode: 0, stderr: "" });
      const args = ["--ids", "1,4", "-d", "--name", "b", "--dir", "b", "--base-port", two];
      expect((await names.run("ring", "up", ...args)).exitCode).toBe(0);
      expect((await names.list()).map(({ name }) => name)).toEqual(["b", "ring"]);
      expect(await names.run("ring", "status")).toMatchObject({
        exitCode: 2,
        stderr: "Several rings run: choose with --name among b and ring.\n",
      });
      const again = await names.run("ring", "up", ...args);
      expect(again.exitCode).toBe(1);
      expect(again.stderr).toMatch(/^A ring (named b )?runs in [^\n]+\n$/);
      const of = ["--name", "ring"];
      expect((await names.run("ring", "kill", 5, ...of)).stdout).toBe("peer 5 is killed\n");
      expect(await names.run("ring", "check", ...of)).toMatchObject({
        stdout: "ring: R1 to R8 hold of 2 peers\n",
        exitCode: 0,
      });
      expect((await names.run("ring", "add", "5,7", ...of)).stdout).toBe(
        "peer 5 has joined\npeer 7 has joined\n",
      );
      expect((await names.run("ring", "logs", ...of)).stdout).toContain(
        "ring of 3 is steady after ",
      );
      const pids = await names.pidsOf("ring");
      expect((await names.run("ring", "down", "ring")).stdout).toBe("ring has ended\n");
      await untilEnded(...pids);
      expect((await names.list()).map(({ name }) => name)).toEqual(["b"]);
      expect((await names.run("ring", "check")).exitCode).toBe(0);
    }),
  LIMIT_MS,
);

test(
  "a ring whose launcher or whose process is killed leaves nothing",
  () =>
    withNames(async (names, [one = 0, two = 0]) => {
      const words = ["ring", "up", "6", "-d", "--base-port", String(one)];
      const env = plainEnvironment(names.env);
      const launcher = reaped(
        Bun.spawn([PROGRAM, ...words], { cwd: names.cwd, env, stdout: "ignore" }),
      );
      const folder = join(names.env.XDG_STATE_HOME, "p2p", "rings");
      const files = () => {
        try {
          return readdirSync(folder).filter((file) => file.endsWith(".json"));
        } catch {
          return [];
        }
      };
      while (files().length === 0) await Bun.sleep(1);
      launcher.kill("SIGKILL");
      await launcher.exited;
      // It may have come to stand in that very moment: then it is a ring as any other.
      while ((await names.list()).length > 0) await names.run("ring", "down");
      expect((await names.run("ring", "up", "2", "-d", "--base-port", two)).exitCode).toBe(0);
      const pids = await names.pidsOf("ring");
      const [ring] = await names.list();
      expect(pids).toHaveLength(2);
      process.kill(ring?.pid ?? 0, "SIGKILL");
      await untilEnded(...pids);
      expect(await names.list()).toEqual([]);
      expect(files()).toEqual([]);
      expect((await names.run("ring", "up", "2", "-d", "--base-port", one)).exitCode).toBe(0);
    }),
  LIMIT_MS,
);

test(
  "programs get one document of what would be, is and was done, and a file while the ring stands",
  () =>
    withNames(async (names, [one = 0]) => {
      const json = async (...words: readonly (string | number)[]) =>
        JSON.parse((await names.run("ring", ...words, "--json")).stdout);
      const ids = ["--ids", "3,9", "--base-port", one];
      const plan = await json("up", ...ids, "--dry-run");
      expect(plan).toMatchObject({
        v: 1,
        name: "ring",
        peers: [{ id: 3, port: one + 3 }, { id: 9 }],
      });
      expect(readdirSync(names.cwd)).toEqual([]);
      const up = await json("up", ...ids, "-d", "--ready-file", "ready");
      const ready = JSON.parse(readFileSync(join(names.cwd, "ready"), "utf8"));
      expect(ready.peers).toEqual(up.peers.map(({ state: _, ...peer }: { state: string }) => peer));
      expect(ready).toMatchObject({ v: 1, pid: up.pid, start: processStart(up.pid) });
      const second = await json(
        "up",
        "2",
        "-d",
        "--name",
        "b",
        "--dir",
        "b",
        "--ready-file",
        "ready",
      );
      expect(second.error).toContain("is that of a ring that runs, as process");
      expect(await json("kill", "9,4")).toMatchObject({ v: 1, exitCode: 1 });
      expect((await json("status")).peers.map(({ state }: { state: string }) => state)).toEqual([
        "running",
        "running",
      ]);
      expect(await json("kill", 9)).toEqual({
        ...{ v: 1, name: "ring", deed: "kill" },
        peers: [{ id: 9, said: "peer 9 is killed" }],
      });
      expect(await json("check")).toMatchObject({ holds: true, broken: [] });
      await json("kill", 3);
      const broken = await names.run("ring", "check");
      expect(broken.exitCode).toBe(1);
      expect(broken.stdout).toMatch(
        /^ring: R4 does not hold: no peer is running\n {2}The peers are /,
      );
      expect(await json("down")).toEqual({ v: 1, ended: [{ name: "ring", pid: up.pid }] });
      expect(readdirSync(names.cwd)).not.toContain("ready");
    }),
  LIMIT_MS,
);

test("what cannot be done is one sentence", () =>
  withNames(async (names) => {
    expect(await names.run("ring", "status")).toMatchObject({
      exitCode: 1,
      stderr: "No ring runs: start one with p2p ring up -d, or p2p ring in this folder.\n",
    });
    expect((await names.run("ring", "ls")).stdout).toBe("no ring runs\n");
    expect((await names.run("ring", "up", "-d", "--name", "a/b")).exitCode).toBe(2);
    expect(await names.run("ring", "down", "x")).toMatchObject({
      exitCode: 1,
      stderr: "No ring is named x: none runs.\n",
    });
  }));
