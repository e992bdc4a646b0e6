/** Hashes and set digests: spread, not secrecy, is what comparing two tables needs. */

/** Digests are whole numbers below this; sums of two stay exact. */
const DIGEST_SPAN = 2 ** 52;

/** FNV-1a twice, with two offsets, joined to 52 bits. */
export function hashText(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 15);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}

/** The digest of a set with one more member of this hash; the order of adding makes no difference. */
export function addHash(digest: number, hash: number): number {
  return (digest + hash) % DIGEST_SPAN;
}

/** The digest of a set without a member of this hash. */
export function removeHash(digest: number, hash: number): number {
  return (digest + DIGEST_SPAN - hash) % DIGEST_SPAN;
}
