/** `p2p chaos --exec` from outside: the true verdict on another program's ring. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cagePrefix } from "../../src/foreign/cage.ts";
import { misfitsOfDocument } from "../support/documents.ts";
import { lacks } from "../support/own-network.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 120_000;
const LOOPS = `python3 '${join(import.meta.dir, "../mark/programs/loops.py")}' word`;

const home = mkdtempSync(join(tmpdir(), "p2p-foreign-"));
const caged = (await cagePrefix(home)) !== null;
rmSync(home, { recursive: true, force: true });
const missing = lacks(
  [caged, "no namespaces can be had"],
  [Bun.which("python3") !== null, "there is no python3"],
);
const name =
  "a ring that loops after two adjacent deaths at once fails R4, and passes one after the other";

(missing === null ? test : test.skip)(
  missing === null ? name : `${name} (left out: ${missing})`,
  async () => {
    const flags = ["--interval", 0.2, "--ids", "2,4,5,8,9,14", "--every", 0.1, "--json"];
    const chaos = (...more: (string | number)[]) =>
      p2p(["chaos", "--exec", LOOPS, "--seed", 3, ...flags, ...more], tmpdir(), LIMIT_MS);
    const [together, apart] = await Promise.all([
      chaos("--kills", 1, "--spread", "adjacent", "--limit", 2),
      chaos("--kills", 2),
    ]);
    const failed = JSON.parse(together.stdout);
    const passed = JSON.parse(apart.stdout);
    expect([...misfitsOfDocument(failed), ...misfitsOfDocument(passed)]).toEqual([]);
    expect(failed).toMatchObject({ verdict: "failed", exitCode: 1, copies: 0 });
    expect(failed.why).toMatch(/^R4 does not hold: first successors from peer \d+ lead /);
    expect(failed.checks.map((check: { name: string }) => check.name)).not.toContain("R6");
    expect(together.exitCode).toBe(1);
    expect(passed).toMatchObject({ verdict: "passed", program: LOOPS });
    expect(passed.faults).toHaveLength(2);
    expect(passed.files.stored).toBeGreaterThan(0);
    expect(passed.files.reads).toBeGreaterThan(0);
    expect(apart.exitCode).toBe(0);
  },
  LIMIT_MS,
);

(missing === null ? test : test.skip)(
  "a program that is no ring proves nothing, and takes no more than there is for it",
  async () => {
    const wild = `python3 '${join(import.meta.dir, "../mark/programs/wild.py")}'`;
    const chaos = (kind: string) =>
      p2p(["chaos", "--exec", `${wild} ${kind} word`, "--limit", 2], tmpdir(), LIMIT_MS);
    const [bursts, ends] = await Promise.all([chaos("bursts"), chaos("ends")]);
    expect(bursts.stdout).toMatch(/^inconclusive: .* was ended: the program (started|used) more/m);
    expect(ends.stdout).toMatch(
      /^inconclusive: .* with exit code 1: peer \d+: no idea what to do$/m,
    );
    expect([bursts.exitCode, ends.exitCode]).toEqual([3, 3]);
  },
  LIMIT_MS,
);

test.each([
  [["--exec", "no-such-program"], "--exec names a program that is not there"],
  [["--exec", "sh", "--faults", "partition"], "--faults partition cannot be done to another"],
  [["--exec", "sh", "--load", "4"], "--load is for p2p's own peers"],
  [["--exec", "sh", "--ids", "2,4,5"], "--ids must name 5 peers or more"],
  [["--interval", "2"], "--interval goes with --exec"],
  [["--self-test", "--kills", "2"], "--kills does not go with --self-test"],
])("p2p chaos refuses %j", async (flags, sentence) => {
  const { stderr, exitCode } = await p2p(["chaos", ...flags], tmpdir());
  expect(stderr).toContain(sentence);
  expect(exitCode).toBe(2);
});
