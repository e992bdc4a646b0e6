import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entryPoints } from "../../scripts/docs/typedoc.json";
import { undocumented, unknownConstants } from "./docstrings.ts";
import type { Source } from "./laws.ts";

const ROOT = join(import.meta.dir, "../..");

function read(globs: readonly string[]): Source[] {
  const paths = globs.flatMap((glob) => [...new Bun.Glob(glob).scanSync(ROOT)]);
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

test("every function and class that `npm run docs` shows has a docstring", () => {
  const shown = read(entryPoints.map((glob) => join("scripts/docs", glob)));
  const paths = shown.map(({ path }) => path);
  for (const path of [
    "protocol/peer.ts",
    "protocol/model/view.ts",
    "checks/ring.ts",
    "wire/frame.ts",
  ])
    expect(paths).toContain(`src/${path}`);
  expect(shown.flatMap(undocumented)).toEqual([]);
});

test("no comment speaks of a constant that is not there", () => {
  expect(unknownConstants(read(["src/**/*.ts"]))).toEqual([]);
});

test.each([
  ["export function f(): void {}", ["a.ts: f"]],
  ["/** What f does. */\nexport function f(): void {}", []],
  ["f();\n/** What f does. */\n\nexport function f(): void {}", []],
  ["f();\n// What f does.\nexport async function f() {}", ["a.ts: f"]],
  ["/** The file. */\n/** What C is. */\nexport class C {}", []],
  ["/** C. */\nconst a = 1;\nexport abstract class C {}", ["a.ts: C"]],
  ["export const f = (x: number) => x;", ["a.ts: f"]],
  ["export const A = { f: (x) => x };\nfunction g() {}", []],
])("a docstring is missed, or not: %j", (text, missing) => {
  expect(undocumented({ path: "a.ts", text })).toEqual(missing);
});

test("a constant that is only spoken of is found", () => {
  const a = { path: "a.ts", text: "/** Of OLD_MS. */\nexport const NEW_MS = 1; // or OTHER_MS" };
  const b = { path: "b.ts", text: 'const url = "http://A_B"; // see NEW_MS\nuse(OTHER_MS);' };
  expect(unknownConstants([a, b])).toEqual(["a.ts: OLD_MS"]);
});
