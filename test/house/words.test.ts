import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blank } from "./blank.ts";
import { AS_WRITTEN, OLD_WORDS, ROOM_WORDS } from "./old-words.ts";

const ROOT = join(import.meta.dir, "../..");
const WHERE = ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts"];
/** The list itself, and faults, which are planted as texts. */
const OTHERS = /^test\/(house\/|planted\/\w+-?faults\.ts)/;

type Words = Readonly<Record<string, string>>;

function oldWordsIn(text: string, old: Words = OLD_WORDS): string[] {
  const words = blank(text).matchAll(/(?<![\w$])[A-Za-z_$][\w$]*/g);
  return [...new Set([...words].map(([word]) => word))].filter((word) => Object.hasOwn(old, word));
}

/** The words of other rooms that a file of this one has. */
function wordsOfOthers(file: string, text: string): string[] {
  const [, old = {}] =
    Object.entries(ROOM_WORDS).find(([room]) => file.startsWith(`${room}/`)) ?? [];
  const found = oldWordsIn(text, old).filter((word) => !AS_WRITTEN[file]?.includes(word));
  return found.map((word) => `${file}: ${word}, which is ${old[word]} here`);
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

test("the words that other programs read stay out of the rooms that have others", () => {
  const files = Object.keys(ROOM_WORDS).flatMap((room) => [
    ...new Bun.Glob(`${room}/**/*.ts`).scanSync(ROOT),
  ]);
  expect(files.length).toBeGreaterThan(120);
  const found = files.flatMap((file) =>
    wordsOfOthers(file, readFileSync(join(ROOT, file), "utf8")),
  );
  expect(found).toEqual([]);
});

test("a word of another room is found in this one, and let be where it is read from a disk", () => {
  const text = "const { stamp, copies } = record; // its holders";
  for (const room of Object.keys(ROOM_WORDS)) {
    const found = wordsOfOthers(`${room}/planted.ts`, text);
    expect(found.map((each) => each.split(" ")[1])).toEqual(["stamp,", "copies,"]);
  }
  expect(wordsOfOthers("src/protocol/planted.ts", "version.run")).toHaveLength(1);
  expect(wordsOfOthers("src/store/saved-state.ts", text)).toHaveLength(1);
  expect(wordsOfOthers("src/control/planted.ts", text)).toEqual([]);
});

test("no word in place of an old one is old itself", () => {
  const words = [OLD_WORDS, ...Object.values(ROOM_WORDS)].flatMap((old) => Object.values(old));
  expect(words.flatMap((word) => word.split(/, or /)).filter((word) => word in OLD_WORDS)).toEqual(
    [],
  );
});
