/**
 * What may stand next on a command line, by the definitions that the line itself is checked against. What it
 * is of the running peers, the rings or the files, is for others to look up.
 */
import type { ArgDef } from "citty";
import { aliases, isFlag, type Shape } from "./check.ts";
import type { Command, Table } from "./command.ts";

/** A word that may stand there, and what it is for. */
export type Candidate = readonly [word: string, what: string];

/** Where other words come from. */
export type Source = "peers" | "rings" | "ring peers" | "files of the ring" | "paths";

export type Expected = {
  readonly candidates: readonly Candidate[];
  readonly source: Source | null;
  /** What stands before the value in the word itself, as in `--peer=`. */
  readonly before: string;
  /** What was begun. */
  readonly begun: string;
  /** What `--name`, `--peer` and `--data` say on that line. */
  readonly given: ReadonlyMap<string, string>;
};

const NOTHING = { candidates: [], source: null };
const GLOBAL_FLAGS: readonly Candidate[] = [
  ["--help", "the help of this command"],
  ["--no-color", "no colors"],
];
const PATH_HINT = /^(FILE|DIR)\b/;

/** @param words what stands behind `p2p`, the last one as far as it is typed; empty if none is begun */
export async function expected(table: Table, words: readonly string[]): Promise<Expected> {
  const line = joined(words);
  const begun = line.at(-1) ?? "";
  const before = line.slice(0, -1);
  const found = commandIn(table, before);
  const nothing = { ...NOTHING, before: "", begun, given: new Map<string, string>() };
  const commands = commandsAfter(table, before);
  if (found === null || before[0] === "help" || before[0] === "man") {
    return { ...nothing, candidates: begun.startsWith("-") ? GLOBAL_FLAGS : commands };
  }
  const shape = await found.entry.load();
  const next = nextOf(shape, before.slice(found.words), begun);
  // `p2p ring` is a command, and the first word of others.
  return { ...nothing, ...next, candidates: [...commands, ...(next.candidates ?? [])] };
}

/** Some shells give `--peer=8` in three words. */
function joined(words: readonly string[]): string[] {
  const line: string[] = [];
  for (const [at, word] of words.entries()) {
    const last = line.at(-1);
    if (word === "=" && last?.startsWith("--") === true && at < words.length - 1) continue;
    line.push(word === "=" ? "" : word);
  }
  return line;
}

function commandIn(table: Table, words: readonly string[]) {
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(" ");
    const entry = words.length >= count && Object.hasOwn(table, name) ? table[name] : undefined;
    if (entry !== undefined) return { entry, words: count };
  }
  return null;
}

/** The next words of commands' names. */
function commandsAfter(table: Table, words: readonly string[]): Candidate[] {
  const asked = words[0] === "help" || words[0] === "man" ? words.slice(1) : words;
  const rows = new Map<string, string>();
  const own: [string, { readonly summary: string }][] = [
    ...Object.entries(table),
    ["help", { summary: "more about a command" }],
  ];
  for (const [name, { summary }] of own) {
    const parts = name.split(" ");
    const next = parts[asked.length];
    if (next === undefined || !asked.every((word, at) => word === parts[at])) continue;
    if (!rows.has(next)) rows.set(next, summary);
  }
  return [...rows];
}

type Next = Partial<Pick<Expected, "candidates" | "source" | "before" | "begun" | "given">>;

function nextOf(shape: Command, words: readonly string[], begun: string): Next {
  const { given, flag, positionals, rest } = readWords(shape, words);
  if (flag !== null) return { ...valuesOf(shape, flag), given };
  if (!rest && begun.startsWith("--") && begun.includes("=")) {
    const [name = "", ...value] = begun.split("=");
    const own = flagOf(shape, name);
    if (own === null) return { given };
    return { ...valuesOf(shape, own), given, before: `${name}=`, begun: value.join("=") };
  }
  if (!rest && begun.startsWith("-")) return { given, candidates: flagsOf(shape, given) };
  const label = shape.forms.map((form) => form[positionals]).find((each) => each !== undefined);
  if (label === undefined) return { given, candidates: rest ? [] : flagsOf(shape, given) };
  return { ...positionalOf(shape, label), given };
}

/** What a line has given so far, and the flag that still wants its value. */
function readWords(shape: Shape, words: readonly string[]) {
  const given = new Map<string, string>();
  let flag: readonly [string, ArgDef] | null = null;
  let positionals = 0;
  let rest = false;
  for (const word of words) {
    if (flag !== null) {
      given.set(flag[0], word);
      flag = null;
    } else if (rest || !isFlag(word)) {
      positionals++;
    } else if (word === "--") {
      rest = true;
    } else {
      const [name = "", ...value] = word.split("=");
      const own = flagOf(shape, name);
      if (own === null) continue;
      given.set(own[0], value.join("="));
      if (own[1].type !== "boolean" && !word.includes("=")) flag = own;
    }
  }
  return { given, flag, positionals, rest };
}

function flagOf(shape: Shape, typed: string): readonly [string, ArgDef] | null {
  const isIt = ([name, def]: [string, ArgDef]): boolean =>
    def.type !== "positional" && (typed === `--${name}` || aliases(def).includes(typed.slice(1)));
  return Object.entries(shape.args).find(isIt) ?? null;
}

function flagsOf({ args, hidden }: Shape, given: ReadonlyMap<string, string>): Candidate[] {
  const own = Object.entries(args).filter(
    ([name, def]) => def.type !== "positional" && !hidden.includes(name) && !given.has(name),
  );
  return [
    ...own.map(([name, def]): Candidate => [`--${name}`, def.description ?? ""]),
    ...GLOBAL_FLAGS,
  ];
}

/** The values of a flag. */
function valuesOf(shape: Shape, [name, def]: readonly [string, ArgDef]): Next {
  const hint = "valueHint" in def ? (def.valueHint ?? "") : "";
  if (name === "peer") return { source: "peers" };
  if (name === "name" && shape.name.startsWith("ring ") && shape.name !== "ring up") {
    return { source: "rings" };
  }
  if (PATH_HINT.test(hint) || name === "dir" || name === "data") return { source: "paths" };
  if (!hint.includes("|")) return {};
  const words = hint.split("|").filter((word) => /^[a-z-]+$/.test(word));
  return { candidates: words.map((word): Candidate => [word, ""]) };
}

function positionalOf(shape: Shape, label: string): Next {
  switch (label) {
    case "FILE":
    case "FROM":
      return { source: "paths" };
    case "NAME":
      return { source: "files of the ring" };
    case "KNOWN":
      return { source: "peers" };
    case "ID":
      return { source: shape.name.startsWith("ring ") ? "ring peers" : "peers" };
    case "SHELL":
      return { candidates: ["bash", "zsh", "fish"].map((word): Candidate => [word, ""]) };
    default:
      return {};
  }
}
