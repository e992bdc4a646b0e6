/** The living picture of a ring, at a terminal: first frame, keys, resize, kill, and how the terminal is left. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPorts } from "../support/ports.ts";
import { p2p } from "../support/program.ts";
import { AtTerminal, HAS_TERMINALS, KEYS } from "../support/terminal.ts";

const LIMIT_MS = 90_000;
/** The second screen of a terminal, and the first one again (xterm's control sequences). */
const [ENTER, LEAVE] = ["\x1b[?1049h", "\x1b[?1049l"];
const PEOPLE = 'unset NO_COLOR CI; export TERM=xterm XDG_STATE_HOME="$PWD/state"';
/** Says at the end how the program ended, and whether the terminal is as it was before; a guard may need a moment. */
const asBefore = (command: string) =>
  `${PEOPLE}; was=$(stty -g); ${command}; code=$?
for i in $(seq 200); do [ "$(stty -g)" = "$was" ] && break; sleep 0.05; done
[ "$(stty -g)" = "$was" ] && echo "as it was, code $code"`;

async function atRing(
  command: (base: number) => string,
  use: (terminal: AtTerminal, folder: string, dir: string) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-live-"));
  const ports = await claimPorts();
  const terminal = new AtTerminal(command(ports.base), dir);
  try {
    await use(terminal, join(dir, ".p2p", `ring-${ports.base}`), dir);
  } finally {
    await terminal.close();
    ports.release();
    rmSync(dir, { recursive: true, force: true });
  }
}

test.if(HAS_TERMINALS)(
  "a ring is a picture, in which what is typed is done; it fits its window, and leaves the terminal as it was",
  async () => {
    const ring = (base: number) => asBefore(`"$0" ring 3 --base-port ${base}`);
    await atRing(ring, async (terminal, folder, dir) => {
      const taken = await terminal.waitFor(ENTER);
      await terminal.waitFor("3 alive", taken);
      await terminal.waitFor("every check holds", taken);
      terminal.press(`kill 85${KEYS.enter}`);
      const killed = await terminal.waitFor("1 dead", taken);
      await terminal.waitFor("holds 85 for dead", taken);
      await terminal.waitFor("; was 85, 170", taken);
      terminal.press("?");
      await terminal.waitFor("docs/PROTOCOL.md#", killed);
      terminal.press(" \x1b[D");
      await terminal.waitFor("STOPPED", killed);
      terminal.resize(60, 20);
      const cleared = await terminal.waitFor("\x1b[2J", killed);
      await terminal.waitFor("space goes on", cleared);
      const rows = terminal.text.slice(cleared).split("\n");
      for (const row of rows) expect(Bun.stringWidth(row)).toBeLessThanOrEqual(60);
      terminal.press(KEYS.ctrlD);
      const left = await terminal.waitFor(LEAVE, cleared);
      await terminal.waitFor("To see it again: p2p ring replay ", left);
      await terminal.waitFor("as it was, code 0", left);
      await terminal.waitForEnd();
      const log = readFileSync(join(folder, "ring.jsonl"), "utf8");
      expect(log).toContain('"type":"typed"');
      expect(log).toContain("kill 85");
      await replayed(join(folder, "ring.jsonl"), dir);
    });
  },
  LIMIT_MS,
);

/** The log shows the same again, as lines in a pipe, and as a picture that is left with a key. */
async function replayed(log: string, dir: string): Promise<void> {
  const lines = await p2p(["ring", "replay", log], dir);
  expect(lines.exitCode).toBe(0);
  expect(lines.stdout).toContain("> kill 85\n");
  expect(lines.stdout).toContain("Peer 85 is no longer alive\n");
  const none = await p2p(["ring", "replay", "ring.jsonl"], dir);
  expect(none).toMatchObject({ exitCode: 2, stdout: "" });
  expect(none.stderr).toStartWith('"ring.jsonl" cannot be read');
  const terminal = new AtTerminal(asBefore(`"$0" ring replay ${log} --speed 1000`), dir);
  try {
    const taken = await terminal.waitFor(ENTER);
    await terminal.waitFor("holds 85 for dead", taken);
    terminal.press("q");
    const left = await terminal.waitFor(LEAVE, taken);
    await terminal.waitFor("as it was, code 0", left);
    await terminal.waitForEnd();
  } finally {
    await terminal.close();
  }
}

test.if(HAS_TERMINALS)(
  "a ring that is killed leaves a terminal that can be used, and no peer; Ctrl-C ends it in order",
  async () => {
    const ring = (base: number) => {
      const start = `"$0" ring 2 --base-port ${base}`;
      return `${asBefore(start)}; ${asBefore(start)}`;
    };
    await atRing(ring, async (terminal, folder) => {
      const taken = await terminal.waitFor(ENTER);
      await terminal.waitFor("every check holds", taken);
      const { pid } = JSON.parse(readFileSync(join(folder, "ring.json"), "utf8"));
      process.kill(pid, "SIGKILL");
      const left = await terminal.waitFor(LEAVE, taken);
      await terminal.waitFor("the terminal is as it was", left);
      const again = await terminal.waitFor("as it was, code 137", left);
      // Its ports are free: the next one takes them, and ends by itself.
      const second = await terminal.waitFor(ENTER, again);
      await terminal.waitFor("every check holds", second);
      terminal.press(KEYS.ctrlC);
      await terminal.waitFor("as it was, code 0", second);
      await terminal.waitForEnd();
    });
  },
  LIMIT_MS,
);

test.if(HAS_TERMINALS).each(["TERM=dumb", "NO_COLOR=1", "CI=true", "PLAIN=--plain", "SIZE=0"])(
  "with %s there are lines, and no picture",
  async (setting) => {
    const ring = (base: number) =>
      `${PEOPLE}; export ${setting}; [ -z "$SIZE" ] || stty rows 0 cols 0; "$0" ring 1 --for 0.1 --base-port ${base} $PLAIN; echo over`;
    await atRing(ring, async (terminal) => {
      await terminal.waitFor("ring of 1 is steady after ");
      await terminal.waitFor("over");
      expect(terminal.text).not.toContain(ENTER);
    });
  },
  LIMIT_MS,
);
