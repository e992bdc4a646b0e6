import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScrubReport } from "../../src/control/types.ts";
import { sha256, someBytes } from "../store/temporary.ts";
import { ASIDE, PROGRAM, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** Removing, finding, piping and reading back, through the program itself. */

const LIMIT_MS = 120_000;

function keepingTest(name: string, body: (ring: TestRing) => Promise<void>): void {
  test.concurrent(name, () => withRing(body, SEVEN), LIMIT_MS);
}

async function store(ring: TestRing, name: string, size: number): Promise<string> {
  const bytes = ring.file(name, size);
  const stored = await ring.run("store", `${name}.pdf`, "--peer", 8);
  expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
  // Numbered peers serve what lies in their working directory: it must not stand in for a copy.
  rmSync(join(ring.cwd, `${name}.pdf`));
  return sha256(bytes);
}

/** Runs a command with bytes on its standard input. */
async function piped(
  ring: TestRing,
  argv: readonly string[],
  input: Uint8Array,
  program = PROGRAM,
) {
  const child = reaped(
    Bun.spawn([program, ...argv], {
      ...{ cwd: ring.cwd, env: plainEnvironment(), stdin: input },
      ...{ stdout: "pipe", stderr: "pipe" },
    }),
  );
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

/** Changes one byte of the only large content in a peer's folder. */
function damage(ring: TestRing, id: number): void {
  const dir = join(ring.folderOf(id), "files");
  const [content = ""] = readdirSync(dir);
  const bytes = readFileSync(join(dir, content));
  bytes[1_000] = (bytes[1_000] ?? 0) ^ 1;
  writeFileSync(join(dir, content), bytes);
}

describe("what a ring keeps", () => {
  keepingTest("can be removed, and is then nowhere", async (ring) => {
    await store(ring, "4103", 5_000);
    await store(ring, "2067", 300_000);
    for (const [name, on] of [
      ["4103", "8, 9 and 14"],
      ["2067", "19, 2 and 4"],
    ] as const) {
      const where = await ring.run("where", name, "--peer", 5);
      expect([where.stderr, where.exitCode]).toEqual(["", 0]);
      expect(where.stdout).toMatch(
        new RegExp(`^${name} is on peers [0-9, and]+ \\(3 of 3 copies\\)`),
      );
      const removed = await ring.run("rm", name, "--peer", 14);
      expect([removed.stderr, removed.exitCode]).toEqual(["", 0]);
      expect(removed.stdout).toMatch(new RegExp(`^removed ${name}: on [23] of 3 peers, `));
      expect(on.split(/, | and /).every((id) => removed.stdout.includes(id))).toBe(
        removed.stdout.includes("3 of 3"),
      );
      for (const command of ["request", "where", "rm"]) {
        const ended = await ring.run(command, name, "--peer", 9);
        expect([ended.stdout, ended.exitCode]).toEqual(["", 1]);
        expect(ended.stderr).toMatch(new RegExp(`^No peer holds "?${name}"? [^\\n]+\\n$`));
      }
    }
    expect((await ring.run("ls", "--peer", 9)).stdout).toContain("No file is stored");
    for (const id of SEVEN) expect((await ring.status(id)).files.count).toBe(0);
    const hash = await store(ring, "4103", 5_001);
    const got = await ring.run("request", "4103", "--peer", 2);
    expect([got.stderr, got.exitCode]).toEqual(["", 0]);
    expect(await ring.hashOf("received_4103.pdf")).toBe(hash);
  });

  test.concurrent(
    "is not called never stored while somebody is missing that may have it",
    () =>
      withRing(async (ring) => {
        for (const [id, ...next] of [
          [20, 30, 40] as const,
          [30, 40, 20] as const,
          [40, 20, 30] as const,
        ]) {
          ring.start(id, ["init", id, ...next, 1, "--copies", 1]);
        }
        await ring.calm();
        const ask = async (command: string, ...name: string[]) => {
          const { stdout, stderr } = await ring.run(command, ...name, "--peer", 40);
          return stdout + stderr;
        };
        const typed = async (line: string, said: RegExp) => {
          const from = ring.peer(40).printed.length;
          ring.peer(40).type(line);
          await ring.peer(40).waitFor(said, 20_000, from);
        };
        // The owner of 0025 and 0026 is peer 30, and nobody was lost with it.
        ring.file("0025", 100);
        await ask("store", "0025.pdf");
        expect(await ask("rm", "0025")).toStartWith("removed 0025: on 1 of 1 peer, 30");
        const state = (wanted: string) =>
          ring.wake.until(`peer 20 ${wanted}`, 30_000, async () => {
            const { members } = await ring.status(40);
            return members.some(({ id, state }) => id === 20 && state === wanted) || null;
          });
        const missing = async (how: string) => {
          await state(how);
          const others = `, and Peer 20 (${how}) may have`;
          for (const command of ["request", "where", "rm"]) {
            expect(await ask(command, "0026")).toContain(`${others} it: start it and ask again.\n`);
          }
          expect(await ask("ls")).toBe(
            `No peer that is here holds a file${others} some: start it and ask again.\n`,
          );
          for (const verb of ["Request", "Where", "Remove"]) {
            await typed(`${verb} 0026`, /^No peer that is here holds file 0026 .* Peer 20 /);
          }
          // This one was there, and is known to be removed.
          expect(await ask("where", "0025")).toMatch(/^No peer holds "0025" .*: see p2p ls\.\n$/);
          await typed("Where 0025", /^No peer holds file 0025 .*: store it first\.$/);
        };
        await ring.kill(20);
        await missing("dead");
        ring.restart(20);
        await ring.calm();
        await typed("Request 0026", /^No peer holds file 0026 .*: store it first\.$/);
        expect(await ask("ls")).toBe("No file is stored in this ring yet.\n");
        ring.peer(20).type("Quit");
        await ring.peer(20).waitForEnd();
        await missing("left");
      }),
    LIMIT_MS,
  );

  keepingTest("is removed and found by what is typed", async (ring) => {
    await store(ring, "2067", 300_000);
    const peer = ring.peer(5);
    peer.type("where 2067");
    await peer.waitFor(/^File 2067 is on Peers .*: 3 of 3 copies, 300000 bytes/);
    peer.type("REMOVE 2067");
    await peer.waitFor(/^Removed 2067: /);
    peer.type("Where 2067");
    await peer.waitFor(/^No peer holds file 2067 /);
    peer.type("Remove");
    await peer.waitFor("Remove needs the name of a file, such as Remove 2067.");
  });

  keepingTest("goes in from standard input, and out to standard output", async (ring) => {
    const nothing = new Uint8Array();
    for (const size of [0, 1_000, 3_000_000]) {
      const bytes = someBytes(size, size + 1);
      const stored = await piped(ring, ["store", "-", "--name", "2067", "--peer", "8"], bytes);
      expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
      const got = await piped(ring, ["request", "2067", "-o", "-", "--peer", "5"], nothing);
      expect(got.exitCode).toBe(0);
      expect(sha256(got.stdout)).toBe(sha256(bytes));
      expect(got.stderr).toMatch(/^received 2067 from peer \d+ to standard output, [^\n]+\n$/);
    }
    const nameless = await piped(ring, ["store", "-", "--peer", "8"], someBytes(10));
    expect([nameless.exitCode, nameless.stderr]).toEqual([2, expect.stringMatching(/--name NAME/)]);
    const missing = await piped(
      ring,
      ["request", "1111", "-o", "-", "--peer", "8"],
      new Uint8Array(),
    );
    expect([missing.exitCode, missing.stdout.length]).toEqual([1, 0]);
    // A reader that has had enough is no fault of the program's.
    const command = `"${PROGRAM}" request 2067 -o - --peer 5 | head -c 5 | wc -c`;
    const cut = await piped(ring, ["-c", command], nothing, "sh");
    expect(Buffer.from(cut.stdout).toString().trim()).toBe("5");
    expect(cut.stderr).toMatch(/^Standard output did not take all of it: [^\n]+\n$/);
  });

  keepingTest("is read back, and what is damaged comes anew from other holders", async (ring) => {
    const hash = await store(ring, "2067", 300_000);
    await ring.calm();
    const sound = await ring.run("scrub", "--peer", 2);
    expect(sound.stdout).toMatch(/^checked 1 file, 300 kB, in [^:]+: all sound\n$/);
    damage(ring, 2);
    const found = await ring.run("scrub", "--peer", 2, "--json");
    expect(found.exitCode).toBe(0);
    const report = JSON.parse(found.stdout) as ScrubReport;
    expect(report).toMatchObject({ files: 1, damaged: [{ name: "2067", mended: true }], more: 0 });
    expect((await ring.run("scrub", "--peer", 2)).stdout).toContain("all sound");
    expect((await ring.status(2)).files).toMatchObject({ count: 1, damaged: 1 });
    expect(readdirSync(join(ring.folderOf(2), "damaged")).length).toBeGreaterThan(0);
    await ring.calm();
    expect((await ring.status(2)).files).toMatchObject({ short: 0 });
    const got = await ring.run("request", "2067", "--peer", 5);
    expect([got.stderr, got.exitCode]).toEqual(["", 0]);
    expect(await ring.hashOf("received_2067.pdf")).toBe(hash);
  });

  keepingTest("is never served damaged: another holder gives it", async (ring) => {
    const hash = await store(ring, "2067", 300_000);
    await ring.calm();
    damage(ring, 19);
    const got = await ring.run("request", "2067", "--peer", 9);
    expect([got.stderr, got.exitCode]).toEqual(["", 0]);
    expect(await ring.hashOf("received_2067.pdf")).toBe(hash);
    // The owner has seen it, too, and has a sound copy again.
    await ring.wake.until("a sound copy", 30_000, async () => {
      const { files } = await ring.status(19);
      return files.damaged === 1 && files.count === 1 && files.short === 0 ? true : null;
    });
    expect((await ring.run("scrub", "--peer", 19)).stdout).toContain("all sound");
  });

  keepingTest("is told of by status", async (ring) => {
    await store(ring, "2067", 300_000);
    await ring.calm();
    const { files } = await ring.status(19);
    expect(files).toMatchObject({ count: 1, bytes: 300_000, short: 0, safe: true, copies: 3 });
    expect(files.freeBytes).toBeGreaterThan(0);
    const { stdout } = await ring.run("status", "--peer", 19);
    expect(stdout).toContain("every file here has its 3 copies; it is safe to take this machine");
    expect(statSync(ring.folderOf(19)).isDirectory()).toBe(true);
  });

  test.concurrent(
    "is kept in as many copies as the ring was founded with, by those who join too",
    () =>
      withRing(async (ring) => {
        for (const [id, first, second] of [
          [2, 5, 9],
          [5, 9, 2],
          [9, 2, 5],
        ] as const) {
          ring.start(id, ["init", id, first, second, 1, "--copies", 2]);
        }
        await ring.peer(2).waitFor(/^Ping response received from Peer 5/);
        await ring.join(7, 2).waitFor("Join request has been accepted");
        expect((await ring.status(7)).files.copies).toBe(2);
        ring.file("0003", 1_000);
        const { stdout } = await ring.run("store", "0003.pdf", "--peer", 7);
        expect(stdout).toMatch(/^stored 0003: 2 of 2 copies, on peers 5 and 7, /);
      }),
    LIMIT_MS,
  );
});
