/** What the digest of a range is made of: which versions lie in it, what each adds, and whose are left out. */
import { hashText } from "./digest.ts";
import { type FileRecord, runOf, type Stamp } from "./files.ts";

/** Whose stamps of which run are left out of a digest: those with a counter above this one's. */
export type Author = Stamp;

/** What an owner has stamped in this run of its process, above a counter. */
export function authorOf(
  owner: { readonly id: number; readonly instance: string },
  counter: number,
): Author {
  return { owner: owner.id, run: runOf(owner), counter };
}

/** True of a key above `from` and up to `to`, clockwise; of every key if they are equal. */
export function isWithin(key: number, from: number, to: number): boolean {
  if (from < to) return key > from && key <= to;
  return from === to || key > from || key <= to;
}

/** What a version adds to the digest of a range: a whole number in [0, 2^53). */
export function hashOf({ name, operation, stamp, sha256, apart }: FileRecord): number {
  const { counter, owner, run } = stamp;
  const version = `${operation.origin}-${operation.number}/${sha256.slice(0, 16)}`;
  return hashText(`${name}/${version}/${counter}/${owner}/${run}${apart ? "/apart" : ""}`);
}

/** True of what this one has stamped above its counter; false where nobody is left out. */
export function isBy({ stamp }: FileRecord, author: Author | null): boolean {
  if (author === null || stamp.owner !== author.owner) return false;
  return stamp.run === author.run && stamp.counter > author.counter;
}
