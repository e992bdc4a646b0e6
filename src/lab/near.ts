/** The word that someone may have meant. */

/** The candidate that `typed` begins, or that is at most two letters away from it; null if none is. */
export function nearest(typed: string, candidates: readonly string[]): string | null {
  const word = typed.slice(0, 32);
  const begun = candidates.find((candidate) => word.length > 1 && candidate.startsWith(word));
  if (begun !== undefined) return begun;
  const far = candidates.map((candidate) => ({ candidate, distance: distance(word, candidate) }));
  const [best] = far.sort((a, b) => a.distance - b.distance);
  if (best === undefined || best.distance > 2 || best.distance >= best.candidate.length - 1) {
    return null;
  }
  return best.candidate;
}

/** Insertions, deletions and substitutions of letters that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
