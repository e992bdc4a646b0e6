/**
 * The versions of one name as a set that merges: in any order, any number of times, with the same end
 * (a state-based CRDT: Shapiro et al., 2011; the causal history in it as in dotted version vectors:
 * Preguiça et al., 2010). Disk and table both use it, so that they cannot differ.
 *
 * A version is alive until one is met that replaced it. What replaced it then carries on what it had
 * replaced. Two things tell that a version was replaced: its operation stands in the other's history,
 * which finds one that was executed twice, and forgets; or one of its stamps lies below the other's
 * vector, which never forgets, but does not know an operation under another stamp.
 */
import { OPERATION_MS } from "./config.ts";
import {
  compareStamps,
  type FileRecord,
  isSameOperation,
  isSameVersion,
  type Operation,
  parseConflictName,
  type Span,
  type Stamp,
} from "./files.ts";
import { covers, isStamped, isWithin, joinSpans, joinStamps, NONE, newest } from "./joins.ts";

/** The versions of one name that nobody has replaced. */
export type Versions = readonly FileRecord[];

/** What a new version takes the place of, and what it leaves. */
export type Lineage = Pick<FileRecord, "replaced" | "history" | "spared">;

export const NO_LINEAGE: Readonly<Lineage> = { replaced: NONE, history: NONE, spared: NONE };

/** Every stamp that a version was given. */
export function stampsOf({ stamp, also }: FileRecord): readonly Stamp[] {
  return also.length === 0 ? [stamp] : [stamp, ...also];
}

/** True if `newer` took the place of `old`, by itself or by what it followed. */
export function isReplacedBy(
  old: Pick<FileRecord, "operation" | "stamp"> & { readonly also?: readonly Stamp[] },
  newer: FileRecord,
): boolean {
  const { operation } = old;
  // Two contents under one operation are two versions, and neither knew of the other.
  if (isSameOperation(operation, newer.operation)) return false;
  if (newer.history.some((span) => isWithin(operation, span))) return true;
  return (
    hasReplaced(newer, old.stamp) || (old.also ?? NONE).some((stamp) => hasReplaced(newer, stamp))
  );
}

/**
 * Takes a version into a set.
 * @returns the set; the very same if nothing in it has changed
 */
export function merge(held: Versions, taken: FileRecord): Versions {
  // Most names are stored once.
  if (held.length === 0) return [taken];
  const same = held.find((v) => isSameVersion(v, taken));
  const joined = same === undefined ? taken : joinSame(same, taken);
  const all = [...held.filter((v) => v !== same), joined];
  const alive = survivors(all);
  const dead = all.filter((v) => !alive.includes(v));
  const kept = dead.length === 0 ? alive : alive.map((v) => absorbAll(v, dead));
  const changed = kept.length !== held.length || kept.some((v) => !held.includes(v));
  return changed ? kept : held;
}

/**
 * The versions that no other has replaced. Two operations that were each executed twice, by two owners
 * in another order, have replaced each other: of such a circle that nobody outside of it has replaced,
 * the greatest stays.
 */
function survivors(all: Versions): Versions {
  const alive = all.filter((v) => !all.some((other) => isReplacedBy(v, other)));
  if (alive.length === all.length) return all;
  const reached = new Set(alive.flatMap((v) => [...followedBy(v, all)]));
  while (reached.size < all.length) {
    const rest = all.filter((v) => !reached.has(v));
    const closed = rest.filter((v) => {
      const below = followedBy(v, rest);
      return rest.every((other) => below.has(other) || !followedBy(other, rest).has(v));
    });
    const greatest = closed.reduce((a, b) => (isAbove(b, a) ? b : a));
    alive.push(greatest);
    for (const v of followedBy(greatest, rest)) reached.add(v);
  }
  return alive;
}

/** A version, and all that it has replaced, by itself or by what it replaced. */
function followedBy(version: FileRecord, all: Versions): ReadonlySet<FileRecord> {
  const found = new Set([version]);
  for (const newer of found) {
    for (const old of all) if (isReplacedBy(old, newer)) found.add(old);
  }
  return found;
}

/** The version that has the name; undefined if none has. */
export function winnerOf(versions: Versions): FileRecord | undefined {
  let best: FileRecord | undefined;
  for (const version of versions) {
    if (version.apart) continue;
    if (best === undefined || isAbove(version, best)) best = version;
  }
  return best;
}

/** What is known of an operation. */
export type Standing =
  | { readonly kind: "new" }
  /** Its version is alive. */
  | { readonly kind: "alive"; readonly version: FileRecord }
  /** It was executed under this stamp, and `by` has replaced it. */
  | { readonly kind: "replaced"; readonly by: FileRecord; readonly stamp: Stamp }
  /** Its origin has gone on to a later one. */
  | { readonly kind: "outdated" };

/** What a set of versions says of an operation with this content. */
export function standingOf(versions: Versions, operation: Operation, sha256: string): Standing {
  const ofIt = versions.filter((v) => isSameOperation(v.operation, operation));
  const version = ofIt.find((v) => v.sha256 === sha256) ?? ofIt[0];
  if (version !== undefined) return { kind: "alive", version };
  const { origin, number } = operation;
  for (const by of versions) {
    const span = by.history.find((s) => isWithin(operation, s));
    if (span?.to === number) return { kind: "replaced", by, stamp: span.stamp };
    if (span !== undefined) return { kind: "outdated" };
  }
  const later = versions.some(
    (v) =>
      (v.operation.origin === origin && v.operation.number > number) ||
      v.history.some((span) => span.origin === origin && span.to > number),
  );
  return later ? { kind: "outdated" } : { kind: "new" };
}

/** What has taken the place of an operation's version, by what is remembered of it; undefined if nothing has. */
export function replacerOf(versions: Versions, operation: Operation): FileRecord | undefined {
  return versions.find((v) => v.history.some((span) => isWithin(operation, span)));
}

/**
 * What a new version has to carry.
 * @param follows the versions whose place it takes
 * @param beside the others that are known, which it leaves as they are
 */
export function lineage(follows: Versions, beside: Versions, now: number): Lineage {
  if (follows.length === 0 && beside.length === 0) return NO_LINEAGE;
  let replaced: readonly Stamp[] = NONE;
  let history: readonly Span[] = NONE;
  for (const version of follows) {
    replaced = joinStamps(replaced, [...version.replaced, ...stampsOf(version)]);
    history = joinSpans(history, [...version.history, spanOf(version)]);
  }
  const left = [...beside.flatMap(stampsOf), ...follows.flatMap((v) => v.spared)];
  const spared = newest(left.filter((stamp) => !follows.some((v) => hasReplaced(v, stamp))));
  return { replaced, history: recent(history, now), spared };
}

/** The spans that were young enough then to find a second execution. @param now of the ages' clock */
export function recent(spans: readonly Span[], now: number): readonly Span[] {
  const young = spans.every((span) => span.ageMs + now <= OPERATION_MS);
  return young ? spans : spans.filter((span) => span.ageMs + now <= OPERATION_MS);
}

/**
 * Joins a new operation to the span of the one before it of its origin: what lies between is none of
 * its own on this name. @param after the number of the one before; 0 if there is none
 */
export function chained(
  history: readonly Span[],
  version: Pick<FileRecord, "operation" | "ageMs" | "stamp">,
  after: number,
): readonly Span[] {
  const { operation, ageMs, stamp } = version;
  const { origin, number } = operation;
  const index = history.findIndex((s) => s.origin === origin && s.from <= after && after <= s.to);
  const before = history[index];
  return before === undefined || number <= before.to
    ? history
    : history.with(index, { ...before, to: number, ageMs, stamp });
}

function isAbove(a: FileRecord, b: FileRecord): boolean {
  const order = compareStamps(a.stamp, b.stamp);
  // Only a mistake gives one stamp to two versions: all must make the same of it.
  return order > 0 || (order === 0 && operationText(a) > operationText(b));
}

function operationText({ operation, sha256 }: FileRecord): string {
  return `${operation.origin} ${operation.number} ${sha256}`;
}

/** One operation that was given two stamps is one version, with the greater. */
function joinSame(a: FileRecord, b: FileRecord): FileRecord {
  const newer = compareStamps(a.stamp, b.stamp) >= 0 ? a : b;
  const stamps = joinStamps(stampsOf(a), stampsOf(b)).filter(
    (s) => compareStamps(s, newer.stamp) !== 0,
  );
  const ageMs = Math.max(a.ageMs, b.ageMs);
  const joined: FileRecord = {
    ...a,
    stamp: newer.stamp,
    also: stamps.length === 0 ? NONE : stamps,
    apart: a.apart && b.apart,
    ageMs,
    replaced: joinStamps(a.replaced, b.replaced),
    history: recent(joinSpans(a.history, b.history), -ageMs),
    spared: joinSpared(a, b),
  };
  // An age alone is no news: messages take their time.
  const changed =
    joined.stamp !== a.stamp ||
    joined.also.length !== a.also.length ||
    joined.apart !== a.apart ||
    knowsMore(joined, a);
  return changed ? joined : a;
}

/** What one dead version knew may tell of another that it had replaced. */
function absorbAll(version: FileRecord, dead: Versions): FileRecord {
  for (let before = version; ; before = version) {
    version = dead.reduce(absorb, before);
    if (version === before) return version;
  }
}

/** A living version carries on what a dead one knew, if it was this one that replaced it. */
function absorb(version: FileRecord, dead: FileRecord): FileRecord {
  if (!isReplacedBy(dead, version)) return version;
  const joined: FileRecord = {
    ...version,
    replaced: joinStamps(version.replaced, [...dead.replaced, ...stampsOf(dead)]),
    history: recent(joinSpans(version.history, [...dead.history, spanOf(dead)]), -version.ageMs),
    spared: joinSpared(version, dead),
  };
  return knowsMore(joined, version) ? joined : version;
}

function knowsMore(a: Lineage, b: Lineage): boolean {
  return (
    a.replaced.length !== b.replaced.length ||
    a.history.length !== b.history.length ||
    a.spared.length !== b.spared.length ||
    a.spared.some((s) => !isStamped(b.spared, s)) ||
    a.replaced.some((s, i) => s.counter !== b.replaced[i]?.counter) ||
    a.history.some((s, i) => s.from !== b.history[i]?.from || s.to !== b.history[i]?.to)
  );
}

function spanOf({ operation, ageMs, stamp }: FileRecord): Span {
  const { origin, number } = operation;
  return { origin, from: number, to: number, ageMs, stamp };
}

/**
 * What both together have not replaced: whoever has followed a version counts for more than whoever has
 * left it as it was.
 */
function joinSpared(a: FileRecord, b: FileRecord): readonly Stamp[] {
  if (a.spared.length === 0 && b.spared.length === 0) return NONE;
  const left = a.spared.filter((stamp) => !hasReplaced(b, stamp));
  return newest([...left, ...b.spared.filter((s) => !hasReplaced(a, s))]);
}

/** True of what a version, or one that it followed, took the place of. */
function hasReplaced(version: FileRecord, stamp: Stamp): boolean {
  const known =
    covers(version.stamp, stamp) ||
    version.also.some((s) => covers(s, stamp)) ||
    version.replaced.some((s) => covers(s, stamp));
  return known && !isStamped(version.spared, stamp);
}

/**
 * The version that a name stands for: the newest, or the conflict of that name; or what has taken its
 * place, which has to be on a majority before it is told that there is no such conflict.
 */
export function askedFor(name: string, versions: Versions): FileRecord | undefined {
  const conflict = parseConflictName(name);
  if (conflict === null) return winnerOf(versions);
  const { operation } = conflict;
  const alive = versions.find((v) => isSameOperation(v.operation, operation));
  return alive ?? replacerOf(versions, operation);
}

/** True of what stands for a name where there is nothing under it: a removal, or what a conflict gave way to. */
export function isNothing(name: string, { removed, operation }: FileRecord): boolean {
  const conflict = parseConflictName(name);
  return removed || (conflict !== null && !isSameOperation(operation, conflict.operation));
}
