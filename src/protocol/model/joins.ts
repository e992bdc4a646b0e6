/** The lists that versions carry, stamps and spans, and how two of them become one. */
import { REPLACED_KEPT, SPANS_KEPT, SPARED_KEPT } from "./config.ts";
import { compareStamps, type Operation, type Span, type Stamp } from "./files.ts";

export const NONE: readonly never[] = Object.freeze([]);

/** True if whoever gave the one stamp knew of the other. */
export function covers(by: Stamp, stamp: Stamp): boolean {
  return by.owner === stamp.owner && by.run === stamp.run && by.counter >= stamp.counter;
}

/** True if a span takes in an operation: one of its origin, with a number of the span's, ends included. */
export function isWithin({ origin, number }: Operation, span: Span): boolean {
  return span.origin === origin && span.from <= number && number <= span.to;
}

/** For each owner and run the highest; the newest REPLACED_KEPT of them, in order. */
export function joinStamps(a: readonly Stamp[], b: readonly Stamp[]): readonly Stamp[] {
  if (b.every((s) => a.some((t) => covers(t, s)))) return a;
  const highest = new Map<string, Stamp>();
  for (const stamp of [...a, ...b]) {
    const key = `${stamp.owner}/${stamp.run}`;
    const known = highest.get(key);
    if (known === undefined || stamp.counter > known.counter) highest.set(key, stamp);
  }
  return [...highest.values()].sort(compareStamps).slice(-REPLACED_KEPT);
}

/** Spans of one origin that overlap are one: in each of them there is none of its own between two. */
export function joinSpans(a: readonly Span[], b: readonly Span[]): readonly Span[] {
  if (b.every((s) => a.some((t) => t.origin === s.origin && t.from <= s.from && s.to <= t.to))) {
    return a;
  }
  const sorted = [...a, ...b].sort((x, y) =>
    x.origin < y.origin ? -1 : x.origin > y.origin ? 1 : x.from - y.from,
  );
  const joined: Span[] = [];
  for (const span of sorted) {
    const last = joined.at(-1);
    if (last === undefined || last.origin !== span.origin || span.from > last.to) joined.push(span);
    else {
      const { to, ageMs, stamp } = span.to > last.to ? span : last;
      joined[joined.length - 1] = { ...last, to, ageMs, stamp };
    }
  }
  if (joined.length <= SPANS_KEPT) return joined;
  const oldest = new Set(joined.toSorted((x, y) => x.ageMs - y.ageMs).slice(SPANS_KEPT));
  return joined.filter((span) => !oldest.has(span));
}

/** Each once, in order: the newest SPARED_KEPT. */
export function newest(stamps: readonly Stamp[]): readonly Stamp[] {
  if (stamps.length === 0) return NONE;
  const once = stamps.filter((stamp, i) => !isStamped(stamps.slice(0, i), stamp));
  return once.sort(compareStamps).slice(-SPARED_KEPT);
}

/** True if the stamp is among these. */
export function isStamped(stamps: readonly Stamp[], stamp: Stamp): boolean {
  return stamps.some((s) => compareStamps(s, stamp) === 0);
}
