import type { ArgDef, ArgsDef } from "citty";
import { displayList } from "../../terminal/display.ts";
import { didYouMean, quote } from "../../terminal/words.ts";
import { UsageError } from "./errors.ts";

/** A line of the help: what to type, and what that does. */
export type Example = readonly [line: string, what: string];

/** What help and the strict check know of a command. */
export type Shape = {
  readonly name: string;
  readonly args: ArgsDef;
  /** The names of the positional arguments, for each way to give them. */
  readonly forms: readonly (readonly string[])[];
  /** Flags that no help shows. */
  readonly hidden: readonly string[];
  /** Flags of earlier versions, and what each is called now. */
  readonly renamed: readonly (readonly [before: string, now: string])[];
  readonly examples: readonly Example[];
};

/**
 * The strict check in front of citty, which ignores flags that it does not know, and arguments
 * beyond those it expects. It is taken from the command's own definition, and rewrites the command
 * line so that nothing is left to interpretation: `--flag=value` each, then `--`, then the
 * positional arguments, of which some may look like flags (`-3`).
 *
 * @throws UsageError that names the flag or the argument
 */
export function checkArgs(shape: Shape, argv: readonly string[]): string[] {
  const flags: string[] = [];
  const positionals: string[] = [];
  const seen = new Set<string>();
  let rest = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (rest || !isFlag(word)) {
      positionals.push(word);
    } else if (word === "--") {
      rest = true;
    } else {
      const flag = readFlag(shape, word);
      if (seen.has(flag.name)) throw new UsageError(`${flag.label} is given twice`);
      seen.add(flag.name);
      if (flag.takesValue) {
        // The value stands in the same word, or is the next one, unless that is a flag too.
        const value = flag.value ?? nextValue(argv[++i]);
        if (value === "") throw new UsageError(`${flag.label} needs a value`);
        flags.push(`--${flag.name}=${value}`);
      } else {
        if (flag.value !== null) throw new UsageError(`${flag.label} takes no value`);
        flags.push(`--${flag.name}`);
      }
    }
  }
  checkPositionals(shape, positionals);
  return [...flags, "--", ...positionals];
}

/** `-3` and `-.5` are values, and `-` alone is a name; other words with a dash first are flags. */
export function isFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-" && !/^-\.?\d/.test(word);
}

function nextValue(word: string | undefined): string {
  return word === undefined || isFlag(word) ? "" : word;
}

type Flag = { name: string; label: string; takesValue: boolean; value: string | null };

function readFlag(shape: Shape, word: string): Flag {
  const equals = word.indexOf("=");
  const typed = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? null : word.slice(equals + 1);
  for (const [name, def] of Object.entries(shape.args)) {
    if (def.type === "positional") continue;
    const names = [`--${name}`, ...aliases(def).map((alias) => `-${alias}`)];
    if (names.includes(typed)) {
      return { name, label: typed, takesValue: def.type !== "boolean", value };
    }
  }
  for (const [before, now] of shape.renamed) {
    if (typed === `--${before}`) throw new UsageError(`${typed} is called --${now} now`);
  }
  const known = flagNames(shape);
  const hint = didYouMean(typed, known) || `; its flags are listed by p2p ${shape.name} --help`;
  throw new UsageError(`Unknown flag ${quote(typed)} for p2p ${shape.name}${hint}`);
}

/** The short names of a flag. */
export function aliases(def: ArgDef): string[] {
  const alias = "alias" in def ? def.alias : undefined;
  return alias === undefined ? [] : [alias].flat();
}

function flagNames(shape: Shape): string[] {
  const own = Object.entries(shape.args as ArgsDef)
    .filter(([name, def]) => def.type !== "positional" && !shape.hidden.includes(name))
    .map(([name]) => `--${name}`);
  return [...own, "--help", "--no-color"];
}

function checkPositionals(shape: Shape, given: readonly string[]): void {
  const forms = shape.forms;
  const form = forms.find((names) => names.length === given.length);
  const longest = forms.reduce((a, b) => (b.length > a.length ? b : a), []);
  if (form === undefined) {
    const extra = given[longest.length];
    const takes = `p2p ${shape.name} takes ${forms.map(described).join(", or ")}`;
    if (extra !== undefined) throw new UsageError(`Unexpected argument ${quote(extra)}: ${takes}`);
    // Of the ways to complete what was given, the one that lacks least.
    const wanted = forms
      .filter((names) => names.length > given.length)
      .reduce((a, b) => (b.length < a.length ? b : a), longest);
    const missing = wanted.slice(given.length);
    throw new UsageError(
      `${displayList(missing)} ${missing.length > 1 ? "are" : "is"} missing: ${takes}`,
    );
  }
  const empty = form[given.indexOf("")];
  if (empty !== undefined) throw new UsageError(`${empty} must not be empty`);
}

function described(form: readonly string[]): string {
  return form.length === 0 ? "no arguments" : form.join(" ");
}
