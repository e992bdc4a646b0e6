import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ParsedArgs } from "citty";
import type { MarkOptions } from "../mark/mark.ts";
import { quote } from "../terminal/words.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { optional, parseDurationMs, parseIntervalMs } from "./cli/values.ts";

const DEFAULT_INTERVAL_MS = 1_000;
const MOST_MARKS = 90;

const ARGS = {
  exec: {
    type: "string",
    valueHint: "COMMAND",
    description: 'the program, as in "python3 p2p.py"; it is given init and join as p2p is',
  },
  dir: {
    type: "string",
    description: "the folder to run it in, a copy each time ({} in COMMAND is that copy)",
  },
  interval: { type: "string", valueHint: "SECONDS", description: "from ping to ping (default 1)" },
  limit: {
    type: "string",
    valueHint: "SECONDS",
    description: "how long each criterion is waited for (default 20, a death 60, or more)",
  },
  strict: { type: "boolean", description: "mind case, prompts and full stops" },
  "at-least": { type: "string", valueHint: "N", description: "exit code 1 below so many marks" },
  ...JSON_ARG,
  // A marker in namespaces of its own: those outside.
  caged: { type: "string" },
} as const;

/** What `p2p mark` asks of the marker. @throws UsageError */
export function markOptions(
  args: Partial<ParsedArgs<typeof ARGS>>,
  argv: readonly string[] = [],
): MarkOptions {
  if (args.exec === undefined) {
    throw new UsageError('--exec is missing: the program to mark, as in --exec "python3 p2p.py"');
  }
  const folder = args.dir === undefined ? null : parseFolder("--dir", args.dir);
  return {
    given: args.exec,
    command: resolveWords(splitWords("--exec", args.exec), folder),
    folder,
    intervalMs: optional(parseIntervalMs, "--interval", args.interval) ?? DEFAULT_INTERVAL_MS,
    strict: args.strict === true,
    json: args.json === true,
    limitMs: optional(parseDurationMs, "--limit", args.limit),
    atLeast: optional(parseMarks, "--at-least", args["at-least"]),
    caged: args.caged ?? null,
    argv,
  };
}

/** The words of a command, as a shell has them: quotes hold a word together, and nothing else is special. */
export function splitWords(what: string, text: string): string[] {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double: string, single: string) => double ?? single),
  );
  if (words.length === 0) throw new UsageError(`${what} names no program`);
  if (/["']/.test(text.replace(/"[^"]*"|'[^']*'/g, ""))) {
    throw new UsageError(`${what} has a quotation mark without its pair: ${quote(text)}`);
  }
  return words;
}

/** The program works in another folder: what is a file here is named by its whole path. */
function resolveWords(words: readonly string[], folder: string | null): string[] {
  const [program = "", ...rest] = words;
  const path = program.includes("/") ? resolve(program) : Bun.which(program);
  const inFolder =
    folder !== null && (program.includes("{}") || existsSync(resolve(folder, program)));
  if (!inFolder && (path === null || !existsSync(path))) {
    throw new UsageError(`--exec names a program that is not there: ${quote(program)}`);
  }
  const isHere = (word: string): boolean => folder === null && existsSync(resolve(word));
  return [
    inFolder ? program : (path ?? program),
    ...rest.map((word) => (isHere(word) ? resolve(word) : word)),
  ];
}

function parseFolder(what: string, text: string): string {
  const path = resolve(text);
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new UsageError(`${what} names no folder: ${quote(text)}`);
}

/** Marks may be given to a tenth: they are shared out among lines. */
function parseMarks(what: string, text: string): number {
  const marks = /^\d{1,2}(\.\d)?$/.test(text) ? Number(text) : Number.NaN;
  if (marks <= MOST_MARKS) return marks;
  throw new UsageError(`${what} must be a number from 0 to ${MOST_MARKS}, not ${quote(text)}`);
}

export default command({
  name: "mark",
  args: ARGS,
  forms: [[]],
  hidden: ["caged"],
  examples: [
    ['p2p mark --exec "python3 p2p.py"', "the marks of p2p.py, and each line that was missing"],
    ['p2p mark --exec "java P2P" --dir build', "run in a copy of the folder build"],
    ["p2p mark --exec ./p2p --strict --at-least 80", "to the letter; exit code 1 below 80 marks"],
  ],
  async run(args, argv) {
    const options = markOptions(args, argv);
    const { runMark } = await import("../mark/mark.ts");
    return await runMark(options);
  },
});
