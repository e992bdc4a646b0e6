/** What helps a person who types at a ring's prompt. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complete } from "../../src/lab/completing.ts";
import { HISTORY_BYTES, HISTORY_LINES } from "../../src/lab/limits.ts";
import { Stop } from "../../src/lab/stop.ts";
import { TypedHistory } from "../../src/lab/typed-history.ts";
import { AtTerminal, HAS_TERMINALS, KEYS } from "../support/terminal.ts";

const RING = {
  running: [8, 80, 9],
  frozen: [14],
  ended: [19, 2],
  words: ["Store", "Request", "Quit"],
  files: ["2067", "2168", "1000"],
};

test.each([
  [
    "",
    [
      "add",
      "explain",
      "freeze",
      "help",
      "join",
      "kill",
      "quit",
      "start",
      "status",
      "thaw",
      "8",
      "80",
      "9",
    ],
  ],
  ["s", ["start", "status"]],
  ["K", ["kill"]],
  ["8", ["8", "80"]],
  ["kill ", ["8", "80", "9", "14"]],
  ["kill 8 8", ["80"]],
  ["freeze ", ["8", "80", "9"]],
  ["thaw ", ["14"]],
  ["start ", ["19", "2"]],
  ["start 19 ", []],
  ["join 19 ", ["8", "80", "9"]],
  ["8 ", ["Store", "Request", "Quit"]],
  ["8 st", ["Store"]],
  ["  8  Store 2", ["2067", "2168"]],
  ["8 quit ", []],
  ["status ", []],
])("Tab behind %j", (line, hits) => {
  const word = /\S*$/.exec(line)?.[0] ?? "";
  expect(complete(line, RING)).toEqual([hits.map((hit) => `${hit} `), word]);
});

test("what is typed is remembered in a small file of this user's, the latest last and each once", () => {
  const before = process.env["XDG_STATE_HOME"];
  const state = mkdtempSync(join(tmpdir(), "p2p-history-"));
  const path = join(state, "p2p", "ring-history");
  process.env["XDG_STATE_HOME"] = state;
  try {
    const history = new TypedHistory();
    expect(history.read()).toEqual([]);
    for (const line of ["kill 14", " status ", "", "kill 14", "an \u001b escape"])
      history.add(line);
    expect(history.read()).toEqual(["kill 14", "status"]);
    expect(readFileSync(path, "utf8")).toBe("status\nkill 14\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (let i = 0; i < HISTORY_LINES + 5; i++) history.add(`${i}`);
    expect(history.read()).toHaveLength(HISTORY_LINES);
    expect(history.read()[0]).toBe(`${HISTORY_LINES + 4}`);
    for (const letter of "abcd") history.add(letter.repeat(HISTORY_BYTES / 3));
    expect(statSync(path).size).toBeLessThanOrEqual(HISTORY_BYTES + 1);
    history.add("e".repeat(HISTORY_BYTES + 1));
    expect(history.read()[0]?.[0]).toBe("d");
    writeFileSync(path, "x".repeat(1e6));
    expect(history.read()).toEqual([]);
  } finally {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
    rmSync(state, { recursive: true, force: true });
  }
});

test("a second Ctrl-C does not wait, and nothing else is one", () => {
  const stop = new Stop();
  let times = 0;
  try {
    stop.onAgain(() => times++);
    stop.wish("SIGINT");
    stop.wish("asked");
    expect(times).toBe(0);
    stop.wish("SIGINT");
    expect(times).toBe(1);
    expect(stop.why).toBe("SIGINT");
  } finally {
    stop.release();
  }
});

test.if(HAS_TERMINALS)(
  "a person is told what to type, and what was typed is there again",
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), "p2p-typing-"));
    const ring = 'unset NO_COLOR; export XDG_STATE_HOME="$PWD/state"; "$0" ring up 1 --plain';
    const at = async (use: (terminal: AtTerminal) => Promise<unknown>) => {
      const terminal = new AtTerminal(ring, cwd);
      try {
        await use(terminal);
        terminal.press(KEYS.ctrlD);
        await terminal.waitForEnd();
      } finally {
        await terminal.close();
      }
    };
    try {
      writeFileSync(join(cwd, "2067.pdf"), "hello");
      await at(async (terminal) => {
        const begun = await terminal.waitFor("1 peer in a ring on this machine: peer 0, at port ");
        const told = await terminal.waitFor("Ctrl-D ends the ring.", begun);
        const prompt = await terminal.waitFor("> ", told);
        terminal.press(`store 2067${KEYS.enter}`);
        const said = await terminal.waitFor(
          "Say at which peer, any of the ring: 0 Store 2067",
          prompt,
        );
        terminal.press("0 s");
        terminal.press("\t");
        const completed = await terminal.waitFor("0 Store ", said + 1);
        terminal.press("2");
        terminal.press("\t");
        await terminal.waitFor("2067 ", completed);
        terminal.press(KEYS.enter);
        await terminal.waitFor("Store 2067 request accepted", completed);
      });
      await at(async (terminal) => {
        const prompt = await terminal.waitFor("> ");
        terminal.press("\x1b[A");
        await terminal.waitFor("> 0 Store 2067", prompt);
        terminal.press("\x1b[A");
        await terminal.waitFor("> store 2067", prompt);
        terminal.press("\x15");
      });
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  },
  60_000,
);
