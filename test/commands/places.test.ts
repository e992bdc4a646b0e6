/** Places that cannot be used: each is one sentence that names the cause. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { bash, PROGRAM, p2p } from "../support/program.ts";
import { AtTerminal, HAS_TERMINALS } from "../support/terminal.ts";
import { withRing } from "../support/test-ring.ts";

const LIMIT_MS = 120_000;

/** A command line that runs as somebody else than the owner of what this test makes. */
const AS_ANOTHER =
  process.getuid?.() === 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : null;

function another(): boolean {
  if (AS_ANOTHER === null) return false;
  const argv = [...AS_ANOTHER.split(" "), PROGRAM, "--version"];
  try {
    return Bun.spawnSync(argv, { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
  } catch {
    return false;
  }
}

/** Command lines of all commands; the ports are those from `base` on. */
function everyCommand(base: number, data: string): string[] {
  return [
    `init 2 2 2 1 --base-port ${base}`,
    `init --port ${base}`,
    `init --port ${base} --data ${data}`,
    `join 3 2 1 --base-port ${base}`,
    `join 127.0.0.1:${base} --port ${base + 1}`,
    `ring --ids 1,2 --base-port ${base}`,
    `ring --ids 1,2 --base-port ${base} --dir ${data}`,
    "chaos",
    `chaos --own --dry-run --base-port ${base}`,
    "sim --seeds 1",
    "store 2067.pdf",
    "store - --name 2067",
    "request 2067",
    "rm 2067",
    "where 2067",
    "ls",
    `ls --data ${data}`,
    "scrub",
    "status",
    "status --all",
    "health",
  ];
}

const GONE = "The working folder has been deleted: change to another, and run this again.";

/** Goes into a folder that is not there any more. */
const INTO_GONE = 'd=$(mktemp -d "$PWD/gone.XXXX"); cd "$d"; rmdir "$d";';

describe("a place that cannot be used is one sentence:", () => {
  test(
    "a working folder that has been deleted, whatever the command",
    () =>
      withRing(async (ring) => {
        const data = join(ring.cwd, "data");
        for (const line of everyCommand(ring.ports.base, data)) {
          const { exitCode, stdout, stderr } = await bash(`${INTO_GONE} "$0" ${line}`, ring.cwd);
          expect([line, exitCode, stdout, stderr]).toEqual([line, 1, "", `${GONE}\n`]);
        }
        expect(readdirSync(ring.cwd)).toEqual([]);
        // What needs no folder goes without one, and what is wrong with the line itself comes first.
        for (const [line, code, said] of [
          ["--version", 0, /^\d+\.\d+\.\d+\n$/],
          ["help", 0, /^Usage: p2p COMMAND/m],
          ["help ring", 0, /^p2p ring: fork a ring/],
          ["nonsense", 2, /^Unknown command "nonsense"; see p2p help\n$/],
        ] as const) {
          const ended = await bash(`${INTO_GONE} "$0" ${line}`, ring.cwd);
          expect([line, ended.exitCode]).toEqual([line, code]);
          expect(ended.stdout + ended.stderr).toMatch(said);
        }
      }),
    LIMIT_MS,
  );

  test.skipIf(!HAS_TERMINALS)(
    "a working folder that has been deleted, at a terminal",
    () =>
      withRing(async (ring) => {
        for (const line of ["ls", `init --port ${ring.ports.base}`, "ring 8"]) {
          const at = new AtTerminal(`${INTO_GONE} "$0" ${line}; echo "code $?"`, ring.cwd);
          try {
            await at.waitFor("code 1");
            expect([line, at.text]).toEqual([line, expect.stringContaining(`${GONE}\r\ncode 1`)]);
          } finally {
            await at.close();
          }
        }
      }),
    LIMIT_MS,
  );

  test.skipIf(process.platform !== "linux")(
    "a working folder whose path is longer than the system tells",
    () =>
      withRing(async (ring) => {
        const deep = "n=$(printf 'd%.0s' {1..200}); for i in {1..25}; do mkdir $n; cd -P $n; done";
        for (const line of everyCommand(ring.ports.base, join(ring.cwd, "data"))) {
          const inside = `top=$PWD; ${deep}; "$0" ${line}; code=$?; cd "$top"; rm -r d*; exit $code`;
          const { exitCode, stdout, stderr } = await bash(inside, ring.cwd);
          expect([line, exitCode, stdout, stderr]).toEqual([
            line,
            1,
            "",
            "The path of the working folder is too long: change to another, and run this again.\n",
          ]);
        }
      }),
    LIMIT_MS,
  );

  test(
    "a folder for temporary files that is not there",
    () =>
      withRing(async (ring) => {
        const env = { TMPDIR: join(ring.cwd, "none"), XDG_RUNTIME_DIR: "" };
        const chaos = await bash('"$0" chaos --own', ring.cwd, env);
        expect([chaos.exitCode, chaos.stdout]).toEqual([1, ""]);
        expect(chaos.stderr).toMatch(
          /^The folder for temporary files, [^\n]+: set TMPDIR [^\n]+\n$/,
        );
        // A path too long for a socket needs such a folder; there is another.
        const long = join(ring.cwd, "d".repeat(120));
        mkdirSync(long);
        const peer = `"$0" init 2 2 2 1 --base-port ${ring.ports.base}`;
        const asked = 'until "$0" ls 2> err; do sleep 0.1; done';
        const listed = await bash(`${peer} & ${asked}; kill %1; wait`, long, env);
        expect(listed.stdout).toBe("No file is stored in this ring yet.\n");
        expect(existsSync(join(ring.cwd, "none"))).toBe(false);
      }),
    LIMIT_MS,
  );

  test(
    "a folder whose path is too long",
    () =>
      withRing(async (ring) => {
        let deep = ring.cwd;
        while (deep.length < 480) deep = join(deep, "d".repeat(Math.min(100, 482 - deep.length)));
        mkdirSync(deep, { recursive: true });
        const { base } = ring.ports;
        for (const argv of [
          ["init", 2, 2, 2, 1, "--base-port", base],
          ["init", "--port", base],
          ["ring", "--ids", "1,2", "--base-port", base],
        ]) {
          const { stderr, stdout, exitCode } = await p2p(argv, deep);
          expect([exitCode, stdout]).toEqual([1, ""]);
          expect(stderr).toMatch(
            /^The path of the data folder, [^\n]* are the most: choose [^\n]+\n$/,
          );
        }
        expect(readdirSync(deep)).toEqual([]);
      }),
    LIMIT_MS,
  );

  test.skipIf(process.platform !== "linux")(
    "a path that is no text, and nothing is made beside it",
    () =>
      withRing(async (ring) => {
        const { base } = ring.ports;
        for (const line of [
          `"$0" init 2 2 2 1 --base-port ${base}`,
          `"$0" init --port ${base}`,
          '"$0" ls',
          `"$0" ring --ids 1,2 --base-port ${base}`,
        ]) {
          const inside = `d=$(printf 'b\\xffd'); mkdir -p "$d"; cd "$d"; ${line}`;
          const { stderr, stdout, exitCode } = await bash(inside, ring.cwd);
          expect([exitCode, stdout]).toEqual([1, ""]);
          expect(stderr).toMatch(
            /^The path of the working folder, [^\n]+ is no text in UTF-8: [^\n]+\n$/,
          );
        }
        const data = `"$0" init --port ${base} --data "$(printf 'c\\xff')"`;
        const { stderr, exitCode } = await bash(data, ring.cwd);
        expect(exitCode).toBe(2);
        expect(stderr).toMatch(/ is no text in UTF-8: [^\n]+\n$/);
        // Nor is a file that bears the name which such bytes are read as taken for another.
        writeFileSync(join(ring.cwd, "t\ufffd.txt"), "sibling");
        const file = await bash(`"$0" store "$(printf 't\\xff.txt')" --name x`, ring.cwd);
        expect([file.exitCode, file.stdout]).toEqual([2, ""]);
        expect(file.stderr).toMatch(/ is no text in UTF-8: [^\n]+\n$/);
        const sibling = await p2p(["store", "t\ufffd.txt"], ring.cwd);
        expect(sibling.stderr).toStartWith("No peer is running below ");
        rmSync(join(ring.cwd, "t\ufffd.txt"));
        // Such a name can be had as text, too.
        expect(readdirSync(ring.cwd)).toHaveLength(1);
        mkdirSync(join(ring.cwd, "a\ufffd"));
        const named = await p2p(["ls"], join(ring.cwd, "a\ufffd"));
        expect(named.stderr).toStartWith("No peer is running below ");
      }),
    LIMIT_MS,
  );

  test(
    "the folder of a peer that runs already",
    () =>
      withRing(
        async (ring) => {
          const folder = ring.folderOf(2);
          const { base } = ring.ports;
          for (const argv of [
            ["init", 2, 2, 2, 1, "--base-port", base],
            ["init", 2, 2, 2, 1, "--base-port", base, "--data", folder],
            ["init", "--data", folder, "--port", base + 2],
            ["join", `127.0.0.1:${base + 2}`, "--data", folder, "--port", base + 2],
          ]) {
            const { stderr, exitCode } = await p2p(argv, ring.cwd);
            expect([exitCode, stderr]).toEqual([
              1,
              `The data folder ${folder} is in use by process ${ring.peer(2).pid}: stop that, or choose another with --data.\n`,
            ]);
          }
        },
        [2],
      ),
    LIMIT_MS,
  );

  test.skipIf(!another())(
    "another user's peer",
    () =>
      withRing(
        async (ring) => {
          const folder = ring.folderOf(2);
          const open = ["", ".p2p", folder];
          // Opened from without to within: the last has the peer's own folder open, not its process file.
          for (const opened of open) {
            chmodSync(resolve(ring.cwd, opened), 0o755);
            for (const argv of [
              "ls",
              "status --all",
              "status --peer 2",
              `ls --data ${folder}`,
              "chaos",
            ]) {
              const { stderr, stdout, exitCode } = await bash(
                `${AS_ANOTHER} "$0" ${argv}`,
                ring.cwd,
              );
              expect([argv, exitCode, stdout]).toEqual([argv, 1, ""]);
              expect(stderr).toMatch(/^[^\n]+ belongs to another user \(uid 0\), [^\n]+\n$/);
            }
          }
        },
        [2],
      ),
    LIMIT_MS,
  );

  test.skipIf(!another())(
    "another user's peer in a folder that this one may write to: nothing is sent to it, and nothing follows its links",
    () =>
      withRing(
        async (ring) => {
          const victim = resolve(ring.cwd, "victim");
          mkdirSync(victim);
          for (const name of ["log", "view"]) writeFileSync(join(victim, name), "precious");
          await bash(`chown -R 65534:65534 victim; chmod 777 .; chmod -R a+rwX .p2p`, ring.cwd);
          const planted = resolve(ring.cwd, ".p2p/planted");
          mkdirSync(planted, { mode: 0o777 });
          chmodSync(planted, 0o777);
          symlinkSync(join(victim, "log"), join(planted, "events.jsonl"));
          symlinkSync(join(victim, "view"), join(planted, "view.json.tmp"));
          symlinkSync(victim, join(planted, "spool"));
          const run = (argv: string) => bash(`${AS_ANOTHER} "$0" ${argv} </dev/null`, ring.cwd);
          const stored = await run("store - --name 2067");
          const started = await run("init 7 7 7 1 --base-port 20900 --data .p2p/planted");
          const forked = await run("ring --ids 1,2 --base-port 20900");
          for (const { exitCode, stderr, stdout } of [stored, started, forked]) {
            expect([exitCode, stdout]).toEqual([1, ""]);
            expect(stderr).toMatch(/^[^\n]+ belongs to another user \(uid 0\), [^\n]+\n$/);
          }
          expect(readdirSync(victim).sort()).toEqual(["log", "view"]);
          for (const name of ["log", "view"])
            expect(readFileSync(join(victim, name), "utf8")).toBe("precious");
          // A person may say that it is meant all the same.
          const told = await bash(`${AS_ANOTHER} "$0" status --data ${ring.folderOf(2)}`, ring.cwd);
          expect(told.exitCode).toBe(0);
        },
        [2],
      ),
    LIMIT_MS,
  );
});
