import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blank } from "./house/blank.ts";
import { breaches, crumbs, importsOf, type Source, strayTests } from "./house/laws.ts";

const SRC = join(import.meta.dir, "../src");

function house(): Source[] {
  const paths = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(SRC)].sort();
  return paths.map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));
}

test("the house keeps its laws", () => {
  const sources = house();
  expect(sources.map(({ path }) => path)).toContain("main.ts");
  expect(breaches(sources)).toEqual([]);
}, 60_000);

test("no file is so small that it were better where it is used, but for limits", () => {
  expect(crumbs(house())).toEqual([]);
  const small = { text: "\n".repeat(24).replaceAll("\n", "a;\n") };
  expect(crumbs([{ ...small, path: "store/a.ts" }])).toHaveLength(1);
  expect(crumbs([{ ...small, path: "store/limits.ts" }])).toEqual([]);
  expect(crumbs([{ text: `${small.text}a;\n`, path: "store/a.ts" }])).toEqual([]);
});

test("each test of the protocol stands in the room of the file that it tests, under its name", () => {
  const paths = (from: string, glob: string) => [...new Bun.Glob(glob).scanSync(from)].sort();
  const tests = paths(join(import.meta.dir, "protocol"), "**/*.test.ts");
  expect(tests).toContain("membership/news.test.ts");
  expect(strayTests(tests, paths(SRC, "**/*.ts"))).toEqual([]);
});

/** Laws that cannot fail protect nothing: each is shown a small house that breaks it. */
describe("a breach is seen:", () => {
  const PURE: readonly [string, string][] = [
    ["async", "export const f = async () => 1;"],
    ["await", "for await (const x of y) f(x);"],
    ["promise", "export type P = Promise<number>;"],
    ["Date", "const at = new Date();"],
    ["Date, called in a template", "const at = `now ${Date.now()}`;"],
    ["Math.random", "const r = Math.random();"],
    ["timer", "setTimeout(f, 1);"],
    ["Bun", "Bun.hash(x);"],
    ["process", "const e = process.env;"],
    ["process, spread", "f(...process.argv);"],
    ["crypto", "crypto.getRandomValues(a);"],
    ["node:", 'import { join } from "node:path";'],
    ["bun:", 'import { test } from "bun:test";'],
    ["package", 'import { x } from "consola";'],
    ["lazy import", 'const x = import("node:fs");'],
    ["let", "let count = 0;"],
    ["let, exported", "export let last: Member | null = null;"],
    ["let, after a function", "function f() {}\nlet count = 0;"],
    ["table", "const recent = new Map<number, View>();"],
    ["table, exported", "export const seen = new WeakSet<object>();"],
    ["table, of a type", "const recent: Map<number, View> = new Map();"],
    ["list", "const queue: Member[] = [];"],
    ["object", "const last = { view: null as View | null };"],
    ["made by another", "const cache = makeCache(256);"],
    ["made at once", "export const next = (() => { let n = 0; return () => n++; })();"],
    ["static", "class A {\n  static count = 0;\n}"],
    ["static table", "class A {\n  static readonly recent = new Map<number, A>();\n}"],
    ["kept at a function", "function f() {}\nf.count = 0;"],
  ];
  for (const room of ["protocol", "checks"]) {
    test.each(PURE)(`${room}: %s`, (_, text) => {
      expect(breaches([{ path: `${room}/a.ts`, text }])).not.toEqual([]);
      // The same is nobody's concern in a driver.
      expect(breaches([{ path: "daemon/a.ts", text }])).toEqual([]);
    });
  }

  test.each([
    ["model/view.ts", "../membership/state.ts"],
    ["model/view.ts", "../state.ts"],
    ["membership/state.ts", "../state.ts"],
    ["membership/state.ts", "./news.ts"],
    ["state.ts", "./membership/news.ts"],
    ["answering.ts", "./requests/routing.ts"],
    ["membership/news.ts", "../replication/replicating.ts"],
    ["replication/replicating.ts", "../lifecycle/leaving.ts"],
    ["lifecycle/leaving.ts", "../requests/requests.ts"],
    ["requests/requests.ts", "../peer.ts"],
    ["attic/a.ts", "../state.ts"],
  ])("protocol/%s imports %s", (path, specifier) => {
    const text = `import type { X } from "${specifier}";`;
    expect(breaches([{ path: `protocol/${path}`, text }])).toHaveLength(1);
  });

  test.each([
    "peer.replication.leap = true;",
    "peer.replication.counter += 1;",
    "peer.replication.tenure.epoch = 3;",
    "if (peer.replication.rejected.delete(name)) return;",
    "for (const r of peer.replication.readings.splice(0)) f(r);",
  ])("membership/ changes what is another room's: %s", (statement) => {
    const text = `export function f(peer: Peer): void {\n  ${statement}\n}`;
    expect(breaches([{ path: "protocol/membership/a.ts", text }])).toHaveLength(1);
    expect(breaches([{ path: "protocol/replication/a.ts", text }])).toEqual([]);
  });

  test("but it may read that", () => {
    const text = "const a = peer.replication.leap === b || peer.replication.files.size > c;";
    expect(breaches([{ path: "protocol/membership/a.ts", text }])).toEqual([]);
  });

  test.each([
    ["requests/requests.ts", "../model/view.ts"],
    ["requests/requests.ts", "./state.ts"],
    ["membership/news.ts", "../replication/state.ts"],
    ["state.ts", "./requests/state.ts"],
    ["peer.ts", "./requests/requests.ts"],
  ])("but not where protocol/%s imports %s", (path, specifier) => {
    const text = `import { x } from "${specifier}";`;
    expect(breaches([{ path: `protocol/${path}`, text }])).toEqual([]);
  });

  test.each([
    ["protocol/a.ts", "../checks/b.ts"],
    ["protocol/a.ts", "../wire/b.ts"],
    ["checks/a.ts", "../wire/b.ts"],
    ["wire/a.ts", "../transport/b.ts"],
    ["control/a.ts", "../actions/b.ts"],
    ["control/a.ts", "../daemon/b.ts"],
    ["actions/a.ts", "../daemon/b.ts"],
    ["lab/a.ts", "../actions/b.ts"],
    ["terminal/a.ts", "../protocol/b.ts"],
    ["lab/a.ts", "../daemon/b.ts"],
    ["lab/a.ts", "../transport/b.ts"],
    ["page/a.ts", "../store/b.ts"],
    ["sim/a.ts", "../daemon/b.ts"],
    ["sim/a.ts", "../control/b.ts"],
    ["daemon/a.ts", "../commands/cli/errors.ts"],
    ["daemon/a.ts", "../main.ts"],
    ["daemon/a.ts", "../../package.json"],
    ["attic/a.ts", "../protocol/b.ts"],
  ])("%s imports %s", (path, specifier) => {
    const target = join(path, "..", specifier);
    for (const text of [
      `import { x } from "${specifier}";`,
      `import type { X } from "${specifier}";`,
      `import {\n  x,\n} from '${specifier}';`,
      `import "${specifier}";`,
      `export * from "${specifier}";`,
      `const x = await import("${specifier}");`,
      `type X = import("${specifier}").X;`,
    ]) {
      const found = breaches([
        { path, text },
        { path: target, text: "" },
      ]);
      expect(
        found.filter((breach) => breach.includes(specifier) || breach.includes("room")),
      ).not.toEqual([]);
    }
  });

  test("a circle, of one file, two or three", () => {
    const imports = (path: string, to: string) => ({ path, text: `import "./${to}.ts";` });
    expect(breaches([imports("store/a.ts", "a")])).toHaveLength(1);
    expect(breaches([imports("store/a.ts", "b"), imports("store/b.ts", "a")])).toHaveLength(1);
    const three = [
      imports("store/a.ts", "b"),
      imports("store/b.ts", "c"),
      imports("store/c.ts", "a"),
    ];
    expect(breaches(three)).toEqual([
      "a circle: store/a.ts -> store/b.ts -> store/c.ts -> store/a.ts",
    ]);
  });

  test.each([
    ["of no room", "reading.test.ts"],
    ["of another room", "membership/copies.test.ts"],
    ["of two files", "replication/copies-and-repair.test.ts"],
    ["of a room that there is not", "attic/news.test.ts"],
  ])("a test of the protocol that cannot be found, since it is %s", (_, stray) => {
    const sources = [
      "protocol/peer.ts",
      "protocol/membership/news.ts",
      "protocol/replication/replicating.ts",
    ];
    const tests = ["peer.test.ts", "membership/news.test.ts", "walks.test.ts"];
    expect(strayTests(tests, sources)).toEqual([]);
    expect(strayTests([...tests, stray], sources)).toEqual([
      expect.stringContaining(`test/protocol/${stray}: there is no src/`),
    ]);
  });

  test.each([
    ["any", "export function f(x: any) {}"],
    ["any", "const x = y as any;"],
    ["any", "const m = new Map<string, any>();"],
    ["non-null", "const x = list[0]!;"],
    ["non-null", "const x = list.find(f)!.name;"],
    ["non-null", "f(x!, y);"],
    ["non-null", "const x = y! + 1;"],
    ["non-null", "const x = y! === z;"],
    ["non-null", "class A { x!: number }"],
    ["@ts-ignore", "// @ts-ignore\nf();"],
    ["@ts-nocheck", "// @ts-nocheck"],
    ["lines", "f();\n".repeat(301)],
  ])("%s", (_, text) => {
    expect(breaches([{ path: "daemon/a.ts", text }])).toHaveLength(1);
  });
});

describe("what is no breach:", () => {
  test.each([
    ["a comment", "// Promise, await and process.env: any!"],
    ["a doc comment", "/**\n * Date, at once!\n */\nexport const x = 1;"],
    ["a string", 'const x = "await any process; Date!";'],
    ["a template's text", "const x = `any Date! ${y} process.env!`;"],
    ["a regular expression", 'const f = (y) => /["`\'] Date any! [/"]/.test(y);'],
    ["longer words", "const updated = company + candidate; const dateless = processed;"],
    ["properties", "const f = () => state.process + list.any(f) + message.Date;"],
    ["negation", "if (!x && a != b && c !== d) return !y;"],
    ["constants", 'const A = 2 ** 32;\nexport const B = `x${A}`;\nconst C = "0".repeat(64);'],
    ["constant tables", "const A: readonly string[] = [];\nexport const B = { x: 1 } as const;"],
    ["constant sets", 'const A: ReadonlySet<string> = new Set(["a"]);'],
    ["functions", "export const f = (a: X): Y => new Map();\nconst g = (x) => {\n  let y = x;\n};"],
    [
      "functions of a type",
      "const f: (a: X) => Y = (a) => new Map();\nexport const c: C = (a, { b }) =>\n  d(a);",
    ],
    ["variables of a function", "function f() {\n  let x = new Map();\n  const y = [];\n}"],
    ["static functions", "class A {\n  static of(x: number): A {\n    return new A(x);\n  }\n}"],
    ["division", 'const x = a / b; const y = "Date" + (c) / d;'],
  ])("%s", (_, text) => {
    expect(breaches([{ path: "protocol/peer.ts", text }])).toEqual([]);
  });

  test.each([
    ["checks/a.ts", "../protocol/b.ts"],
    ["sim/a.ts", "../wire/b.ts"],
    ["lab/a.ts", "../control/b.ts"],
    ["daemon/a.ts", "../control/b.ts"],
    ["commands/a.ts", "../lab/b.ts"],
    ["main.ts", "../package.json"],
    ["main.ts", "./commands/init.ts"],
  ])("%s imports %s", (path, specifier) => {
    expect(breaches([{ path, text: `import { x } from "${specifier}";` }])).toEqual([]);
  });

  test("a lattice of imports, which is no circle", () => {
    const files: Source[] = [
      { path: "wire/a.ts", text: 'import "./b.ts"; import "./c.ts";' },
      { path: "wire/b.ts", text: 'import "./d.ts";' },
      { path: "wire/c.ts", text: 'import "./d.ts";' },
      { path: "wire/d.ts", text: "" },
    ];
    expect(breaches(files)).toEqual([]);
  });
});

test("a blanked source keeps its length, its lines and its code", () => {
  const source = 'f("a\\"b", `x${g("y")}z`); // z\n/* \n */ h(/[/]"/g);';
  const code = blank(source);
  expect(code).toHaveLength(source.length);
  expect(code.replace(/ /g, "")).toBe('f("",`${g("")}`);\n\nh(0);');
});

test("imports in comments and strings are not imports", () => {
  const text = '// import "a"\nconst x = \'from "b"\';\nimport "c";';
  expect(importsOf(text)).toEqual(["c"]);
});
