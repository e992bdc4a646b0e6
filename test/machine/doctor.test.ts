/** `p2p doctor` finds what is wrong with a machine, says what to do, and has an exit code for it. */
import { expect, test } from "bun:test";
import { linkSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bash, PROGRAM } from "../support/program.ts";
import { withRing } from "../support/test-ring.ts";

const LIMIT_MS = 60_000;

type Found = { readonly check: string; readonly verdict: string; readonly advice: string | null };

/** Runs a line that ends with `p2p doctor` and more. @returns its exit code, and what it found by its checks */
async function examined(line: string, cwd: string) {
  const { stdout, stderr, exitCode } = await bash(`${line} --json`, cwd);
  expect({ line, stderr }).toEqual({ line, stderr: "" });
  const told: { v: number; well: boolean; findings: readonly Found[] } = JSON.parse(stdout);
  expect(told.v).toBe(1);
  expect(told.well).toBe(exitCode === 0);
  for (const { verdict, advice } of told.findings) expect(advice === null).toBe(verdict === "ok");
  const verdicts = (check: string) =>
    told.findings.filter((each) => each.check === check).map(({ verdict }) => verdict);
  return { exitCode, verdicts, checks: [...new Set(told.findings.map(({ check }) => check))] };
}

async function withFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-doctor-"));
  try {
    await body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test(
  "looks at all, and leaves nothing behind",
  async () => {
    await withFolder(async (dir) => {
      const { checks } = await examined("p2p doctor", dir);
      const all = ["ports", "UDP", "clock", "disk", "descriptors", "versions", "firewall"];
      expect(checks).toEqual(all);
      const { stdout, exitCode } = await bash("p2p doctor; echo; ls -A | wc -l", dir);
      expect(exitCode).toBe(0);
      for (const check of all) expect(stdout).toMatch(new RegExp(`^(ok|warning) +${check} `, "m"));
      expect(stdout).toEndWith("\n0\n");
    });
  },
  LIMIT_MS,
);

test(
  "finds a port that is taken, a folder that cannot be written, a peer that is not there",
  async () => {
    await withFolder(async (dir) => {
      const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      const { port } = taken;
      try {
        const busy = await examined(`p2p doctor --port ${port}`, dir);
        expect(busy).toMatchObject({ exitCode: 0 });
        expect(busy.verdicts("ports")).toEqual(["warning"]);
        const there = await examined(`p2p doctor 127.0.0.1:${port}`, dir);
        expect(there.verdicts("firewall").at(-1)).toBe("ok");
      } finally {
        taken.stop(true);
      }
      const away = await examined(`p2p doctor 127.0.0.1:${port}`, dir);
      expect(away.exitCode).toBe(1);
      expect(away.verdicts("firewall").at(-1)).toBe("wrong");
      writeFileSync(join(dir, "file"), "");
      const folder = await examined("p2p doctor --data file", dir);
      expect(folder.exitCode).toBe(1);
      expect(folder.verdicts("disk")).toEqual(["wrong"]);
      const otherFolder = await examined("p2p doctor --host 192.0.2.1", dir);
      expect(otherFolder.exitCode).toBe(1);
      expect(otherFolder.verdicts("ports")).toEqual(["wrong"]);
      const few = await examined("ulimit -n 200; p2p doctor", dir);
      expect(few.verdicts("descriptors")).toEqual(["warning"]);
      expect((await bash("p2p doctor here", dir)).exitCode).toBe(2);
    });
  },
  LIMIT_MS,
);

test.skipIf(process.platform !== "linux")(
  "finds peers that another program has started",
  async () => {
    await withRing(
      async (ring) => {
        expect((await examined("p2p doctor", ring.cwd)).verdicts("versions")).toEqual(["ok"]);
        const other = join(ring.folder("other"), "p2p");
        // Another file, though of the same bytes: as after an upgrade.
        try {
          linkSync(PROGRAM, other);
        } catch {
          return;
        }
        const found = await examined(`"${other}" doctor`, ring.cwd);
        expect(found.verdicts("versions")).toEqual(["ok", "warning"]);
      },
      [2, 9],
    );
  },
  LIMIT_MS,
);
