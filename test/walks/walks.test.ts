/**
 * Two whole walks through the source, for who comes new to it: store.txt and join.txt, from what a person types to
 * what is printed. They name the files that have to be opened, in order. What is checked: that each file can call
 * the next, that they are those that peers go through, within the protocol and around it, and how many there are.
 */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { importsOf } from "../house/laws.ts";
import { WALKS } from "../protocol/walk.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { claimPorts } from "../support/ports.ts";

const ROOT = join(import.meta.dir, "../..");
const SRC = join(ROOT, "src");
/** The most files that are to be opened. */
const MOST = { store: 30, join: 15 } as const;
/** Where a walk comes in: from a person, and from the sockets where nothing else has led there. */
const ENTRIES = { store: ["daemon/console.ts", "daemon/run.ts"], join: ["main.ts"] } as const;
/** What is told to others besides ends elsewhere. */
const ASIDE = "reporting.ts > membership/spreading.ts";

/** What is looked at apart, or is one step. */
const APART = /^(protocol|transport|wire)\//;
const WAIT_MS = 40_000;
const LIMIT_MS = 90_000;

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

/** What a walk is handed on by, around the protocol. */
const HANDED: Readonly<Record<Name, RegExp>> = {
  store:
    /^((give|send) (routed|inquired?|replicated?|catch-up|caught-up|answer)|give (command|fetched)|enter|commit|event outcome|end|print Stored .*)$/,
  join: /^((give|send) (routed|successor-change|join-answer)|give persisted|event (member|joined)|print (Join|My) .*)$/,
};
/** Where the store begins in what each has traced, after the join. */
const STORE_FROM = { 2: "give command", 12: "give routed" } as const;
/** Lines come by the first where there is no terminal. The second only has what is called. */
const BESIDE = { seen: "terminal/typed-lines.ts", unseen: "store/folder.ts" } as const;

/** Starts peer 2, has 12 join it, and stores at 2 what 12 owns, in folders below `dir` where each leaves its trace. */
async function joinAndStore(dir: string, basePort: number): Promise<void> {
  const program = [process.execPath, "--preload", join(import.meta.dir, "trace.ts")];
  const start = (id: number, ...args: (string | number)[]) => {
    const cwd = join(dir, `${id}`);
    mkdirSync(cwd);
    return new PeerProcess({
      ...{ cwd, program: [...program, join(SRC, "main.ts")] },
      args: [...args, 3600, "--base-port", basePort],
    });
  };
  const two = start(2, "init", 2, 2, 2);
  const twelve = start(12, "join", "--wait", 60, 12, 2);
  try {
    await twelve.waitFor("My second successor is Peer 12", WAIT_MS);
    writeFileSync(join(dir, "2", "2053.pdf"), "plan");
    two.type("Store 2053");
    await two.waitFor(/^Stored 2053/, WAIT_MS);
  } finally {
    await Promise.all([two.kill(), twelve.kill()]);
  }
}

/** The files outside the protocol that were on the stack whenever a walk was handed on. */
function traced(dir: string, name: Name): string[] {
  const files = ([2, 12] as const).flatMap((id) => {
    const lines = readFileSync(join(dir, `${id}`, "trace"), "utf8").split("\n");
    const noted = lines.map((line) => line.split("\t"));
    const from = noted.findIndex(([what]) => what === STORE_FROM[id]);
    const own = name === "store" ? noted.slice(from) : noted.slice(0, from);
    return own.flatMap(([what = "", by = ""]) => (HANDED[name].test(what) ? by.split(" ") : []));
  });
  return [...new Set(files)].filter((file) => file !== BESIDE.seen && !APART.test(file)).sort();
}

test(
  "around the protocol they are what two processes go through",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "p2p-walks-"));
    const ports = await claimPorts();
    try {
      await joinAndStore(dir, ports.base);
      for (const name of NAMES) {
        const said = new Document(name).walked.filter((file) => !APART.test(file));
        expect(traced(dir, name)).toEqual(said.filter((file) => file !== BESIDE.unseen).sort());
      }
    } finally {
      ports.release();
      rmSync(dir, { recursive: true });
    }
  },
  LIMIT_MS,
);

test.each(NAMES)("a %s opens few files, as many as is said of it", (name) => {
  const { text, opened, passed, asked } = new Document(name);
  expect(opened.size).toBeLessThanOrEqual(MOST[name]);
  expect([...opened].filter((file) => passed.has(file) || asked.has(file))).toEqual([]);
  const count = `${opened.size} files to open`;
  expect(text.includes(count)).toBe(true);
  const told = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
  expect(told.includes(`[${name}.txt](test/walks/${name}.txt): ${count}`)).toBe(true);
});
