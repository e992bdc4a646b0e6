/**
 * The longest walks through the protocol, each as a document for who comes new to it: walks/store.txt,
 * walks/request.txt and walks/join.txt. What they say of a step is what real peers do, and by which files.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recordOf, STORE } from "./one-peer.ts";
import { Walk } from "./walk.ts";

const RING = [2, 8, 9, 14, 20];
const ROOT = join(import.meta.dir, "../..");

const WALKS = {
  store: () => new Walk(RING).command(2, STORE),
  request: () => {
    const held = [8, 9, 14].map((id) => [id, recordOf(8, 3, 1)] as const);
    return new Walk(RING, held).command(2, { kind: "request", name: "plan", key: 5 });
  },
  join: () => new Walk(RING).join(12, 2),
} as const;

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

/** The files that ARCHITECTURE.md has whoever follows one of its two walks open, and how many it says they are. */
function listed(walk: string): { files: string[]; count: number } {
  const text = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
  const [, section = ""] = text.split(`\n### ${walk}`);
  const [heading = "", ...lines] = (section.split(/\n##/)[0] ?? "").split("\n");
  const files = lines
    .filter((line) => /^\d+\. /.test(line))
    .flatMap((line) => [...line.matchAll(/`([\w/-]+\.ts)`/g)].map(([, file]) => file ?? ""));
  return { files, count: Number(/(\d+) files/.exec(heading)?.[1]) };
}

test.each([
  ["A store", "store"],
  ["A join", "join"],
] as const)(
  "%s: all files of its walk are in the list, and no others that are not there",
  (title, name) => {
    const { files, count } = listed(title);
    expect(files).toHaveLength(count);
    expect(new Set(files).size).toBe(count);
    expect(files.filter((file) => !existsSync(join(ROOT, "src", file)))).toEqual([]);
    // What it tells others besides ends elsewhere.
    const aside = ["membership/spreading.ts"];
    const passed = [...WALKS[name]().files].filter((file) => !aside.includes(file));
    expect(files).toEqual(expect.arrayContaining(passed.map((file) => `protocol/${file}`)));
  },
);
