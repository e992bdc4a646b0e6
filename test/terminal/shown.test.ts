/** Nothing that comes from elsewhere reaches a terminal but as text, whatever prints it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Screen } from "../../src/lab/screen.ts";
import { printable } from "../../src/protocol/model/names.ts";
import { EventLog } from "../../src/store/log.ts";
import { emphasized, shown, shownLine } from "../../src/terminal/shown.ts";
import { type FakePeer, fakePeer } from "../control/fake-host.ts";
import { temporaryFolder } from "../store/temporary.ts";
import { p2p } from "../support/program.ts";

const folder = temporaryFolder();
let peer: FakePeer;

/** A title, a cleared screen, C1, a turned direction, and a line that seems to be another. */
const HOSTILE =
  "a\x1b]0;title\x07\x1b[2J\x9b2J\x7f\u202e\u2066\u200f\u061c\u2028\rforged\x00 <0> \x1b[1mbold";
/** What a terminal would obey, but for the end of a line. */
const OBEYED = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

beforeAll(async () => {
  peer = await fakePeer(join(folder.dir, ".p2p/peer"), 77_777, 48);
});
afterAll(async () => {
  await peer.stop();
  folder.remove();
});

test("what a terminal would obey is shown as JSON writes it, and all else as it is", () => {
  expect(shown(HOSTILE)).not.toMatch(OBEYED);
  expect(JSON.parse(shown(JSON.stringify(HOSTILE)))).toBe(HOSTILE);
  const plain = "größer 文 👩‍👧 \u00a0 -> …\nnext";
  expect(shown(plain)).toBe(plain);
  expect(shownLine("one\ntwo")).toBe("one\\u000atwo");
  for (let code = 0; code < 0x3000; code++) {
    const character = String.fromCharCode(code);
    expect([code, shownLine(character) === character]).toEqual([
      code,
      printable(character) === character,
    ]);
  }
});

test("only the program itself makes something bold", () => {
  expect(shown(emphasized(HOSTILE))).toBe(`\x1b[1m${shown(HOSTILE)}\x1b[22m`);
});

describe("the program shows no more than text of", () => {
  const commands = [
    ["a reason", "store - --name a", 1],
    ["names", "ls", 0],
    ["names in JSON", "ls --json", 0],
    ["a status", "status", 0],
    ["a status in JSON", "status --json", 0],
    ["a ring's members", "status --all", 0],
  ] as const;
  for (const [what, line, code] of commands) {
    test(what, async () => {
      peer.failing = { kind: "failed", why: HOSTILE, maybe: false };
      peer.files.set(HOSTILE, new Uint8Array(3));
      peer.shown = { ring: HOSTILE, digest: HOSTILE };
      const { stdout, stderr, exitCode } = await p2p(line.split(" "), folder.dir);
      expect([exitCode, `${stdout}${stderr}`]).toEqual([code, expect.not.stringMatching(OBEYED)]);
      if (line.includes("ls")) expect(stdout).toContain("forged");
      if (line.includes("store")) expect(stderr).toContain("forged");
    });
  }
});

test("a ring's screen and a peer's log", async () => {
  const written: string[] = [];
  const stdout = process.stdout.write;
  process.stdout.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
  try {
    const screen = new Screen(false);
    screen.line(8, HOSTILE);
    screen.say(HOSTILE);
  } finally {
    process.stdout.write = stdout;
  }
  expect(written.length).toBe(2);
  expect(written.join("")).not.toMatch(OBEYED);
  const log = new EventLog(folder.dir);
  log.append({ text: HOSTILE });
  await log.close();
  const line = readFileSync(join(folder.dir, "events.jsonl"), "utf8");
  expect(line).not.toMatch(OBEYED);
  expect(JSON.parse(line).text).toBe(HOSTILE);
});

/** Lines that write to a terminal by themselves; each is of the program's own making, or no text for people. */
const OWN: Record<string, string[]> = {
  "actions/progress.ts": ['if (shown) screen.write("\\r\\x1b[K");'],
  "actions/requesting.ts": ["process.stdout.write(bytes, settle);"],
  "daemon/console.ts": Array<string>(3).fill('process.stdout.write("\\r\\x1b[K");'),
  // What Console gives it, shown.
  "daemon/lines.ts": [
    'if (batch !== "") this.#full = !this.stream.write(batch);',
    "this.#full = !this.stream.write(`$WHAT`);",
  ],
  "lab/input.ts": ["process.stdout.write(WIPE);", "process.stdout.write(`$WHAT`);"],
  // What its methods give it, shown.
  "lab/screen.ts": ["stream.write(`$WHAT`, () => {"],
  // What puts a frame in its place; in the lines of a frame nothing is left that would be obeyed.
  "terminal/painter.ts": ["writeSync(1, text);"],
  // Its peers are its own.
  "sim/run.ts": [
    "if (process.stderr.isTTY) process.stderr.write(`$WHAT`);",
    "process.stderr.write(`$WHAT`);",
  ],
};

/** Lines of a source that write to a terminal, and not through `shown.ts`; what is in a template is left out. */
function around(source: string): string[] {
  const writes =
    /\b(stdout|stderr|stream|screen|output)\.write\(|\bconsole\.(error|warn|info|debug|dir|table)\(|\bwriteSync\((1|2)\b|\bBun\.(stdout|stderr)\b/;
  return source
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => writes.test(line) && !/\bshown(Line)?\(/.test(line))
    .map((line) => line.replace(/`.*`/, "`$WHAT`"));
}

test("no output goes around it, as far as the source shows", () => {
  const root = join(import.meta.dir, "../../src");
  const files = readdirSync(root, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".ts"));
  const found = files
    .map((file) => [file, around(readFileSync(join(root, file), "utf8"))] as const)
    .filter(([, lines]) => lines.length > 0);
  expect(Object.fromEntries(found.sort())).toEqual(OWN);
  for (const line of [
    "process.stderr.write(`$WHAT`);",
    "console.error(why);",
    "stream.write(why)",
  ]) {
    expect(around(line)).toEqual([line]);
  }
});
