/** The files that chaos stores and reads back: names, sizes and contents from the seed. Pure. */
import { createHash } from "node:crypto";
import { makeRandom, randomBelow, randomBits } from "../protocol/model/random.ts";
import { FILES, LARGEST_FILE } from "./limits.ts";

export type TestFile = {
  /** Four digits. */
  readonly name: string;
  /** Bytes, from 1 on. */
  readonly size: number;
  /** For its content. */
  readonly seed: number;
};

/** How many files, the bytes of the largest, and names that somebody else will use. */
export type Corpus = {
  readonly count?: number;
  readonly largest?: number;
  readonly avoid?: readonly string[];
};

const NAMES = 10_000;

/**
 * The smallest is of 1 B, and the largest of 1 MB if nothing else is said; the others spread evenly over the orders between.
 * @param taken names that the ring has already, which are left alone
 */
export function drawFiles(
  seed: number,
  taken: ReadonlySet<string>,
  { count = FILES, largest = LARGEST_FILE }: Corpus = {},
): TestFile[] {
  // Not the schedule's numbers again.
  const random = makeRandom(seed ^ 0x5bd1e995);
  const names = new Set<string>();
  // The names that are left may be few, so the draws have an end.
  for (let tries = 0; names.size < count && tries < 100 * NAMES; tries++) {
    const name = String(randomBelow(random, NAMES)).padStart(4, "0");
    if (!taken.has(name)) names.add(name);
  }
  return [...names].map((name, index) => ({
    name,
    size: Math.round(largest ** (index / Math.max(1, count - 1))),
    seed: randomBits(random),
  }));
}

/** The content of a file, the same each time. */
export function contentOf(file: TestFile): Uint8Array<ArrayBuffer> {
  const random = makeRandom(file.seed);
  const words = new Uint32Array(Math.ceil(file.size / 4));
  for (let i = 0; i < words.length; i++) words[i] = randomBits(random);
  return new Uint8Array(words.buffer, 0, file.size);
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
