/** Words for sentences about what was typed: itself, and near matches. */

const QUOTED_MAX = 60;

/** What was typed, in quotes: shortened, and with no control character that a terminal would obey. */
export function quote(text: string): string {
  const safe = text.replace(/\p{C}/gu, "?");
  return safe.length > QUOTED_MAX ? `"${safe.slice(0, QUOTED_MAX)}..."` : `"${safe}"`;
}

/**
 * The candidate most like `typed`: one that it begins, or one within a third of its letters; null
 * where none is that near. Two letters that changed places count as one mistake.
 */
export function nearest(typed: string, candidates: readonly string[]): string | null {
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const distance =
      typed.length >= 2 && candidate.startsWith(typed) ? 0.5 : editDistance(typed, candidate);
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    if (distance <= limit && distance < candidate.length && distance < (best?.distance ?? 99)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate ?? null;
}

/** `; did you mean X?` where there is a near match, and nothing where there is none. */
export function didYouMean(typed: string, candidates: readonly string[]): string {
  const match = nearest(typed, candidates);
  return match === null ? "" : `; did you mean ${match}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  // Far apart whatever the letters: no table for 5,000 characters.
  if (Math.abs(a.length - b.length) > 20) return Math.abs(a.length - b.length);
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, at(before, j - 2) + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
