/** `p2p chaos` from outside, with the compiled program. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPeers } from "../../src/control/find.ts";
import { misfitsOfDocument } from "../support/documents.ts";
import { inFolder } from "../support/folder.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { p2p, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";

const LIMIT_MS = 120_000;
const MAIN = join(import.meta.dir, "../../src/main.ts");

function script(dir: string, name: string, line: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\nexec ${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("p2p chaos", () => {
  test(
    "the schedule is shown, the same each time, and nobody is killed",
    () =>
      inFolder(async (dir, base) => {
        const argv = ["chaos", "--dry-run", "--seed", 7, "--kills", 20, "--base-port", base];
        const first = await p2p(argv, dir);
        const again = await p2p([...argv, "--json"], dir);
        expect(first.exitCode).toBe(0);
        const lines = first.stdout.trimEnd().split("\n");
        expect(lines).toHaveLength(21);
        expect(lines[0]).toBe("seed 7");
        const { schedule } = JSON.parse(again.stdout);
        const victims = lines.slice(1).map((line) => Number(line.split(" ").at(-1)));
        expect(schedule.map((kill: { victim: number }) => kill.victim)).toEqual(victims);
      }),
    LIMIT_MS,
  );

  test(
    "a ring of its own heals and loses nothing",
    () =>
      inFolder(async (dir, base) => {
        const argv = ["chaos", "--seed", 7, "--kills", 2, "--every", 0.1, "--base-port", base];
        const { stdout, exitCode } = await p2p(argv, dir, LIMIT_MS);
        const lines = stdout.trimEnd().split("\n");
        expect(lines[0]).toBe("seed 7");
        expect(lines.at(-1)).toBe("passed: 2 faults, 20 files read back 160 times, nothing lost");
        expect(exitCode).toBe(0);
      }),
    LIMIT_MS,
  );

  test(
    "clients ask what a file says, or what a program of one's own does",
    () =>
      inFolder(async (dir, base) => {
        writeFileSync(
          join(dir, "w.jsonl"),
          `{"what":"store","name":"1111","size":5000,"pause":20}\n{"what":"request","name":"1111","client":2,"pause":20}\n`,
        );
        // It has no peer asked; what it says it did counts all the same.
        const said = `{"client":1,"peer":2,"kind":"request","name":"2222","content":null,"start":1,"end":2,"outcome":{"kind":"done","value":null}}`;
        const asks = script(dir, "asks", `sh -c 'echo "$0"; exec sleep 60' '${said}'`);
        for (const [flag, name] of [
          [["--workload", "w.jsonl"], "1111"],
          [["--exec-client", asks], "2222"],
        ] as const) {
          const argv = ["chaos", "--kills", 1, "--every", 0.1, "--files", 2, "--peers", 4, ...flag];
          const more = ["--log", "run.jsonl", "--report", "run.html", "--base-port", base];
          const { stdout, exitCode } = await p2p([...argv, ...more], dir, LIMIT_MS);
          expect([exitCode, stdout.trimEnd().split("\n").at(-1)]).toEqual([
            0,
            "passed: 1 fault, 2 files read back 8 times, nothing lost",
          ]);
          const lines = readFileSync(join(dir, "run.jsonl"), "utf8").trimEnd().split("\n");
          const operations = lines
            .map((line) => JSON.parse(line))
            .filter((l) => l.type === "operation");
          expect(new Set(operations.map((each) => each.name))).toEqual(new Set([name]));
          expect(readFileSync(join(dir, "run.html"), "utf8")).toStartWith("<!doctype html>");
        }
      }),
    LIMIT_MS,
  );

  test(
    "whoever is killed loses its disk, and nothing is lost",
    () =>
      inFolder(async (dir, base) => {
        const argv = ["chaos", "--lose-disks", "--seed", 3, "--kills", 2, "--every", 0.1];
        const log = ["--log", "run.jsonl", "--base-port", base];
        const run = await p2p([...argv, "--json", ...log], dir, LIMIT_MS);
        const document = JSON.parse(run.stdout);
        expect(misfitsOfDocument(document)).toEqual([]);
        expect(document).toMatchObject({ type: "chaos", verdict: "passed", complete: true });
        expect(document.why).toBe("2 faults, 20 files read back 160 times, nothing lost");
        expect(document.operations.done).toBeGreaterThan(0);
        for (const fault of document.faults) {
          expect(fault.kind).toBe("lose-disk");
          expect(fault.recopyMs).toBeGreaterThanOrEqual(fault.healMs);
        }
        // By the file alone it is the same, to the letter.
        const again = await p2p(["chaos", "check", "run.jsonl", "--json"], dir, LIMIT_MS);
        expect(JSON.parse(again.stdout)).toEqual(document);
        expect(run.exitCode).toBe(0);
      }),
    LIMIT_MS,
  );

  test(
    "it attaches to the ring that runs here, and leaves it whole",
    () =>
      inFolder(async (dir, base) => {
        const ring = new PeerProcess({ args: ["ring", 5, "--base-port", base], cwd: dir });
        try {
          await ring.waitFor(/^ring of 5 is steady/);
          const argv = ["chaos", "--kills", 1, "--seed", 1, "--json"];
          const { stdout, exitCode } = await p2p(argv, dir, LIMIT_MS);
          const document = JSON.parse(stdout);
          expect(document).toMatchObject({ seed: 1, verdict: "passed", exitCode: 0 });
          expect(document.faults).toHaveLength(1);
          expect(document.files).toEqual({ stored: 20, reads: 100, lost: [] });
          expect(exitCode).toBe(0);
          const losing = ["chaos", "--lose-disks", "--kills", 1, "--seed", 2];
          const lost = await p2p(losing, dir, LIMIT_MS);
          expect(lost.stdout.trimEnd()).toEndWith("nothing lost");
          expect(lost.stdout).toContain("passed: 1 fault, 20 files");
          ring.type("status");
          await ring.waitFor(/hold of 5 peers$/);
        } finally {
          ring.signal("SIGTERM");
          await ring.waitForEnd();
        }
      }),
    LIMIT_MS,
  );

  test(
    "several rings are listed, and a ring of three is left alone",
    () =>
      inFolder(async (dir, base) => {
        const here = new PeerProcess({
          args: ["ring", "--ids", "1,2,3", "--base-port", base],
          cwd: dir,
        });
        const there = new PeerProcess({
          args: ["ring", "--ids", "101,102", "--base-port", base + 1],
          cwd: dir,
        });
        try {
          await Promise.all([here.waitFor(/is steady/), there.waitFor(/is steady/)]);
          const several = await p2p(["chaos"], dir);
          expect(several.exitCode).toBe(2);
          expect(several.stderr).toContain(`${base} and ${base + 1}: choose one with --base-port`);
          const small = await p2p(["chaos", "--base-port", base], dir, LIMIT_MS);
          expect(small.exitCode).toBe(3);
          expect(small.stdout).toContain("inconclusive: nothing was injected");
        } finally {
          for (const ring of [here, there]) ring.signal("SIGTERM");
          await Promise.all([here.waitForEnd(), there.waitForEnd()]);
        }
      }),
    LIMIT_MS,
  );

  test(
    "what was named must be there",
    () =>
      inFolder(async (dir, base) => {
        for (const argv of [
          ["--dir", join(dir, "wrong")],
          ["--dir", dir],
          ["--dir", dir, "--base-port", base],
        ]) {
          for (const more of [[], ["--dry-run"], ["--json"]]) {
            const { stdout, stderr, exitCode } = await p2p(["chaos", ...argv, ...more], dir);
            expect([exitCode, stdout]).toEqual([1, ""]);
            expect(stderr).toMatch(/^(There is no folder|No ring runs in) [^\n]*--own\.\n$/);
          }
        }
        const ring = new PeerProcess({
          args: ["ring", "--ids", "1,2,3", "--base-port", base],
          cwd: dir,
        });
        try {
          await ring.waitFor(/is steady/);
          const other = await p2p(["chaos", "--base-port", base + 300], dir);
          expect([other.exitCode, other.stdout]).toEqual([1, ""]);
          expect(other.stderr).toContain(`there is one with ${base}.`);
          // Both say in their first line what they would attack.
          const here = await p2p(["chaos", "--dry-run"], dir);
          expect(here.stderr).toContain(`chaos would be in the ring in ${dir}`);
          const own = await p2p(["chaos", "--dry-run", "--own"], dir);
          expect(own.stderr).toBe("chaos would be in a ring of its own\n");
        } finally {
          ring.signal("SIGTERM");
          await ring.waitForEnd();
        }
      }),
    LIMIT_MS,
  );

  test(
    "beside peers that are of no p2p ring it asks what is meant, and with --own takes another",
    () =>
      inFolder(async (dir, base) => {
        const peer = new PeerProcess({
          args: ["init", 2, 2, 2, 1, "--base-port", base],
          cwd: dir,
        });
        try {
          await peer.wake.until("its process file", LIMIT_MS, () =>
            findPeers(dir).length === 1 ? true : null,
          );
          for (const argv of [[], ["--dir", dir], ["--dry-run"], ["--base-port", base]]) {
            const { stdout, stderr, exitCode } = await p2p(["chaos", ...argv], dir);
            expect([exitCode, stdout]).toEqual([2, ""]);
            expect(stderr).toMatch(/^In [^\n]* peer 2 runs without p2p ring, [^\n]*--own\.\n$/);
          }
          const argv = ["chaos", "--own", "--kills", 1, "--base-port", base + 3];
          const own = await p2p(argv, dir, LIMIT_MS);
          expect(own.stderr).toStartWith("chaos in a ring of its own, on the ports from ");
          expect([own.exitCode, peer.end]).toEqual([0, null]);
        } finally {
          await peer.kill();
        }
      }),
    LIMIT_MS,
  );

  test(
    "peers that end at once prove nothing",
    () =>
      inFolder(async (dir, base) => {
        const program = script(dir, "ends", "false");
        const argv = ["chaos", "--peer-program", program, "--base-port", base];
        const { stdout, exitCode } = await p2p(argv, dir, LIMIT_MS);
        expect(exitCode).toBe(3);
        expect(stdout).toContain("inconclusive: ");
      }),
    LIMIT_MS,
  );

  test(
    "a file that cannot be written is told of before anything is broken",
    () =>
      inFolder(async (dir, base) => {
        for (const flag of ["--report", "--junit", "--log"]) {
          for (const faults of [[], ["--faults", "kill"]]) {
            const argv = ["chaos", "--own", flag, "no/such/folder", "--base-port", base, ...faults];
            const { stdout, stderr, exitCode } = await p2p(argv, dir, LIMIT_MS);
            expect([exitCode, stdout]).toEqual([1, ""]);
            expect(stderr).toMatch(/^no\/such\/folder could not be written: [^\n]+\n$/);
          }
        }
      }),
    LIMIT_MS,
  );

  test(
    "Ctrl-C ends it at once",
    () =>
      inFolder(async (dir, base) => {
        const chaos = new PeerProcess({ args: ["chaos", "--base-port", base], cwd: dir });
        await chaos.waitFor(/all checks hold/);
        chaos.signal("SIGINT");
        expect((await chaos.waitForEnd(3_000)).code).toBe(130);
      }),
    LIMIT_MS,
  );
});

test(
  "peers that never repair fail the run, and the broken check is named",
  () =>
    inFolder(async (dir, base) => {
      const preload = join(import.meta.dir, "never-repairs.ts");
      const line = `"${process.execPath}" --preload "${preload}" "${MAIN}" "$@"`;
      const program = script(dir, "never-repairs", line);
      const chaos = join(import.meta.dir, "impatient-chaos.ts");
      const child = reaped(
        Bun.spawn([process.execPath, chaos, program, String(base), "4000"], {
          cwd: dir,
          env: plainEnvironment(),
          stdin: "ignore",
          stdout: "pipe",
          stderr: "pipe",
        }),
      );
      const [stdout] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      await child.exited;
      const document = JSON.parse(stdout);
      const broken = document.checks.filter(
        (each: { verdict: string }) => each.verdict === "failed",
      );
      expect(document).toMatchObject({ verdict: "failed" });
      expect(broken[0]).toMatchObject({ name: "R1" });
      expect(document.faults).toHaveLength(1);
      expect(child.exitCode).toBe(1);
    }),
  LIMIT_MS,
);
