import { posix } from "node:path";
import { blank } from "./blank.ts";
import { moduleState } from "./state.ts";

/** The laws of the house that can be read off the source. Files are given by path from src/. */
export type Source = { readonly path: string; readonly text: string };

/** A sentence for each breach: the file, the line where there is one, and what is wrong. */
export type Breach = string;

/** The rooms from top to bottom: imports run down this list, never up. */
const ROOMS = [
  "main.ts",
  "commands",
  "mark",
  "lab",
  "foreign",
  "sim",
  "page",
  "machine",
  "actions",
  "daemon",
  "control",
  "store",
  "terminal",
  "transport",
  "seal",
  "wire",
  "checks",
  "protocol",
];

/** Rooms that may know fewer than all below them. */
const KNOWS: Readonly<Record<string, readonly string[]>> = {
  mark: ["lab", "foreign", "sim", "terminal", "checks", "protocol"],
  lab: ["foreign", "page", "control", "terminal", "checks", "protocol"],
  foreign: ["terminal", "protocol"],
  page: ["control", "checks", "protocol"],
  sim: ["wire", "checks", "protocol"],
  machine: ["control", "store", "terminal", "transport", "protocol"],
  actions: ["control", "store", "terminal", "seal", "wire", "checks", "protocol"],
  terminal: [],
  seal: ["wire", "protocol"],
  checks: ["protocol"],
};

/**
 * The rooms of the protocol, from the ground up: imports run down this list as well. A room's part of the
 * state stands below the whole state, and that below all that is done with it.
 */
const FLOORS: readonly (readonly [name: string, path: RegExp])[] = [
  ["model", /^model\//],
  ["a part of the state", /^(membership|replication|lifecycle|requests)\/state\.ts$/],
  ["state", /^(state|answering)\.ts$/],
  ["membership", /^membership\//],
  ["replication", /^replication\//],
  ["lifecycle", /^lifecycle\//],
  ["requests", /^requests\//],
  ["the top of the protocol", /^[^/]+$/],
];

const PURE = ["protocol", "checks"];
const MAX_LINES = 300;
/** Fewer than these are no idea of their own, but for a table of limits. */
const MIN_LINES = 25;
const LIMITS = /(^|\/)limits\.ts$/;

/** What would make a pure room depend on when, where or how often it is run. */
const IMPURE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["async", /(?<![^.]\.)\basync\b/],
  ["await", /(?<![^.]\.)\bawait\b/],
  ["a promise", /(?<![^.]\.)\bPromise(Like)?\b/],
  ["Date", /(?<![^.]\.)\bDate\b/],
  ["Math.random", /\bMath\s*(\??\.\s*random\b|\[)/],
  [
    "a timer",
    /\b(set(Timeout|Interval|Immediate)|clear(Timeout|Interval|Immediate)|queueMicrotask)\b/,
  ],
  [
    "a global of its platform",
    /(?<![^.]\.)\b(Bun|process|globalThis|performance|crypto|fetch|console|require)\b(?!\s*\??:)/,
  ],
];

const EVERYWHERE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["any", /(?<![.$\w])any(?![$\w]|\s*[:(?])/],
  ["a non-null !", /[\w$)\]}]!(?!=)/],
];

/** All breaches of all laws, in the order of the files. */
export function breaches(sources: readonly Source[]): Breach[] {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source.text)]));
  return [
    ...sources.flatMap((source) => [
      ...roomBreaches(source.path, imports.get(source.path) ?? []),
      ...floorBreaches(source.path, imports.get(source.path) ?? []),
      ...wordBreaches(source),
      ...ownerBreaches(source),
    ]),
    ...circles(imports),
  ];
}

/** Files that are too small to be opened for: what is in them stands better where it is used. */
export function crumbs(sources: readonly Source[]): Breach[] {
  return sources.flatMap(({ path, text }) => {
    const lines = linesOf(text);
    if (lines >= MIN_LINES || LIMITS.test(path)) return [];
    return [`${path}: ${lines} lines, fewer than ${MIN_LINES}`];
  });
}

function linesOf(text: string): number {
  return text.trimEnd().split("\n").length;
}

/** Tests of the protocol that may test more than one file of it: those that follow something through all its rooms. */
const WALKS = /^walks\.test\.ts$/;

/**
 * The tests of the protocol stand where what they test does, under the same name.
 * @param tests by path from test/protocol/
 * @param sources by path from src/
 * @returns a sentence for each test file that tests no source file of its name
 */
export function strayTests(tests: readonly string[], sources: readonly string[]): Breach[] {
  const known = new Set(sources);
  return tests.flatMap((test) => {
    const source = `protocol/${test.replace(/\.test\.ts$/, ".ts")}`;
    return WALKS.test(test) || known.has(source)
      ? []
      : [`test/protocol/${test}: there is no src/${source} that it tests`];
  });
}

/** The specifiers that a file imports or re-exports, types and lazy imports included. */
export function importsOf(text: string): string[] {
  const pattern = /\b(?:from|import)\s*\(?\s*(["'`])/g;
  const code = blank(text);
  return [...code.matchAll(pattern)].map((match) => {
    const start = match.index + match[0].length;
    return text.slice(start, code.indexOf(match[1] ?? '"', start));
  });
}

/** Laws 1 and 2: what a room may import. */
function roomBreaches(path: string, imports: readonly string[]): Breach[] {
  const room = roomOf(path);
  if (!ROOMS.includes(room)) return [`${path}: "${room}" is no room of the house`];
  return imports.flatMap((specifier) => {
    if (!specifier.startsWith(".")) {
      return PURE.includes(room) ? [`${path}: imports "${specifier}", but ${room}/ is pure`] : [];
    }
    const target = resolve(path, specifier);
    if (target.startsWith("../")) {
      const isVersion = path === "main.ts" && target === "../package.json";
      return isVersion ? [] : [`${path}: imports "${specifier}", which is outside the house`];
    }
    const other = roomOf(target);
    const allowed = KNOWS[room] ?? ROOMS.slice(ROOMS.indexOf(room) + 1);
    return other === room || allowed.includes(other)
      ? []
      : [`${path}: imports "${specifier}", but ${room} may not know ${other}`];
  });
}

/** Law 2 within the protocol. */
function floorBreaches(path: string, imports: readonly string[]): Breach[] {
  const floor = floorOf(path);
  if (floor === null) return [];
  if (floor < 0) return [`${path}: in no room of the protocol`];
  return imports.flatMap((specifier) => {
    const other = floorOf(resolve(path, specifier)) ?? -1;
    const names = [floor, other].map((each) => FLOORS[each]?.[0]);
    return other <= floor
      ? []
      : [`${path}: imports "${specifier}", but ${names.join(" is below ")}`];
  });
}

/** What changes a part of a peer's state: an assignment to it, or within it, or a call that does. */
const CHANGES =
  /\bpeer\.(membership|replication|lifecycle|requests)(?:\.\w+)+(?:\.(?:set|add|delete|clear|push|splice)\(|\s*(?:[-+*|?&]*=(?![=>])|\+\+|--))/;

/** No room of the protocol changes what is another's. */
function ownerBreaches({ path, text }: Source): Breach[] {
  if (floorOf(path) === null) return [];
  const lines = blank(text).split("\n");
  return lines.flatMap((line, index) => {
    const part = CHANGES.exec(line)?.[1];
    const isOwn = part === undefined || path.startsWith(`protocol/${part}/`);
    return isOwn ? [] : [`${path}:${index + 1}: changes what is ${part}'s own`];
  });
}

/** @returns the place in the list; -1 for none, null for a file of another room of the house */
function floorOf(path: string): number | null {
  if (!path.startsWith("protocol/")) return null;
  return FLOORS.findIndex(([, pattern]) => pattern.test(path.slice("protocol/".length)));
}

/** Law 1's words, and the house's manners. */
function wordBreaches({ path, text }: Source): Breach[] {
  const blanked = blank(text);
  const code = blanked.split("\n");
  const words = PURE.includes(roomOf(path)) ? [...IMPURE, ...EVERYWHERE] : EVERYWHERE;
  const found = code.flatMap((line, index) =>
    words
      .filter(([, pattern]) => pattern.test(line))
      .map(([name]) => `${path}:${index + 1}: ${name}`),
  );
  if (PURE.includes(roomOf(path))) {
    for (const line of moduleState(blanked)) found.push(`${path}:${line}: state of a module`);
  }
  for (const match of text.matchAll(/@ts-(ignore|nocheck|expect-error)\b/g)) {
    const line = text.slice(0, match.index).split("\n").length;
    found.push(`${path}:${line}: ${match[0]}`);
  }
  const lines = linesOf(text);
  if (lines > MAX_LINES) found.push(`${path}: ${lines} lines, more than ${MAX_LINES}`);
  return found;
}

/** Law 2: no circles. Each is told once, from the first of its files. */
function circles(imports: ReadonlyMap<string, readonly string[]>): Breach[] {
  const found: Breach[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) found.push(`a circle: ${[...trail.slice(seen), path].join(" -> ")}`);
    if (seen >= 0 || done.has(path)) return;
    for (const specifier of imports.get(path) ?? []) {
      if (specifier.startsWith(".")) visit(resolve(path, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}
