import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blank } from "./blank.ts";
import { OLD_WORDS } from "./old-words.ts";

const ROOT = join(import.meta.dir, "../..");
const WHERE = ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts"];
/** The list itself, and faults, which are planted as texts. */
const OTHERS = /^test\/(house\/|planted\/\w+-?faults\.ts)/;

function oldWordsIn(text: string): string[] {
  const words = blank(text).matchAll(/(?<![\w$])[A-Za-z_$][\w$]*/g);
  return [...new Set([...words].map(([word]) => word))].filter((word) =>
    Object.hasOwn(OLD_WORDS, word),
  );
}

test("no old word comes back", () => {
  const files = WHERE.flatMap((glob) => [...new Bun.Glob(glob).scanSync(ROOT)]);
  expect(files.length).toBeGreaterThan(400);
  const found = files
    .filter((file) => !OTHERS.test(file))
    .flatMap((file) =>
      oldWordsIn(readFileSync(join(ROOT, file), "utf8")).map(
        (word) => `${file}: ${word}, which is ${OLD_WORDS[word]} now`,
      ),
    );
  expect(found).toEqual([]);
});

test("an old word is found in code, and not in what is said", () => {
  expect(oldWordsIn('const trial = 1; // a trial\nf("trial");')).toEqual(["trial"]);
  expect(oldWordsIn("const trials2 = x.probe;")).toEqual([]);
});
