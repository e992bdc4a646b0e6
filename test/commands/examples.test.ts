/**
 * Help keeps its word: it fits a terminal, man renders what is made of it, and of each command an example
 * works as it stands, where a ring of 8 runs and the files that it names are there.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bash, PROGRAM, p2p, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";

const LIMIT_MS = 120_000;

/** Run for ever or for long, want a program or a file that somebody else has made, or change this very one: tried elsewhere. */
const TRIED_APART = [
  "init",
  "join",
  "mark",
  "sim",
  "chaos check",
  "upgrade",
  "invite",
  "leave",
  "key rotate",
];
/** Where the first example takes long, or means the only peer in a folder. */
const CHOSEN: Readonly<Record<string, string>> = {
  chaos: "p2p chaos --seed 7 --dry-run",
  man: "p2p man --list",
  store: "p2p store notes.txt --name 2067 --peer 8",
  request: "p2p request 2067 --peer 8",
  where: "p2p where 2067 --peer 8 --json",
  rm: "p2p rm 2067 --peer 8",
  ls: "p2p ls --peer 8 --json",
  scrub: "p2p scrub --peer 8 --json",
  status: "p2p status --peer 8 --lookup 7,200 --json",
  health: "p2p health --peer 8",
};
/** What comes first of all, what follows what, and what comes last. */
const FIRST = ["ring", "ring up", "store", "ring freeze", "ring thaw"];
const LAST = ["rm", "ring restart", "ring kill", "ring add", "ring quit", "ring logs", "ring down"];

let dir = "";
let pages: { readonly name: string; readonly command: string; readonly text: string }[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "p2p-examples-"));
  const { stdout } = await p2p(["man", "--list"], dir);
  pages = await Promise.all(
    stdout
      .trim()
      .split("\n")
      .map(async (name) => {
        const command = name.split("-").slice(1).join(" ");
        const { stdout: text } = await p2p(["man", ...command.split(" ")].filter(Boolean), dir);
        return { name, command, text };
      }),
  );
}, LIMIT_MS);

afterAll(() => rmSync(dir, { recursive: true, force: true }));

test(
  "each command has a page, which man renders without a warning",
  async () => {
    expect(pages.length).toBeGreaterThan(20);
    const files = pages.map(({ name, text }) => {
      const file = join(dir, `${name}.1`);
      writeFileSync(file, text);
      return file;
    });
    for (const { text } of pages) expect(text).toStartWith('.TH "P2P');
    if (Bun.which("man") === null || Bun.which("groff") === null) {
      console.log("    there is no man here: the pages were not rendered");
      return;
    }
    const command = ["man", "--warnings", "-l", ...files];
    const env = plainEnvironment({
      MANWIDTH: "80",
      MANROFFOPT: "-ww",
      PAGER: "cat",
      MANPAGER: "cat",
    });
    const { stdout, stderr, exitCode } = Bun.spawnSync(command, { cwd: dir, env });
    expect({ stderr: stderr.toString(), exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const { name } of pages) expect(stdout.toString()).toContain(name.toUpperCase());
  },
  LIMIT_MS,
);

test(
  "help of every command is as wide as a terminal at most",
  async () => {
    for (const { command } of pages) {
      const { stdout } = await p2p(["help", ...command.split(" ")].filter(Boolean), dir);
      expect(stdout).toContain("Examples:\n  p2p");
      expect(stdout.split("\n").filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
    }
  },
  LIMIT_MS,
);

/** The lines below EXAMPLES, as they are typed. */
function examplesIn(page: string): string[] {
  const part = page.slice(page.indexOf(".SH EXAMPLES"), page.indexOf(".SH SEE ALSO"));
  const lines = [...part.matchAll(/^\.TP\n\.B (.*)$/gm)].map(([, line = ""]) => line);
  return lines.map((line) => line.replaceAll("\\-", "-").replaceAll("\\e", "\\"));
}

describe("an example of each command", () => {
  test(
    "works as it stands",
    async () => {
      const work = join(dir, "work");
      const env = { XDG_STATE_HOME: join(dir, "state") };
      await bash(`mkdir -p ${work}; head -c 9000 /dev/urandom > ${work}/notes.txt`, dir);
      const commands = pages.map(({ command }) => command).filter((name) => name !== "");
      const own = commands.filter((name) => !TRIED_APART.includes(name));
      const middle = own.filter((name) => !FIRST.includes(name) && !LAST.includes(name));
      const following: Bun.Subprocess[] = [];
      try {
        for (const name of [...FIRST, ...middle, ...LAST]) {
          const examples = examplesIn(pages.find(({ command }) => command === name)?.text ?? "");
          const line = CHOSEN[name] ?? examples[0] ?? "";
          expect({ name, examples }).toEqual({
            name,
            examples: expect.arrayContaining([line]),
          });
          if (line.includes("-f")) {
            // It ends when the ring does.
            const command = ["bash", "-c", line.replace("p2p", '"$0"'), PROGRAM];
            const pipes = { stdin: "ignore", stdout: "pipe", stderr: "ignore" } as const;
            const all = plainEnvironment(env);
            const child = reaped(Bun.spawn(command, { cwd: work, env: all, ...pipes }));
            following.push(child);
            await child.stdout.getReader().read();
            continue;
          }
          const { exitCode, stderr, stdout } = await bash(line, work, env);
          expect({ line, exitCode, stderr, stdout }).toMatchObject({ line, exitCode: 0 });
        }
        for (const each of following) expect(await each.exited).toBe(0);
      } finally {
        await bash("p2p ring down --all", work, env);
      }
    },
    LIMIT_MS,
  );
});
