/**
 * Two whole walks through the source, for who comes new to it: store.txt and join.txt, from what a person types to
 * what is printed. They name the files that have to be opened, in order. What is checked: that each file can call
 * the next, that the part within the protocol is what peers do, and how many files there are.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { importsOf } from "../house/laws.ts";
import { WALKS } from "../protocol/walk.ts";

const ROOT = join(import.meta.dir, "../..");
const SRC = join(ROOT, "src");
/** The most files that are to be opened. */
const MOST = { store: 30, join: 15 } as const;
/** Where a walk comes in: from a person, and from the sockets where nothing else has led there. */
const ENTRIES = { store: ["daemon/console.ts", "daemon/run.ts"], join: ["main.ts"] } as const;
/** What is told to others besides ends elsewhere. */
const ASIDE = "reporting.ts > membership/spreading.ts";

const NAMES = ["store", "join"] as const;
type Name = (typeof NAMES)[number];

/** A call of one file into another; `given`: of what that has been given to call, and does not import. */
type Call = { readonly from: string; readonly to: string; readonly given: boolean };

class Document {
  readonly text: string;
  readonly opened = new Set<string>();
  readonly passed = new Set<string>();
  readonly asked = new Set<string>();
  readonly calls: Call[] = [];
  /** Where a line begins, and the walk has not been before. */
  readonly entries: string[] = [];

  constructor(name: Name) {
    this.text = readFileSync(join(import.meta.dir, `${name}.txt`), "utf8");
    for (const line of this.text.split("\n")) {
      if (line.startsWith("    asks ")) this.#ask(line.slice(9).split(", "));
      else if (line.startsWith("  ")) this.#go(line.trim().split(/ ([>~]) /));
    }
  }

  #ask(files: readonly string[]): void {
    for (const file of files) this.asked.add(file);
  }

  /** @param words a file, how it calls the next, that one, and so on */
  #go([first = "", ...rest]: readonly string[]): void {
    const known = new Set(this.walked);
    let from = this.#enter(first);
    if (!known.has(from)) this.entries.push(from);
    for (let at = 0; at < rest.length; at += 2) {
      const to = this.#enter(rest[at + 1] ?? "");
      this.calls.push({ from, to, given: rest[at] === "~" });
      from = to;
    }
  }

  #enter(word: string): string {
    const [, passed] = /^\((.*)\)$/.exec(word) ?? [];
    (passed === undefined ? this.opened : this.passed).add(passed ?? word);
    return passed ?? word;
  }

  get walked(): string[] {
    return [...this.opened, ...this.passed];
  }
}

/** The files that a file imports, by path from src/. */
function importedBy(file: string): string[] {
  const near = importsOf(readFileSync(join(SRC, file), "utf8")).filter((s) => s.startsWith("."));
  return near.map((specifier) => posix.join(posix.dirname(file), specifier));
}

/** What is given to be called is so by the file that is called, or by one of the walk that knows both. */
function isPossible({ from, to, given }: Call, walked: readonly string[]): boolean {
  if (!given) return importedBy(from).includes(to);
  return walked.some((by) => [from, to].every((file) => [by, ...importedBy(by)].includes(file)));
}

test.each(NAMES)("a %s: each file can call the next", (name) => {
  const { walked, asked, calls, entries } = new Document(name);
  const missing = [...walked, ...asked].filter((file) => !existsSync(join(SRC, file)));
  expect(missing).toEqual([]);
  expect(calls.filter((call) => !isPossible(call, walked))).toEqual([]);
  expect(entries).toEqual([...ENTRIES[name]]);
  const imported = new Set(walked.flatMap(importedBy));
  expect([...asked].filter((file) => !imported.has(file))).toEqual([]);
});

test.each(NAMES)("a %s: within the protocol it is what peers do", (name) => {
  const within = ({ from, to }: Call) => [from, to].every((file) => file.startsWith("protocol/"));
  const said = new Document(name).calls
    .filter(within)
    .map(({ from, to }) => `${from} > ${to}`.replaceAll("protocol/", ""));
  const done = [...WALKS[name]().calls].filter((call) => call !== ASIDE);
  expect([...new Set(said)].sort()).toEqual(done.sort());
});

test.each(NAMES)("a %s opens few files, as many as is said of it", (name) => {
  const { text, opened, passed, asked } = new Document(name);
  expect(opened.size).toBeLessThanOrEqual(MOST[name]);
  expect([...opened].filter((file) => passed.has(file) || asked.has(file))).toEqual([]);
  const count = `${opened.size} files to open`;
  expect(text.includes(count)).toBe(true);
  const told = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
  expect(told.includes(`[${name}.txt](test/walks/${name}.txt): ${count}`)).toBe(true);
});
