import { existsSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { ParsedArgs } from "citty";
import { findUser, type User } from "../foreign/user.ts";
import type { ClassOptions } from "../mark/class.ts";
import type { MarkOptions, Scenario } from "../mark/mark.ts";
import { quote } from "../terminal/words.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { programWords } from "./cli/program.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { optional, parseDurationMs, parseIntervalMs, parseWhole } from "./cli/values.ts";

const MOST_MARKS = 90;
const MAX_JOBS = 64;

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
  user: { type: "string", valueHint: "NAME", description: "run it as that user (for root alone)" },
  scenario: {
    type: "string",
    valueHint: "FILE",
    description: "play this scenario instead of the rubric, and tell which lines did not come",
  },
  strict: { type: "boolean", description: "mind case, prompts and full stops" },
  "at-least": { type: "string", valueHint: "N", description: "exit code 1 below so many marks" },
  ...JSON_ARG,
  junit: { type: "string", valueHint: "FILE", description: "write the marks as JUnit's XML, too" },
  gradescope: {
    type: "string",
    valueHint: "FILE",
    description: "write Gradescope's results.json, too; with --all a folder of them",
  },
  all: { type: "string", valueHint: "DIR", description: "mark each folder in DIR, a submission" },
  csv: { type: "string", valueHint: "FILE", description: "with --all: write a line for each, too" },
  jobs: {
    type: "string",
    valueHint: "N",
    description: "with --all: so many at once (default half of the cores)",
  },
  // A marker in namespaces of its own: those outside.
  caged: { type: "string" },
} as const;

/** What makes no sense where there are no marks. */
const RUBRIC_ALONE = ["all", "at-least", "gradescope"] as const;

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
    command: programWords("--exec", args.exec, folder),
    folder,
    intervalMs: optional(parseIntervalMs, "--interval", args.interval),
    scenario: optional(parseScenarioFile, "--scenario", args.scenario),
    strict: args.strict === true,
    json: args.json === true,
    limitMs: optional(parseDurationMs, "--limit", args.limit),
    user: optional(parseUser, "--user", args.user),
    atLeast: optional(parseMarks, "--at-least", args["at-least"]),
    junit: args.junit ?? null,
    gradescope: args.gradescope ?? null,
    caged: args.caged ?? null,
    argv,
  };
}

/** What `p2p mark --all` asks of the marker. @throws UsageError */
export function classOptions(args: Partial<ParsedArgs<typeof ARGS>>, all: string): ClassOptions {
  if (args.dir !== undefined) throw new UsageError("Give --dir or --all, not both");
  const folder = parseFolder("--all", all);
  // What is wrong with these is to be said once, and not of each submission.
  const { given, intervalMs, json, atLeast, junit, gradescope } = markOptions({
    ...args,
    dir: folder,
  });
  return {
    all: folder,
    flags: [
      `--exec=${given}`,
      ...(args.interval === undefined ? [] : [`--interval=${args.interval}`]),
      ...(args.limit === undefined ? [] : [`--limit=${args.limit}`]),
      ...(args.user === undefined ? [] : [`--user=${args.user}`]),
      ...(args.strict === true ? ["--strict"] : []),
    ],
    ...{ intervalMs, json, atLeast, junit, gradescope },
    jobs: optional((what, text) => parseWhole(what, text, 1, MAX_JOBS), "--jobs", args.jobs),
    cores: availableParallelism(),
    csv: args.csv ?? null,
  };
}

function parseFolder(what: string, text: string): string {
  const path = resolve(text);
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new UsageError(`${what} names no folder: ${quote(text)}`);
}

function parseUser(what: string, text: string): User {
  if (process.getuid?.() !== 0) {
    throw new UsageError(
      `${what} is for root alone: nobody else may run a program as another user`,
    );
  }
  const user = findUser(text);
  if (user === null) throw new UsageError(`${what} names no user: ${quote(text)}`);
  return user;
}

function parseScenarioFile(what: string, path: string): Scenario {
  try {
    return { path, text: readFileSync(path, "utf8") };
  } catch {
    throw new UsageError(`${what} names no file that can be read: ${quote(path)}`);
  }
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
    ['p2p mark --all submissions --exec "python3 p2p.py" --csv marks.csv', "a whole class"],
    ['p2p mark --exec "python3 p2p.py" --scenario kill-two-neighbours.txt', "one scenario alone"],
    ["p2p mark --exec ./p2p --strict --at-least 80", "to the letter; exit code 1 below 80 marks"],
  ],
  async run(args, argv) {
    const other = RUBRIC_ALONE.find((name) => args[name] !== undefined);
    if (args.scenario !== undefined && other !== undefined) {
      throw new UsageError(`--${other} is for the rubric: a scenario has no marks`);
    }
    if (args.all !== undefined) {
      const { runClass } = await import("../mark/class.ts");
      return await runClass(classOptions(args, args.all));
    }
    if (args.csv !== undefined || args.jobs !== undefined) {
      throw new UsageError(`--${args.csv !== undefined ? "csv" : "jobs"} goes with --all`);
    }
    const options = markOptions(args, argv);
    const { runMark } = await import("../mark/mark.ts");
    return await runMark(options);
  },
});
