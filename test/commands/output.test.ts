/** Output that nobody takes: a full disk and a closed descriptor are told of, a reader that went away is not. */
import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bash } from "../support/program.ts";
import { withRing } from "../support/test-ring.ts";

const LIMIT_MS = 180_000;
const FULL = "/dev/full";

/** A pipe whose reader has gone before anything is written. */
const INTO_NOTHING = "exec 4> >(true); wait $!;";

/** What a store says beside its receipt in a ring of one. */
const FEWER = /^stored \d+: 1 of 3 copies; the ring has 1 peer\n/;

/** What is said of standard output where it is closed, beside what a command says anyway. */
const CLOSED =
  /^((chaos would be in|stored|removed) [^\n]*\n)?What was to be printed [^\n]*\(it is closed\)[^\n]*\n$/;

const ALONE = ["help", "help ring", "--version", "sim --seeds 1", "sim --seed 3 --json"];
/** Those that take no time even on a busy machine. */
const SHORT = [
  ...ALONE.filter((argv) => !argv.startsWith("sim")),
  `sim --scenario ${join(import.meta.dir, "../transcripts/ring-of-one.txt")}`,
];
const AT_A_PEER = [
  "store 2067.pdf --name 2067",
  "store 2067.pdf --name 4103 --json",
  "where 2067",
  "request 2067",
  "request 2067 --json",
  "status",
  "status --json",
  "status --all",
  "health",
  "health --json",
  "ls",
  "ls --json",
  "scrub",
  "rm 2067",
];

describe.skipIf(!existsSync(FULL))("output that is not taken", () => {
  test(
    "is told of by every command, with exit code 1; but not where its reader has gone",
    () =>
      withRing(
        async (ring) => {
          writeFileSync(join(ring.cwd, "2067.pdf"), "some content");
          const chaos = [`chaos --dry-run --own --base-port ${ring.ports.base + 9}`];
          for (const argv of [...ALONE, ...chaos, ...AT_A_PEER]) {
            const full = await bash(`p2p ${argv} > ${FULL}`, ring.cwd);
            expect([argv, full.exitCode, full.stderr]).toEqual([
              argv,
              1,
              expect.stringMatching(
                /^((chaos would be in|stored|removed) [^\n]*\n)?What was to be printed [^\n]*the disk is full[^\n]*\n$/,
              ),
            ]);
            // What the first run did may be in the way of the second, which then says so.
            if (argv === "rm 2067") continue;
            const missing = await bash(`${INTO_NOTHING} p2p ${argv} >&4`, ring.cwd);
            const said = argv.startsWith("chaos") ? "chaos would be in a ring of its own\n" : "";
            const stderr = missing.stderr.replace(FEWER, "");
            expect([argv, missing.exitCode, stderr]).toEqual([argv, 141, said]);
          }
        },
        [2],
      ),
    LIMIT_MS,
  );

  test(
    "is told of by every command where it is closed, whatever else is closed as well",
    () =>
      withRing(
        async (ring) => {
          writeFileSync(join(ring.cwd, "2067.pdf"), "some content");
          const chaos = [`chaos --dry-run --own --base-port ${ring.ports.base + 9}`];
          for (const argv of [...SHORT, ...chaos, ...AT_A_PEER]) {
            const closed = await bash(`p2p ${argv} >&-`, ring.cwd);
            expect([argv, closed.exitCode, closed.stderr]).toEqual([
              argv,
              1,
              expect.stringMatching(CLOSED),
            ]);
            if (argv === "rm 2067") continue;
            const all = await bash(`p2p ${argv} <&- >&- 2>&-`, ring.cwd);
            expect([argv, all.exitCode, all.stdout, all.stderr]).toEqual([argv, 1, "", ""]);
            // What is printed, and the exit code, are those of a command whose other streams are there.
            const open = await bash(`p2p ${argv}`, ring.cwd);
            const others = await bash(`p2p ${argv} <&- 2>&-`, ring.cwd);
            expect([argv, others.exitCode, others.stderr]).toEqual([argv, open.exitCode, ""]);
            expect([argv, others.stdout === ""]).toEqual([argv, open.stdout === ""]);
          }
        },
        [2],
      ),
    LIMIT_MS,
  );

  test(
    "is told of where a file's own bytes go there, and so is input that is closed",
    () =>
      withRing(
        async (ring) => {
          const stored = await bash("printf abc | p2p store - --name 4103", ring.cwd);
          expect([stored.exitCode, stored.stderr.replace(FEWER, "")]).toEqual([0, ""]);
          const request = await bash("p2p request 4103 -o - >&-", ring.cwd);
          expect([request.exitCode, request.stderr]).toEqual([
            1,
            "Standard output did not take all of it: it is closed, so choose a file with -o instead.\n",
          ]);
          for (const [from, why] of [
            ["<&-", "closed: give what is to be stored, or name a file."],
            ["< .", "a folder: only the bytes of a file can be stored."],
          ]) {
            const store = await bash(`p2p store - --name 4103 ${from}`, ring.cwd);
            expect([store.exitCode, store.stdout, store.stderr]).toEqual([
              1,
              "",
              `Standard input is ${why}\n`,
            ]);
          }
          // Nothing at all is something to store; and a closed output is not taken for such an input.
          const nothing = await bash("p2p store - --name 2067 < /dev/null >&-", ring.cwd);
          expect([nothing.exitCode, nothing.stderr]).toEqual([1, expect.stringMatching(CLOSED)]);
          const back = await bash("p2p request 4103 -o -; p2p request 2067 -o -", ring.cwd);
          expect([back.exitCode, back.stdout]).toEqual([0, "abc"]);
        },
        [2],
      ),
    LIMIT_MS,
  );

  test("is not told of where nothing is to be printed, or the null device takes it", async () => {
    const wrong = await bash("p2p nonsense >&-", "/");
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      'Unknown command "nonsense"; see p2p help\n',
    ]);
    for (const into of ["> /dev/null", "1<> /dev/null"]) {
      const taken = await bash(`p2p --version ${into}`, "/");
      expect([into, taken.exitCode, taken.stderr]).toEqual([into, 0, ""]);
    }
  });

  test(
    "ends a ring, which says so",
    () =>
      withRing(async (ring) => {
        const line = `p2p ring --ids 1,2 --base-port ${ring.ports.base}`;
        const full = await bash(`${line} > ${FULL}`, ring.cwd);
        expect(full.exitCode).toBe(1);
        expect(full.stderr).toMatch(/^What was to be printed [^\n]*the disk is full[^\n]*\n$/);
        const closed = await bash(`${line} >&-`, ring.cwd);
        expect([closed.exitCode, closed.stderr]).toEqual([1, expect.stringMatching(CLOSED)]);
        const missing = await bash(`${INTO_NOTHING} ${line} >&4`, ring.cwd);
        expect([missing.exitCode, missing.stderr]).toEqual([141, ""]);
      }),
    LIMIT_MS,
  );

  test.each([
    ["a full disk, which it says once", `> ${FULL}`, 1],
    ["a closed descriptor, which it says once", ">&-", 1],
    ["a reader that has gone", ">&4", 0],
  ])(
    "does not end a peer: %s",
    (_, into, times) =>
      withRing(async (ring) => {
        // It comes into its ring at some time, and then prints a line for each of these.
        const typed = "{ for i in {1..10}; do echo store 2067; sleep 0.1; done; echo quit; }";
        const peer = `p2p init 2 2 2 1 --base-port ${ring.ports.base}`;
        const ended = await bash(`${INTO_NOTHING} ${typed} | ${peer} ${into}`, ring.cwd);
        expect(ended.exitCode).toBe(0);
        expect(ended.stderr).toContain("File 2067 was placed");
        expect(ended.stderr.split("Lines of this peer are lost").length - 1).toBe(times);
      }),
    LIMIT_MS,
  );
});
