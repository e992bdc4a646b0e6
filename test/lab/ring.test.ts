/** `p2p ring` from outside, with the compiled program. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPorts, takenIds } from "../../src/lab/ports.ts";
import { askRing } from "../../src/lab/ring-client.ts";
import { ringDir } from "../../src/lab/ring-folder.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { claimPorts } from "../support/ports.ts";
import { PROGRAM, p2p } from "../support/program.ts";
import { reaped } from "../support/reap.ts";

const LIMIT_MS = 60_000;
const EIGHT = [2, 4, 5, 8, 9, 14, 19, 30];

type Scene = { readonly dir: string; readonly base: number; ring(...args: string[]): PeerProcess };

/** A folder, ports, and rings that are gone after the test, whether or not it passed. */
async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-ring-"));
  const ports = await claimPorts();
  const rings: PeerProcess[] = [];
  const ring = (...args: string[]): PeerProcess => {
    const started = new PeerProcess({
      args: ["ring", ...args, "--base-port", ports.base],
      cwd: dir,
    });
    rings.push(started);
    return started;
  };
  try {
    await run({ dir, base: ports.base, ring });
  } finally {
    await Promise.all(rings.map((each) => each.kill()));
    ports.release();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function freed(base: number, ids: readonly number[], limitMs: number): Promise<number[]> {
  const end = performance.now() + limitMs;
  for (;;) {
    const taken = await takenIds(base, ids);
    if (taken.length === 0 || performance.now() > end) return taken;
    await Bun.sleep(20);
  }
}

describe("p2p ring", () => {
  test(
    "a script of commands is done to its end, one after the other",
    () =>
      scene(async ({ dir, base, ring }) => {
        writeFileSync(join(dir, "2067.pdf"), "some content");
        const eight = ring("8");
        const script = [
          "8 Store 2067",
          "4 request 2067",
          "kill 14",
          "start 14",
          "join 15 4",
          "status",
        ];
        for (const line of script) eight.type(line);
        eight.closeStdin();
        expect(await eight.waitForEnd()).toEqual({ code: 0, signal: null });
        const { lines } = eight;
        expect(lines[0]).toMatch(/^ring of 8 is steady after \d+ ms$/);
        for (const line of [
          "8   Store 2067 request forwarded to my successor",
          "19  Store 2067 request accepted",
          "4   File 2067 received",
          "9   Peer 14 is no longer alive",
          "14  Join request has been accepted",
          "14  Peer 15 Join request received",
        ]) {
          expect(lines).toContain(line);
        }
        expect(lines.at(-1)).toBe("R1, R2, R3, R4, R5, R6 and R7 hold of 9 peers");
        expect(eight.printed.some((line) => line.text.includes("Ping"))).toBe(false);
        expect(readFileSync(join(dir, "received_2067.pdf"), "utf8")).toBe("some content");
        expect(existsSync(join(ringDir(dir, base), "ring.sock"))).toBe(false);
        expect(await takenIds(base, [...EIGHT, 15])).toEqual([]);
      }),
    LIMIT_MS,
  );

  test(
    "a wrong line is one sentence, and the ring goes on",
    () =>
      scene(async ({ ring }) => {
        const two = ring("--ids", "1,2");
        await two.waitFor(/^ring of 2 is steady/);
        for (const line of [
          "kil 1",
          "kill 3",
          "7 Store 2067",
          "x".repeat(5000),
          "",
          "1 Store a9",
        ]) {
          two.type(line);
        }
        await two.waitFor(/"a9"/);
        expect(two.errors.slice(0, 3)).toEqual([
          'There is no command "kil"; did you mean kill?',
          "There is no peer 3 in this ring: there are 1 and 2.",
          "There is no peer 7 in this ring: there are 1 and 2.",
        ]);
        expect(two.errors).toHaveLength(5);
        two.type("quit");
        expect((await two.waitForEnd()).code).toBe(0);
      }),
    LIMIT_MS,
  );

  test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
    "%s leaves no child and no port in use, a frozen one included",
    (signal) =>
      scene(async ({ base, ring }) => {
        const eight = ring("8");
        await eight.waitFor(/^ring of 8 is steady/);
        eight.type("stop 9");
        await eight.waitFor("9 frozen");
        eight.signal(signal);
        const end = await eight.waitForEnd(5_000);
        if (signal !== "SIGKILL") expect(end.code).toBe(0);
        expect(await freed(base, EIGHT, 2_000)).toEqual([]);
      }),
    LIMIT_MS,
  );

  test(
    "a frozen peer is dropped and comes back, by the ring's own control socket",
    () =>
      scene(async ({ dir, base, ring }) => {
        const four = ring("--ids", "10,20,30,40");
        await four.waitFor(/^ring of 4 is steady/);
        const control = askRing(ringDir(dir, base));
        await control.kill(20, "SIGSTOP");
        await four.waitFor("10  Peer 20 is no longer alive");
        await control.kill(20, "SIGCONT");
        const from = four.printed.length;
        await four.waitFor("10  My new first successor is Peer 20", LIMIT_MS, from - 1);
        await control.kill(40, "SIGKILL");
        await four.waitFor("40  killed");
        expect(await control.start(40)).toMatchObject({ through: expect.any(Number) });
        const { peers } = await control.status();
        expect(peers.map(({ id, state }) => [id, state])).toEqual(
          [10, 20, 30, 40].map((id) => [id, "running"]),
        );
        await control.stop();
        expect((await four.waitForEnd()).code).toBe(0);
      }),
    LIMIT_MS,
  );

  test.each([
    ["lines without number", "yes |", "", 'There is no command "y"'],
    ["a line without end", "", "< /dev/zero", "What is typed here has no end of a line"],
  ])(
    "%s, and it ends when it should, by itself or by a signal",
    (_, from, to, said) =>
      scene(async ({ dir, base }) => {
        const ring = `"$0" ring --ids 1,2 --base-port ${base}`;
        for (const [line, limit] of [
          [`${ring} --for 1`, ""],
          [ring, "timeout -s INT 3"],
        ]) {
          const child = reaped(
            Bun.spawn(["bash", "-c", `${from} ${limit} ${line} ${to} 2> err; exit`, PROGRAM], {
              cwd: dir,
              stdin: "ignore",
              stdout: "pipe",
              timeout: 20_000,
              killSignal: "SIGKILL",
            }),
          );
          const stdout = await child.stdout.text();
          await child.exited;
          expect(stdout).toContain("ring of 2 is steady");
          expect(readFileSync(join(dir, "err"), "utf8")).toStartWith(said);
          // `timeout` says with this that it was needed.
          expect(child.exitCode).toBe(limit === "" ? 0 : 124);
          expect(await freed(base, [1, 2], 2_000)).toEqual([]);
        }
      }),
    LIMIT_MS,
  );

  test(
    "what is in the way is named: a port, and a ring in that folder",
    () =>
      scene(async ({ dir, base, ring }) => {
        const claim = Bun.listen({
          hostname: "127.0.0.1",
          port: base + 14,
          socket: { data() {} },
        });
        const clash = await p2p(["ring", 8, "--base-port", base], dir);
        claim.stop(true);
        expect(clash.exitCode).toBe(1);
        expect(clash.stdout).toBe("");
        expect(clash.stderr).toContain(`Port ${base + 14}, which peer 14 needs, is in use`);
        expect(clash.stderr).toContain("--base-port");
        const one = ring("1");
        await one.waitFor(/^ring of 1 is steady/);
        const twice = await p2p(["ring", 1, "--base-port", base], dir);
        expect(twice.exitCode).toBe(1);
        expect(twice.stderr).toContain(`as process ${one.pid}`);
      }),
    LIMIT_MS,
  );

  test(
    "without input it ends when it is steady, or after its time",
    () =>
      scene(async ({ dir, base }) => {
        const argv = ["ring", 3, "--base-port", base];
        const short = await p2p(argv, dir);
        expect(short.exitCode).toBe(0);
        expect(short.stdout).toMatch(/^ring of 3 is steady after \d+ ms\n/);
        const timed = await p2p([...argv, "--for", 1], dir);
        expect(timed.exitCode).toBe(0);
        expect(timed.ms).toBeGreaterThan(1_000);
      }),
    LIMIT_MS,
  );

  test(
    "a killed ring's folder is used again",
    () =>
      scene(async ({ base, ring }) => {
        const first = ring("--ids", "1,2,3");
        await first.waitFor(/^ring of 3 is steady/);
        await first.kill();
        expect(await freed(base, [1, 2, 3], 2_000)).toEqual([]);
        const second = ring("--ids", "1,2,3");
        await second.waitFor(/^ring of 3 is steady/);
      }),
    LIMIT_MS,
  );
});

test("a datagram port in use is a clash like any other", async () => {
  const ports = await claimPorts();
  const { base } = ports;
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port: base + 3 });
  try {
    expect(await takenIds(base, [1, 2, 3])).toEqual([3]);
    expect(checkPorts(base, [1, 3])).rejects.toThrow(`Port ${base + 3}, which peer 3 needs`);
    await checkPorts(base, [1, 2]);
  } finally {
    socket.close();
    ports.release();
  }
});
