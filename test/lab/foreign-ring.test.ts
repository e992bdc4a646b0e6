/** `p2p ring --exec` from outside: another program's peers, and that nothing is left of them. */
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lacks, ownNetwork } from "../support/own-network.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 120_000;
const PROGRAMS = join(import.meta.dir, "../mark/programs");
const inside = ownNetwork();
const missing = lacks(
  [inside !== null, "no namespaces can be had"],
  [Bun.which("python3") !== null, "there is no python3"],
);

function processesWith(word: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word);
    } catch {
      return false;
    }
  });
}

const name = "p2p ring --exec shows what a student's peers print, and ends all that they started";
(missing === null ? test : test.skip)(
  missing === null ? name : `${name} (left out: ${missing})`,
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "p2p-foreign-"));
    const word = `sleeper-${crypto.randomUUID()}`;
    const exec = `python3 '${join(PROGRAMS, "loops.py")}' ${word}`;
    const args = ["ring", 5, "--ids", "2,4,5,8,9", "--interval", 0.2, "--exec", exec];
    const ring = new PeerProcess({ args, cwd: dir, inside: inside ?? [] });
    try {
      await ring.waitFor(/^ring of 5 is steady after \d+ ms, by what its peers print$/);
      expect(processesWith(word).length).toBeGreaterThan(5);
      for (const line of ["8 Store 2067", "kill 5", "status", "start 5", "status", "77 Quit"]) {
        ring.type(line);
      }
      ring.closeStdin();
      expect(await ring.waitForEnd(LIMIT_MS)).toEqual({ code: 0, signal: null });
      for (const line of [
        "8   Store 2067 request forwarded to my successor",
        "9   Store 2067 request forwarded to my successor",
        "2   Store 2067 request accepted",
        "4   Peer 5 is no longer alive",
        "5   Join request has been accepted",
        "R1, R2, R3 and R4 hold of 4 peers, by what they print",
      ]) {
        expect(ring.lines).toContain(line);
      }
      expect(ring.lines.filter((line) => line.includes("Ping"))).toEqual([]);
      expect(ring.lines.at(-1)).toBe("R1, R2, R3 and R4 hold of 5 peers, by what they print");
      expect(ring.errors).toEqual(["5   killed", expect.stringContaining("There is no peer 77")]);
      expect(processesWith(word)).toEqual([]);
    } finally {
      await ring.kill();
      rmSync(dir, { recursive: true, force: true });
    }
  },
  LIMIT_MS,
);

test.each([
  [["--exec", "no-such-program"], "--exec names a program that is not there"],
  [["--exec", "sh", "--copies", "2"], "--copies is for p2p's own peers: leave it out with --exec"],
])("p2p ring refuses %j", async (flags, sentence) => {
  const { stderr, exitCode } = await p2p(["ring", 3, ...flags], tmpdir());
  expect(stderr).toContain(sentence);
  expect(exitCode).toBe(2);
});
