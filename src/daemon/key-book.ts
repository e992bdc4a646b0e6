/** The file in which a peer keeps its ring's key, the next one while they change, and those of before. */
import { join } from "node:path";
import { keyText, parseKey } from "../seal/key-text.ts";
import { RETIRED_KEPT } from "../seal/limits.ts";
import { replaceFile } from "../store/durable.ts";
import { readSecret } from "../store/key-file.ts";

/** Its name in the folder. */
export const KEY_FILE = "ring.key";

export type KeyBook = {
  readonly key: Uint8Array;
  /** Taken besides it, and alone from a time on (epoch milliseconds). */
  readonly next: readonly { readonly key: Uint8Array; readonly at: number }[];
  /** The latest first. */
  readonly former: readonly Uint8Array[];
};

/** @returns null where there is none. @throws Failure for a file that cannot be read, or makes no sense */
export function readKeyBook(dir: string): KeyBook | null {
  const path = join(dir, KEY_FILE);
  const text = readSecret(path);
  if (text === null) return null;
  const [first = "", ...lines] = text.trim().split("\n");
  const rows = lines.map((line) => line.split(" "));
  const keyIn = (row: readonly string[]) => parseKey(row[1] ?? "", path);
  return {
    key: parseKey(first, path),
    next: rows
      .filter(([what]) => what === "next")
      .map((row) => ({ key: keyIn(row), at: Number(row[2] ?? 0) })),
    former: rows.filter(([what]) => what === "former").map(keyIn),
  };
}

/** Replaces it, durable. @throws the system's error */
export async function writeKeyBook(dir: string, { key, next, former }: KeyBook): Promise<void> {
  const lines = [
    keyText(key),
    ...next.map((each) => `next ${keyText(each.key)} ${each.at}`),
    ...former.slice(0, RETIRED_KEPT).map((each) => `former ${keyText(each)}`),
  ];
  await replaceFile(join(dir, KEY_FILE), `${lines.join("\n")}\n`, true);
}
