/** Cases that have failed, in `found/`: those that are mended are played by every run of the tests. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Told } from "./target.ts";

export type FoundCase = {
  readonly name: string;
  readonly target: string;
  /** What it said when it was found. */
  readonly why: string;
  /** It still fails: where and why, for whoever mends it. Null once it is mended. */
  readonly open: string | null;
  readonly kept: unknown;
};

const DIR = join(import.meta.dir, "found");

export function foundCases(): FoundCase[] {
  const names = readdirSync(DIR).filter((file) => file.endsWith(".json"));
  return names.sort().map((file) => {
    const found: Omit<FoundCase, "name"> = JSON.parse(readFileSync(join(DIR, file), "utf8"));
    return { name: file.replace(".json", ""), ...found };
  });
}

/** What a target is known to fail with, each in one line. */
export function knownOf(target: string): Set<string> {
  const open = foundCases().filter((found) => found.target === target && found.open !== null);
  return new Set(open.map(({ why }) => why.split("\n")[0] ?? ""));
}

/** Keeps a case that has failed, as one that is open. */
export function keep(name: string, target: string, { seed, found }: Told): void {
  const { why, kept } = found;
  const open = `seed ${seed}`;
  const text = JSON.stringify({ target, why: why.split("\n")[0], open, kept }, null, 2);
  writeFileSync(join(DIR, `${name}.json`), `${text}\n`);
}
