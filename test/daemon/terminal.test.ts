/** A peer, and a ring, at a terminal: the keys that end typing, stop and go on, and interrupt. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import { PROGRAM } from "../support/program.ts";
import { AtTerminal, HAS_TERMINALS, KEYS } from "../support/terminal.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

const LIMIT_MS = 60_000;
const PROMPT = "> ";

/** Peer 2, alone, started by a shell that says with which code it ended. */
async function atPeer(
  run: (at: AtTerminal, ring: TestRing) => Promise<void>,
  scriptOf = (line: string) => `trap : INT; ${line}; echo "code $?"`,
): Promise<void> {
  await withRing(async (ring) => {
    const line = `"$0" init 2 2 2 1 --base-port ${ring.ports.base}`;
    const at = new AtTerminal(scriptOf(line), ring.cwd);
    try {
      await run(at, ring);
    } finally {
      await at.close();
    }
  });
}

function typed(ring: TestRing, line: string): Promise<void> {
  return controlClient(ring.folderOf(2)).type(line);
}

/** Waits until the peer is in its ring of one. */
async function inRing(ring: TestRing): Promise<void> {
  const control = controlClient(ring.folderOf(2));
  await ring.wake.until("a peer in its ring", 20_000, async () => {
    const outcome = await control.where("2067").catch(() => null);
    return outcome?.kind === "where" ? true : null;
  });
}

describe.skipIf(!HAS_TERMINALS)("at a peer's terminal", () => {
  test(
    "Ctrl-D ends typing and not the peer, whose lines go on; Ctrl-C then ends it",
    () =>
      atPeer(async (at, ring) => {
        await at.waitFor(PROMPT);
        at.press(KEYS.ctrlD);
        await at.waitFor("Nothing more is read from this terminal");
        await inRing(ring);
        // Both ways of printing: a sentence, and a line of the transcript.
        await typed(ring, "nonsense");
        await at.waitFor('"nonsense" is no command');
        await typed(ring, "request 2067");
        await at.waitFor("No peer holds file 2067");
        await typed(ring, "store 2067");
        await at.waitFor("Store 2067 request accepted");
        expect(at.ended).toBe(false);
        at.press(KEYS.ctrlC);
        await at.waitFor("code 130");
      }),
    LIMIT_MS,
  );

  test(
    "Ctrl-D after which it leaves its ring ends as ever",
    () =>
      atPeer(async (at, ring) => {
        await at.waitFor(PROMPT);
        at.press(KEYS.ctrlD);
        await at.waitFor("Nothing more is read");
        await inRing(ring);
        await typed(ring, "quit");
        await at.waitFor("code 0");
      }),
    LIMIT_MS,
  );

  test(
    "in the background it runs and prints, and takes what is typed once it is brought forward",
    () =>
      atPeer(
        async (at, ring) => {
          await inRing(ring);
          await typed(ring, "nonsense");
          await at.waitFor('"nonsense" is no command');
          at.press("\r");
          await at.waitFor(PROMPT);
          at.press("rubbish\r");
          await at.waitFor('"rubbish" is no command');
          at.press("quit\r");
          await at.waitFor("code 0");
        },
        (line) => `set -m; ${line} & read -r _; fg; echo "code $?"`,
      ),
    LIMIT_MS,
  );

  test(
    "a terminal that goes away without a word takes nothing along",
    () =>
      atPeer(
        async (at, ring) => {
          await at.waitFor(PROMPT);
          await inRing(ring);
          at.hangUp();
          await typed(ring, "request 2067");
          await inRing(ring);
          await typed(ring, "quit");
          await at.waitForEnd();
          expect(readFileSync(join(ring.cwd, "code"), "utf8")).toBe("0\n");
        },
        (line) => `trap "" HUP; ${line}; echo $? > code`,
      ),
    LIMIT_MS,
  );

  test(
    "Ctrl-D where its lines go to a file ends typing alone, too",
    () =>
      atPeer(
        async (at, ring) => {
          await inRing(ring);
          at.press(KEYS.ctrlD);
          // Nothing is read any more: what is typed now is for whoever has the terminal next.
          at.press(`quit${KEYS.enter}`);
          await at.waitFor("quit");
          await typed(ring, "store 2067");
          const log = Bun.file(`${ring.cwd}/log`);
          await ring.wake.until("its line", 20_000, async () =>
            (await log.text()).includes("Store 2067 request accepted") ? true : null,
          );
          expect(at.ended).toBe(false);
        },
        (line) => `${line} > log`,
      ),
    LIMIT_MS,
  );

  test(
    "Ctrl-Z stops it, and after fg it takes what is typed, once and again",
    () =>
      atPeer(
        async (at, ring) => {
          let seen = await at.waitFor("$ ");
          at.press(`"${PROGRAM}" init 2 2 2 1 --base-port ${ring.ports.base}${KEYS.enter}`);
          seen = await at.waitFor(PROMPT, seen);
          for (const name of ["one", "two"]) {
            at.press(KEYS.ctrlZ);
            seen = await at.waitFor("Stopped", seen);
            at.press(`fg${KEYS.enter}`);
            seen = await at.waitFor(PROMPT, seen);
            at.press(`${name}${KEYS.enter}`);
            seen = await at.waitFor(`"${name}" is no command`, seen);
          }
          at.press(`quit${KEYS.enter}`);
          await at.waitFor("$ ", seen);
        },
        () => "PS1='$ ' exec bash --norc -i",
      ),
    LIMIT_MS,
  );

  test(
    "a ring takes what is typed after Ctrl-Z and fg, and Ctrl-D ends it",
    () =>
      withRing(async (ring) => {
        const at = new AtTerminal("PS1='$ ' exec bash --norc -i", ring.cwd);
        try {
          let seen = await at.waitFor("$ ");
          const line = `"${PROGRAM}" ring --ids 1,2 --base-port ${ring.ports.base}`;
          at.press(`${line}; echo "code $?"${KEYS.enter}`);
          await at.waitFor("is steady");
          seen = await at.waitFor(PROMPT, seen);
          at.press(KEYS.ctrlZ);
          seen = await at.waitFor("Stopped", seen);
          at.press(`fg${KEYS.enter}`);
          seen = await at.waitFor(PROMPT, seen);
          at.press(`kill 3${KEYS.enter}`);
          seen = await at.waitFor("There is no peer 3 in this ring", seen);
          at.press(KEYS.ctrlD);
          await at.waitFor("$ ", seen);
        } finally {
          await at.close();
        }
      }),
    LIMIT_MS,
  );
});
