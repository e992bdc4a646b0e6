/**
 * Command lines and environments that nobody would type. What must hold: the exit code is one of those of
 * README.md and never 70, whatever fails says so in a sentence, and no stack is shown.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOSTILE_NAMES } from "../../src/sim/names.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { PROGRAM, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";
import { type Found, type Target, tally } from "./target.ts";

/** One that has started a peer, or a simulation, goes on: it is killed then. */
const LIMIT_MS = 3_000;
const CODES = [0, 1, 2, 3, 141] as const;
const STACK = /^\s+at .*[:(]|evaluating '|a bug in p2p/m;

const COMMANDS = [
  ...["init", "join", "ring", "chaos", "sim", "store", "request", "rm", "where", "ls", "scrub"],
  ...["status", "health", "help", "stauts", "", "-", "--", "__proto__", "constructor", "toString"],
];
/** Command lines that mean something, of which a word or two are exchanged. */
const LINES = [
  ...[
    "init 2 4 5 30",
    "init",
    "init 2 2 2 1 --base-port 21000",
    "join 15 4 30",
    "join 127.0.0.1:9",
  ],
  ...["store file", "store file --require 2", "store 2067 file", "request 2067 -o x", "rm 2067"],
  ...["where 2067", "ls --json", "status --all --json", "health --json", "scrub", "help store"],
  ...[
    "sim --seeds 1",
    "sim --seed 3",
    "sim --scenario file",
    "sim --plot d --seed 1",
    "sim --peers 4 --for 5s",
  ],
  ...["ring 3 --dir d --base-port 13000", "chaos --own --kills 1 --seed 4"],
].map((line) => line.split(" "));
const FLAGS = [
  ...["--data", "--peer", "--json", "--help", "-h", "--version", "--no-color", "--host", "--port"],
  ...["--base-port", "--route", "--copies", "--repair-rate", "--verbose", "--insecure", "--all"],
  ...[
    "--require",
    "-o",
    "--lookup",
    "--seed",
    "--seeds",
    "--from",
    "--scenario",
    "--for",
    "--loss",
  ],
  ...[
    "--dir",
    "--kills",
    "--jobs",
    "--wait",
    "--child",
    "--__proto__",
    "--no-json",
    "-",
    "--",
    "---x",
  ],
];
const NUMBERS = [
  ...[
    "0",
    "-0",
    "1",
    "-1",
    "255",
    "256",
    "65535",
    "65536",
    "4294967296",
    "9007199254740993",
    "1e9",
  ],
  ...["1e999", "NaN", "Infinity", "0x10", "1_000", " 1", "1 ", "\u0661", "0.1", "1m", "10%", "1/s"],
];
const PATHS = [
  ...[
    ".",
    "..",
    "./x",
    "a/b/c",
    "file",
    "folder",
    "folder/",
    "missing",
    "/dev/null",
    "/dev/null/x",
  ],
  ...[
    "/proc/self/x",
    "x".repeat(300),
    "d/".repeat(200),
    "~",
    "-file",
    "\n",
    "2067.pdf",
    "127.0.0.1:9",
  ],
];
const ENVIRONMENT = ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "PATH", "LANG", "COLUMNS", "NO_COLOR"];

type Line = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | null>>;
};

export function openCli(): Target {
  const root = mkdtempSync(join(tmpdir(), "p2p-fuzz-"));
  const did: Record<string, number> = {};
  let next = 0;
  const play = async (line: Line) => {
    next += 1;
    const dir = join(root, String(next));
    mkdirSync(join(dir, "folder"), { recursive: true });
    writeFileSync(join(dir, "file"), "file");
    try {
      return await run(line, dir, did);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
  return {
    did,
    async run(seed): Promise<Found | null> {
      const line = drawLine(seed);
      const why = await play(line);
      return why === null ? null : { why, reproduction: [JSON.stringify(line)], kept: line };
    },
    async replay(kept) {
      const line: Line = JSON.parse(kept);
      return await play(line);
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

function drawLine(seed: number): Line {
  const generator = new RandomGenerator(seed);
  for (let i = 0; i < 20; i++) generator.bits();
  const word = () => generator.pick(generator.pick([FLAGS, NUMBERS, PATHS, HOSTILE_NAMES]));
  const words = Array.from({ length: generator.below(7) }, () => {
    const flag = generator.below(3) === 0;
    return flag ? `${generator.pick(FLAGS)}=${word()}` : word();
  });
  const argv =
    generator.below(2) === 0
      ? [generator.pick(COMMANDS), ...words]
      : exchanged(generator, generator.pick(LINES), word);
  if (generator.below(10) === 0) argv.unshift(word());
  const env: Record<string, string | null> = {};
  for (const name of ENVIRONMENT) {
    if (generator.below(6) > 0) continue;
    env[name] = generator.pick([null, "", "/dev/null", "/missing", "x", "\u202e", "9".repeat(400)]);
  }
  return { argv, env };
}

/** A command line with a word or two exchanged, taken out, put in or doubled. */
function exchanged(
  generator: RandomGenerator,
  line: readonly string[],
  word: () => string,
): string[] {
  let words = [...line];
  for (let left = generator.between(1, 2); left > 0; left--) {
    const at = generator.between(1, words.length);
    const how = generator.below(4);
    if (how === 0) words = words.toSpliced(at, 1, word());
    else if (how === 1) words = words.toSpliced(at, 1);
    else if (how === 2) words = words.toSpliced(at, 0, word());
    else words = words.toSpliced(at, 0, ...words.slice(at, at + 1));
  }
  return words;
}

async function run(
  { argv, env }: Line,
  cwd: string,
  did: Record<string, number>,
): Promise<string | null> {
  const all = Object.entries({ ...plainEnvironment(), ...env });
  const child = reaped(
    Bun.spawn([PROGRAM, ...argv], {
      ...{ cwd, detached: true },
      env: Object.fromEntries(all.filter(([, value]) => value !== null)) as Record<string, string>,
      ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    }),
  );
  // With all that it has started itself, which would go on without it.
  const limit = setTimeout(() => process.kill(-child.pid, "SIGKILL"), LIMIT_MS);
  const [said] = await Promise.all([child.stderr.text(), child.stdout.text(), child.exited]);
  clearTimeout(limit);
  const { exitCode, signalCode } = child;
  tally(did, exitCode === null ? `${signalCode}` : `exit ${exitCode}`);
  if (STACK.test(said)) return `it says what only a bug says, with exit code ${exitCode}\n${said}`;
  if (exitCode === null) {
    return signalCode === "SIGKILL" ? null : `it ended by ${signalCode}\n${said}`;
  }
  if (!CODES.some((code) => code === exitCode)) return `exit code ${exitCode}\n${said}`;
  const lines = said.split("\n").filter((line) => line !== "").length;
  if (exitCode === 2 && lines !== 1) return `exit code 2 and ${lines} lines\n${said}`;
  return exitCode === 1 && lines === 0 && !argv.includes("--json") ? "exit code 1, silent" : null;
}
