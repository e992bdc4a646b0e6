/** ARCHITECTURE.md leads whoever looks for a file to one that is there, and to all of the protocol. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
/** What a path in the document begins at. */
const FROM = ["src", "src/protocol", ""];

/** The files that a text names. */
function named(text: string): string[] {
  return [...text.matchAll(/`([\w./-]+\.ts)`/g)].map(([, file]) => file ?? "");
}

function filesBelow(folder: string): string[] {
  return [...new Bun.Glob("**/*.ts").scanSync(join(ROOT, folder))];
}

/** Those that are not there: a path as it stands, a name alone in any room, or beside the tests. */
function absent(files: readonly string[]): string[] {
  const names = new Set(
    [...filesBelow("src"), ...filesBelow("test")].map((file) => basename(file)),
  );
  const isThere = (file: string) =>
    file.includes("/") ? FROM.some((from) => existsSync(join(ROOT, from, file))) : names.has(file);
  return files.filter((file) => !isThere(file));
}

const NAMED = named(readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8"));

test("each file that ARCHITECTURE.md names is there", () => {
  expect(NAMED.length).toBeGreaterThan(200);
  expect(absent(NAMED)).toEqual([]);
  const gone = named("`protocol/peers.ts`, `model/view.ts`, `attic.ts` and `view.ts`");
  expect(absent(gone)).toEqual(["protocol/peers.ts", "attic.ts"]);
});

test("each file of the protocol is named there", () => {
  const names = new Set(NAMED.map((file) => basename(file)));
  expect(filesBelow("src/protocol").filter((file) => !names.has(basename(file)))).toEqual([]);
});
