/**
 * The longest walks through the protocol, each as a document for who comes new to it: walks/store.txt,
 * walks/request.txt and walks/join.txt. What they say of a step is what real peers do, and by which files. The whole
 * walks, from what is typed to what is printed, are in test/walks/.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WALKS } from "./walk.ts";

/** What a document says, without what it explains. */
function said(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test.each(["store", "request", "join"] as const)(
  "a %s goes the way that its document has",
  (name) => {
    const document = readFileSync(join(import.meta.dir, "walks", `${name}.txt`), "utf8");
    expect(said(WALKS[name]().text())).toEqual(said(document));
  },
);
