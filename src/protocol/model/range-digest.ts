/** What the digest of a range is made of: which writes lie in it, what each adds, and whose are left out. */
import { hashText } from "./digest.ts";
import { type FileRecord, shortInstance, type Version } from "./files.ts";

/** Whose versions of which instance are left out of a digest: those with a counter above this one's. */
export type Author = Version;

/** What an owner has versioned in this run of its process, above a counter. */
export function authorOf(
  owner: { readonly id: number; readonly instance: string },
  counter: number,
): Author {
  return { owner: owner.id, instance: shortInstance(owner), counter };
}

/** True of a key above `from` and up to `to`, clockwise; of every key if they are equal. */
export function isWithin(key: number, from: number, to: number): boolean {
  if (from < to) return key > from && key <= to;
  return from === to || key > from || key <= to;
}

/** What a write adds to the digest of a range: a whole number in [0, 2^53). */
export function hashOf({ name, operation, version, sha256, apart }: FileRecord): number {
  const { counter, owner, instance } = version;
  const write = `${operation.origin}-${operation.number}/${sha256.slice(0, 16)}`;
  return hashText(`${name}/${write}/${counter}/${owner}/${instance}${apart ? "/apart" : ""}`);
}

/** True of what this one has versioned above its counter; false where nobody is left out. */
export function isBy({ version }: FileRecord, author: Author | null): boolean {
  if (author === null || version.owner !== author.owner) return false;
  return version.instance === author.instance && version.counter > author.counter;
}
