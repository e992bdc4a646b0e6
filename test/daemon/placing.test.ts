import { describe, expect, test } from "bun:test";
import {
  closeSync,
  openSync,
  readdirSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { LoggedEvent } from "../../src/control/types.ts";
import { sha256, someBytes } from "../store/temporary.ts";
import { ASIDE, PROGRAM, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** Large contents by command line: the peer itself reads and writes the files that the command names. */

const LIMIT_MS = 120_000;
const SIZE = 300_000_000;
/** Still much for one who looks on. */
const LESS = 120_000_000;

function start(ring: TestRing, ...args: readonly string[]) {
  const options = { cwd: ring.cwd, env: plainEnvironment(), stdin: "ignore" } as const;
  return reaped(Bun.spawn([PROGRAM, ...args], { ...options, stdout: "pipe", stderr: "pipe" }));
}

function listing(ring: TestRing): string[] {
  return readdirSync(ring.cwd).filter((name) => name !== ".p2p");
}

function spooled(ring: TestRing, id: number): string[] {
  return readdirSync(join(ring.folderOf(id), "spool"));
}

/** The size stays as it was. */
function changeLastByte(path: string): void {
  const fd = openSync(path, "r+");
  writeSync(fd, Buffer.from([statSync(path).mtimeMs & 255]), 0, 1, LESS - 1);
  closeSync(fd);
}

/** Resolves when a condition holds, looked at all the time: what moves fast is soon over. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function placeTest(name: string, body: (ring: TestRing) => Promise<void>): void {
  test(name, () => withRing(body, SEVEN), LIMIT_MS);
}

describe("a large content by command line", () => {
  placeTest(
    "leaves nothing in the peer's folder, nor half a file when interrupted",
    async (ring) => {
      const bytes = ring.file("4103", SIZE);
      const stored = await ring.run("store", "4103.pdf", "--peer", 5, "--json");
      expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
      expect(JSON.parse(stored.stdout)).toMatchObject({ record: { sha256: sha256(bytes) } });
      for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
        const command = start(ring, "request", "4103", "--peer", "5");
        await until("a file on its way", () => listing(ring).some((n) => n.endsWith(".part")));
        expect(spooled(ring, 5)).toEqual([]);
        command.kill(signal);
        await command.exited;
        expect(command.signalCode).toBe(signal);
        await until("nothing left", () => listing(ring).join() === "4103.pdf");
      }
      const got = await ring.run("request", "4103", "--peer", 5);
      expect([got.stderr, got.exitCode]).toEqual(["", 0]);
      expect(await ring.hashOf("received_4103.pdf")).toBe(sha256(bytes));
      const { mode } = statSync(join(ring.cwd, "received_4103.pdf"));
      expect(mode & 0o777).toBe(0o666 & ~process.umask());
      expect(listing(ring).sort()).toEqual(["4103.pdf", "received_4103.pdf"]);
    },
  );

  placeTest("leaves nothing when the peer is killed half way, and says so", async (ring) => {
    ring.file("4103", SIZE);
    expect((await ring.run("store", "4103.pdf", "--peer", 5)).exitCode).toBe(0);
    const command = start(ring, "request", "4103", "--peer", "5", "-o", "mine");
    await until("a file on its way", () => listing(ring).some((n) => n.endsWith(".part")));
    await ring.kill(5);
    expect(await command.exited).toBe(1);
    expect(await command.stderr.text()).toMatch(/^No peer answers in [^\n]+\n$/);
    expect(listing(ring)).toEqual(["4103.pdf"]);
  });

  placeTest("that gets shorter while it is stored is refused in a sentence", async (ring) => {
    // 2067 is peer 19's and 4103 peer 8's: one is read by its own peer, one by another.
    for (const [name, owner] of [
      ["4103", 8],
      ["2067", 5],
    ] as const) {
      const path = join(ring.cwd, `${name}.pdf`);
      writeFileSync(path, someBytes(SIZE));
      const command = start(ring, "store", `${name}.pdf`, "--peer", String(owner));
      await until("a file on its way", async () => {
        return ((await ring.control(owner).progress(name)).bytes ?? 0) > 0;
      });
      truncateSync(path, 1_000_000);
      expect(await command.exited).toBe(1);
      expect(await command.stderr.text()).toMatch(
        new RegExp(
          `^[^\\n]*/${name}\\.pdf became shorter while [^\\n]+: store it once more\\.\\n$`,
        ),
      );
    }
    await ring.calm();
  });

  placeTest(
    "that changes while it is stored is not stored, and its name stays as it was",
    async (ring) => {
      // 2067 and 2323 are peer 19's, 4103 peer 8's, which copies it while it reads.
      const cases = [
        ["4103", "reading", false],
        ["2067", "moving", false],
        ["2323", "moving", true],
      ] as const;
      const large = someBytes(LESS);
      const play = async ([name, when, quietly]: (typeof cases)[number]) => {
        const path = join(ring.cwd, `${name}.pdf`);
        const before = ring.file(name, 1_000);
        expect((await ring.run("store", `${name}.pdf`, "--peer", 8)).exitCode).toBe(0);
        writeFileSync(path, large);
        const { atime, mtime } = statSync(path);
        utimesSync(path, atime, mtime);
        const command = start(ring, "store", `${name}.pdf`, "--peer", "8");
        await until(`${name} ${when}`, async () => {
          const { doing, bytes } = await ring.control(8).progress(name);
          return doing === when && (bytes ?? 0) > 0;
        });
        changeLastByte(path);
        // As some editors and copying tools do.
        if (quietly) utimesSync(path, atime, mtime);
        expect([name, when, quietly, await command.exited]).toEqual([name, when, quietly, 1]);
        expect(await command.stderr.text()).toMatch(
          new RegExp(
            `^[^\\n]*/${name}\\.pdf changed while it was being stored: store it once more\\.\\n$`,
          ),
        );
        const got = await ring.run("request", name, "--peer", 5, "-o", `got-${name}`);
        expect([got.stderr, got.exitCode]).toEqual(["", 0]);
        expect(await ring.hashOf(`got-${name}`)).toBe(sha256(before));
      };
      const [first, ...others] = cases;
      await play(first);
      await Promise.all(others.map(play));
      await ring.calm();
    },
  );

  placeTest("that changes once its own peer has copied it is stored as it was", async (ring) => {
    const bytes = ring.file("4359", LESS);
    const hash = sha256(bytes);
    const command = start(ring, "store", "4359.pdf", "--peer", "8");
    await until("4359 on its way", async () => {
      return (await ring.control(8).progress("4359")).doing === "moving";
    });
    changeLastByte(join(ring.cwd, "4359.pdf"));
    expect(await command.exited).toBe(0);
    expect((await ring.run("request", "4359", "--peer", 5, "-o", "got")).exitCode).toBe(0);
    expect(await ring.hashOf("got")).toBe(hash);
  });

  placeTest("goes on at the next holder when its sender dies, into the same file", async (ring) => {
    const bytes = ring.file("4103", SIZE);
    expect((await ring.run("store", "4103.pdf", "--peer", 8)).exitCode).toBe(0);
    await ring.calm();
    const transfers: Extract<LoggedEvent, { event: "transfer" }>[] = [];
    const events = await ring.control(5).events((event) => {
      if (event.event === "transfer" && event.file === "4103") transfers.push(event);
    });
    const command = start(ring, "request", "4103", "--peer", "5", "--json");
    await until("a quarter", async () => {
      return ((await ring.control(5).progress("4103")).bytes ?? 0) >= SIZE / 4;
    });
    await ring.kill(8);
    expect(await command.exited).toBe(0);
    expect(await ring.hashOf("received_4103.pdf")).toBe(sha256(bytes));
    const from = JSON.parse(await command.stdout.text()) as { from: number };
    expect(from.from).not.toBe(8);
    await until("both transfers told", () => transfers.at(-1)?.outcome === "ok");
    events.close();
    expect(transfers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(SIZE);
    expect(listing(ring).sort()).toEqual(["4103.pdf", "received_4103.pdf"]);
  });
});
