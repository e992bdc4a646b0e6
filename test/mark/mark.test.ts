/** `p2p mark` from outside: what it gives to programs that are right, wrong and wild, and that nothing is left of them. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cagePrefix } from "../../src/foreign/cage.ts";
import { findUser } from "../../src/foreign/user.ts";
import { misfitsOfDocument } from "../support/documents.ts";
import { type Ended, PROGRAM, p2p } from "../support/program.ts";

const LIMIT_MS = 240_000;
const PROGRAMS = join(import.meta.dir, "programs");
const FULL = join(import.meta.dir, "../transcripts/owner-with-a-full-disk.txt");

/** Each program has the ports of the assignment, so here it has to have a network of its own. */
const dir = mkdtempSync(join(tmpdir(), "p2p-mark-test-"));
const caged = (await cagePrefix(dir)) !== null;
rmSync(dir, { recursive: true, force: true });
/** Root can have a program run as somebody else. */
const ROOT = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
const python = Bun.which("python3") !== null;

function lacks(...wanted: readonly (readonly [there: boolean, what: string])[]): string | null {
  return wanted.find(([there]) => !there)?.[1] ?? null;
}

/** A test that says in its name why it is left out, where it is. */
function testWith(missing: string | null, name: string, run: () => Promise<void>): void {
  if (missing === null) test(name, run, LIMIT_MS);
  else test.skip(`${name} (left out: ${missing})`, run);
}

const noCage = lacks([caged, "no namespaces can be had"]);
const noPython = lacks([caged, "no namespaces can be had"], [python, "there is no python3"]);

async function mark(exec: string, ...flags: readonly (string | number)[]): Promise<Ended> {
  return await p2p(["mark", "--interval", 0.25, "--exec", exec, ...flags], tmpdir(), LIMIT_MS);
}

/** @returns marks, notes and the rest of the document */
async function marked(exec: string, ...flags: readonly (string | number)[]) {
  const document = JSON.parse((await mark(exec, "--json", ...flags)).stdout);
  expect(misfitsOfDocument(document)).toEqual([]);
  return document;
}

/** Two submissions that end at once. */
async function markClass(dir: string): Promise<Ended> {
  for (const name of ["alice", "bob"]) {
    mkdirSync(join(dir, "class", name), { recursive: true });
    const script = `touch left; echo "${name} has no idea as $(id -u)" >&2; exit 3`;
    writeFileSync(join(dir, "class", name, "run.sh"), script);
  }
  const files = ["--csv", join(dir, "marks.csv"), "--gradescope", join(dir, "out")];
  const user = ROOT ? ["--user", "nobody"] : [];
  const flags = ["--all", join(dir, "class"), "--limit", 1, "--jobs", 2, "--at-least", 1];
  return await mark("sh run.sh", ...flags, ...user, ...files);
}

async function playScenario(exec: string): Promise<Ended> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-mark-test-"));
  const path = join(dir, "some.txt");
  writeFileSync(path, SCENARIO);
  const run = await mark(exec, "--json", "--limit", 4, "--scenario", path);
  rmSync(dir, { recursive: true, force: true });
  return run;
}

async function inFolder(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-mark-test-"));
  try {
    await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const SCENARIO = `ring 2 4 5
calm
file 4101 5000
2 types Request 4101
  4     Request for File 4101 has been received, but the file is not stored here
  5     File 4101 is stored here
  5     The file has been sent
  2     File 4101 received
quit 4
  2     Peer 4 will depart from the network
  5   ! what nobody else is asked
`;

/** Does something when it is first wanted, and not again. */
function once<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}

/** The processes that have this word in their command line. */
function processesWith(word: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word);
    } catch {
      return false;
    }
  });
}

describe("p2p mark", () => {
  const script = (name: string): string => `python3 '${join(PROGRAMS, name)}'`;
  // Most of the time they wait: together they take no longer than one.
  const runs = once(() => ({
    own: [mark(PROGRAM, "--strict"), mark(PROGRAM, "--at-least", 90)],
    student: python ? mark(script("short.py"), "--limit", 5, "--at-least", 88) : null,
    scenario: python ? playScenario(script("short.py")) : null,
  }));

  testWith(noCage, "gives this very program all marks, and so again, to the letter", async () => {
    for (const { stdout, exitCode } of await Promise.all(runs().own)) {
      expect(stdout).toMatch(/^together +90\.0 +90$/m);
      expect(exitCode).toBe(0);
    }
  });

  testWith(noPython, "marks a student's program, and tells which line was missing", async () => {
    const run = await runs().student;
    expect(run?.stdout).toMatch(/^together +87\.8 +90$/m);
    expect(run?.stdout).toContain(
      "  peer 8: The file has been sent\n    it printed nothing like it\n",
    );
    expect(run?.stdout).toMatch(
      /\n {2}peer 8: File 4103 is stored here\n {4}it printed, after [\d.]+ m?s: "> FILE 4103 IS KEPT HERE\."\n/,
    );
    expect(run?.exitCode).toBe(1);
  });

  testWith(noCage, "marks a class, each submission in a copy of its folder", async () => {
    await inFolder(async (dir) => {
      const { stdout, exitCode } = await markClass(dir);
      expect(stdout).toMatch(/^alice( +0\.0){7}$/m);
      expect(stdout).toMatch(/^bob( +0\.0){7}$/m);
      expect(exitCode).toBe(1);
      expect(readFileSync(join(dir, "marks.csv"), "utf8")).toContain("\r\nbob,0,0,0,0,0,0,0,\r\n");
      const results = JSON.parse(readFileSync(join(dir, "out/bob.json"), "utf8"));
      const uid = ROOT ? findUser("nobody")?.uid : process.getuid?.();
      expect(results.output).toContain(
        `exit code 3: bob has no idea as ${caged && !ROOT ? 0 : uid}`,
      );
      // The copies are gone, and what was written into them is not here.
      expect(readdirSync(join(dir, "class/bob"))).toEqual(["run.sh"]);
    });
  });

  testWith(noPython, "ends whatever a program started, and goes on to the end", async () => {
    const word = `wild-${crypto.randomUUID()}`;
    const documents = await Promise.all(
      ["each", "bursts"].map((kind) =>
        marked(`${script("wild.py")} ${kind} ${word}`, "--limit", 1.5),
      ),
    );
    expect(processesWith(word)).toEqual([]);
    for (const document of documents) {
      expect(document.marks.got).toBeLessThan(1);
      expect(document.checks).toHaveLength(6);
    }
    const [ofEach, ofBursts] = documents.map(({ notes }) => notes.join("\n"));
    expect(ofBursts).toContain("the program started more than 400 processes");
    expect(ofBursts).toContain("at pipes the program printed nothing at first");
    expect(ofEach).toContain("peer 5: printed more than 4 MB, and had to be ended");
    expect(ofEach).toContain(
      "peer 14: ended unasked, with exit code 1: peer 14: no idea what to do",
    );
  });

  testWith(noPython, "plays a scenario, and tells what was printed instead", async () => {
    const run = await runs().scenario;
    const document = JSON.parse(run?.stdout ?? "");
    expect(misfitsOfDocument(document)).toEqual([]);
    const { checks, verdict } = document;
    expect([verdict, run?.exitCode]).toEqual(["failed", 1]);
    const [calm, request, quit] = checks;
    expect(calm).toMatchObject({ name: "line 2", title: "calm", verdict: "passed", why: null });
    expect(request.missing).toEqual([
      {
        peer: 5,
        what: "File 4101 is stored here",
        kind: "line",
        instead: {
          text: expect.stringMatching(/FILE 4101 IS KEPT HERE\.$/),
          afterMs: expect.any(Number),
        },
      },
      { peer: 5, what: "The file has been sent", kind: "line", instead: null },
    ]);
    expect(request.why).toBe("peer 5 did not print: File 4101 is stored here (and 1 other line)");
    expect(request.peers).toEqual([5]);
    expect(quit).toMatchObject({ line: 9, verdict: "passed", missing: [] });
    expect(checks).toHaveLength(3);
  });

  testWith(noCage, "is not calm where every peer has ended", async () => {
    const scenario = join(import.meta.dir, "../transcripts/assignment-quit.txt");
    const { stdout, exitCode } = await mark("false", "--limit", 5, "--scenario", scenario);
    expect(stdout).toContain("calm: R4 does not hold: peer 2 ended unasked, with exit code 1");
    expect(stdout).toContain(
      "  peer 9: ends with exit code 0\n    it ended unasked, with exit code 1\n",
    );
    expect(stdout).toEndWith(
      "failed: 0 of 6 lines printed, 1 peer did not end well, 2 calms not so\n",
    );
    expect(exitCode).toBe(1);
  });

  test.each([
    [[], "--exec is missing"],
    [["--exec", "  "], "--exec names no program"],
    [["--exec", "no-such-program x"], 'a program that is not there: "no-such-program"'],
    [["--exec", "sh 'x"], "a quotation mark without its pair"],
    [["--exec", "sh", "--at-least", "91"], "--at-least must be a number from 0 to 90"],
    [["--exec", "sh", "--dir", "no-such-folder"], "--dir names no folder"],
    [["--exec", "sh", "--jobs", "2"], "--jobs goes with --all"],
    [["--exec", "sh", "--all", tmpdir(), "--dir", tmpdir()], "Give --dir or --all, not both"],
    [["--exec", "sh", "--limit", "0"], "--limit must be a number of seconds"],
    [["--exec", "sh", "--scenario", "no-such-file"], "--scenario names no file"],
    [["--exec", "sh", "--scenario", FULL], 'line 5: "full 19" cannot be done'],
    [["--exec", "sh", "--scenario", FULL, "--at-least", "1"], "--at-least is for the rubric"],
  ])("refuses %j", async (flags, sentence) => {
    const { stderr, stdout, exitCode } = await p2p(["mark", ...flags], tmpdir());
    expect(stderr).toContain(sentence);
    expect([stdout, exitCode]).toEqual(["", 2]);
  });
});
