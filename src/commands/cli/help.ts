import type { ArgDef } from "citty";
import { emphasized } from "../../terminal/shown.ts";
import type { Example, Shape } from "./check.ts";
import { aliases } from "./check.ts";

/** A row of the list of commands. */
export type Listed = { readonly name: string; readonly summary: string };

/** What stands on the left, and what it is for. */
export type Row = readonly [left: string, right: string];

/** As wide as the narrowest terminal that people have. */
const COLUMNS = 80;
/** What is longer on the left has its words below. */
const WIDEST_LEFT = 26;

const GLOBAL_FLAGS: readonly Row[] = [
  ["-h, --help", "this help"],
  ["--no-color", "no colors, as with NO_COLOR=1"],
];

const VERSION_FLAG: Row = [
  "-v, --version",
  "the version; with --json also commit, runtime and platform",
];

/** The help of p2p itself: what there is to do, and where to begin. */
export function programHelp(
  about: string,
  version: string,
  commands: readonly Listed[],
  examples: readonly Example[],
  color: boolean,
): string {
  const head = headings(color);
  return page([
    wrapped(`p2p ${version}: ${about}`, COLUMNS).join("\n"),
    `${head("Usage:")} p2p COMMAND [ARGUMENTS] [--flags]`,
    section(head("Commands:"), [
      ...commands.map(({ name, summary }): Row => [name, summary]),
      ["help COMMAND", "more about one of these"],
    ]),
    section(head("Flags:"), flagRows(null)),
    section(head("Examples:"), examples),
  ]);
}

/** The help of one command, made of the definition that its command line is checked against. */
export function commandHelp(shape: Shape, summary: string, color: boolean): string {
  const head = headings(color);
  return page([
    wrapped(`p2p ${shape.name}: ${summary}`, COLUMNS).join("\n"),
    [head("Usage:"), ...usageOf(shape).map((line) => `  ${line}`)].join("\n"),
    section(head("Arguments:"), argumentRows(shape)),
    section(head("Flags:"), flagRows(shape)),
    section(head("Examples:"), shape.examples),
  ]);
}

/** The ways to give its arguments, each as a command line. */
export function usageOf({ name, forms }: Shape): string[] {
  return forms.map((form) => ["p2p", name, ...form, "[--flags]"].join(" "));
}

/** What its arguments are. */
export function argumentRows(shape: Shape): Row[] {
  return shownArgs(shape)
    .filter(([, { type }]) => type === "positional")
    .map(([name, def]) => [name.toUpperCase(), def.description ?? ""]);
}

/** The flags of a command, or of p2p itself. */
export function flagRows(shape: Shape | null): Row[] {
  if (shape === null) return [...GLOBAL_FLAGS, VERSION_FLAG];
  const own = shownArgs(shape).filter(([, { type }]) => type !== "positional");
  return [
    ...own.map(([name, def]): Row => [flagLabel(name, def), def.description ?? ""]),
    ...GLOBAL_FLAGS,
  ];
}

function shownArgs({ args, hidden }: Shape): [string, ArgDef][] {
  return Object.entries(args).filter(([name]) => !hidden.includes(name));
}

function flagLabel(name: string, def: ArgDef): string {
  const names = [...aliases(def).map((alias) => `-${alias}`), `--${name}`].join(", ");
  return def.type === "boolean" ? names : `${names} ${def.valueHint ?? name.toUpperCase()}`;
}

function headings(color: boolean): (text: string) => string {
  return color ? emphasized : (text) => text;
}

function page(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

function section(heading: string, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const width = Math.max(0, ...rows.map(([left]) => left.length).filter((l) => l <= WIDEST_LEFT));
  return [heading, ...rows.flatMap((row) => rowLines(row, width))].join("\n");
}

/** What stands on the left, and beside it or below what it is for. */
function rowLines([left, right]: Row, width: number): string[] {
  const indent = " ".repeat(width + 4);
  const lines = wrapped(right, COLUMNS - indent.length).map((line) => `${indent}${line}`.trimEnd());
  if (left.length > width) return [`  ${left}`, ...lines];
  return [`  ${left.padEnd(width)}  ${lines[0]?.trimStart() ?? ""}`.trimEnd(), ...lines.slice(1)];
}

function wrapped(text: string, columns: number): string[] {
  return Bun.wrapAnsi(text, columns, { trim: true }).split("\n");
}
