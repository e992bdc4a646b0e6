/** The lists that writes carry, versions and spans, and how two of them become one. */
import { SPANS_KEPT, SPARED_KEPT, VECTOR_KEPT } from "./config.ts";
import { compareVersions, type Operation, type Span, type Version } from "./files.ts";

export const NONE: readonly never[] = Object.freeze([]);

/** True if whoever gave the one version knew of the other. */
export function covers(by: Version, version: Version): boolean {
  return (
    by.owner === version.owner && by.instance === version.instance && by.counter >= version.counter
  );
}

/** True if a span takes in an operation: one of its origin, with a number of the span's, ends included. */
export function isWithin({ origin, number }: Operation, span: Span): boolean {
  return span.origin === origin && span.from <= number && number <= span.to;
}

/** For each owner and instance the highest; the newest VECTOR_KEPT of them, in order. */
export function joinVersions(a: readonly Version[], b: readonly Version[]): readonly Version[] {
  if (b.every((s) => a.some((t) => covers(t, s)))) return a;
  const highest = new Map<string, Version>();
  for (const version of [...a, ...b]) {
    const key = `${version.owner}/${version.instance}`;
    const known = highest.get(key);
    if (known === undefined || version.counter > known.counter) highest.set(key, version);
  }
  return [...highest.values()].sort(compareVersions).slice(-VECTOR_KEPT);
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
      const { to, ageMs, version } = span.to > last.to ? span : last;
      joined[joined.length - 1] = { ...last, to, ageMs, version };
    }
  }
  if (joined.length <= SPANS_KEPT) return joined;
  const oldest = new Set(joined.toSorted((x, y) => x.ageMs - y.ageMs).slice(SPANS_KEPT));
  return joined.filter((span) => !oldest.has(span));
}

/** Each once, in order: the newest SPARED_KEPT. */
export function newest(versions: readonly Version[]): readonly Version[] {
  if (versions.length === 0) return NONE;
  const once = versions.filter((version, i) => !hasVersion(versions.slice(0, i), version));
  return once.sort(compareVersions).slice(-SPARED_KEPT);
}

/** True if the version is among these. */
export function hasVersion(versions: readonly Version[], version: Version): boolean {
  return versions.some((s) => compareVersions(s, version) === 0);
}
