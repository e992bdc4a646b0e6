/**
 * The writes of one name as a set that merges: in any order, any number of times, with the same end
 * (a state-based CRDT: Shapiro et al., 2011; the causal history in it as in dotted version vectors:
 * Preguiça et al., 2010). Disk and table both use it, so that they cannot differ.
 *
 * A write is alive until one is met that replaced it. What replaced it then carries on what it had
 * replaced. Two things tell that a write was replaced: its operation stands in the other's history,
 * which finds one that was executed twice, and forgets; or one of its versions lies below the other's
 * vector, which never forgets, but does not know an operation under another version.
 */
import { OPERATION_MS } from "./config.ts";
import {
  compareVersions,
  type FileRecord,
  isSameOperation,
  isSameWrite,
  type Operation,
  parseConflictName,
  type Span,
  type Version,
} from "./files.ts";
import { covers, hasVersion, isWithin, joinSpans, joinVersions, NONE, newest } from "./joins.ts";

/** The writes of one name that nobody has replaced, as Riak calls them: one as a rule. */
export type Siblings = readonly FileRecord[];

/** What a new write takes the place of, and what it leaves. */
export type Lineage = Pick<FileRecord, "versionVector" | "history" | "spared">;

export const NO_LINEAGE: Readonly<Lineage> = { versionVector: NONE, history: NONE, spared: NONE };

/** Every version that a write was given. */
export function versionsOf({ version, also }: FileRecord): readonly Version[] {
  return also.length === 0 ? [version] : [version, ...also];
}

/** True if `newer` took the place of `old`, by itself or by what it followed. */
export function isReplacedBy(
  old: Pick<FileRecord, "operation" | "version"> & { readonly also?: readonly Version[] },
  newer: FileRecord,
): boolean {
  const { operation } = old;
  // Two contents under one operation are two writes, and neither knew of the other.
  if (isSameOperation(operation, newer.operation)) return false;
  if (newer.history.some((span) => isWithin(operation, span))) return true;
  return (
    hasReplaced(newer, old.version) ||
    (old.also ?? NONE).some((version) => hasReplaced(newer, version))
  );
}

/**
 * Takes a write into a set.
 * @returns the set; the very same if nothing in it has changed
 */
export function merge(held: Siblings, taken: FileRecord): Siblings {
  // Most names are stored once.
  if (held.length === 0) return [taken];
  const same = held.find((v) => isSameWrite(v, taken));
  const joined = same === undefined ? taken : joinSame(same, taken);
  const all = [...held.filter((v) => v !== same), joined];
  const alive = survivors(all);
  const dead = all.filter((v) => !alive.includes(v));
  const kept = dead.length === 0 ? alive : alive.map((v) => absorbAll(v, dead));
  const changed = kept.length !== held.length || kept.some((v) => !held.includes(v));
  return changed ? kept : held;
}

/**
 * The writes that no other has replaced. Two operations that were each executed twice, by two owners
 * in another order, have replaced each other: of such a circle that nobody outside of it has replaced,
 * the greatest stays.
 */
function survivors(all: Siblings): Siblings {
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

/** A write, and all that it has replaced, by itself or by what it replaced. */
function followedBy(sibling: FileRecord, all: Siblings): ReadonlySet<FileRecord> {
  const found = new Set([sibling]);
  for (const newer of found) {
    for (const old of all) if (isReplacedBy(old, newer)) found.add(old);
  }
  return found;
}

/** The write that has the name; undefined if none has. */
export function winnerOf(siblings: Siblings): FileRecord | undefined {
  let best: FileRecord | undefined;
  for (const sibling of siblings) {
    if (sibling.apart) continue;
    if (best === undefined || isAbove(sibling, best)) best = sibling;
  }
  return best;
}

/** What is known of an operation. */
export type Standing =
  | { readonly kind: "new" }
  /** Its write is alive. */
  | { readonly kind: "alive"; readonly sibling: FileRecord }
  /** It was executed under this version, and `by` has replaced it. */
  | { readonly kind: "replaced"; readonly by: FileRecord; readonly version: Version }
  /** Its origin has gone on to a later one. */
  | { readonly kind: "outdated" };

/** What a set of writes says of an operation with this content. */
export function standingOf(siblings: Siblings, operation: Operation, sha256: string): Standing {
  const ofIt = siblings.filter((v) => isSameOperation(v.operation, operation));
  const sibling = ofIt.find((v) => v.sha256 === sha256) ?? ofIt[0];
  if (sibling !== undefined) return { kind: "alive", sibling };
  const { origin, number } = operation;
  for (const by of siblings) {
    const span = by.history.find((s) => isWithin(operation, s));
    if (span?.to === number) return { kind: "replaced", by, version: span.version };
    if (span !== undefined) return { kind: "outdated" };
  }
  const later = siblings.some(
    (v) =>
      (v.operation.origin === origin && v.operation.number > number) ||
      v.history.some((span) => span.origin === origin && span.to > number),
  );
  return later ? { kind: "outdated" } : { kind: "new" };
}

/** What has taken the place of an operation's write, by what is remembered of it; undefined if nothing has. */
export function replacerOf(siblings: Siblings, operation: Operation): FileRecord | undefined {
  return siblings.find((v) => v.history.some((span) => isWithin(operation, span)));
}

/**
 * What a new write has to carry.
 * @param follows the writes whose place it takes
 * @param beside the others that are known, which it leaves as they are
 */
export function lineage(follows: Siblings, beside: Siblings, now: number): Lineage {
  if (follows.length === 0 && beside.length === 0) return NO_LINEAGE;
  let versionVector: readonly Version[] = NONE;
  let history: readonly Span[] = NONE;
  for (const sibling of follows) {
    versionVector = joinVersions(versionVector, [...sibling.versionVector, ...versionsOf(sibling)]);
    history = joinSpans(history, [...sibling.history, spanOf(sibling)]);
  }
  const left = [...beside.flatMap(versionsOf), ...follows.flatMap((v) => v.spared)];
  const spared = newest(left.filter((version) => !follows.some((v) => hasReplaced(v, version))));
  return { versionVector, history: recent(history, now), spared };
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
  sibling: Pick<FileRecord, "operation" | "ageMs" | "version">,
  after: number,
): readonly Span[] {
  const { operation, ageMs, version } = sibling;
  const { origin, number } = operation;
  const index = history.findIndex((s) => s.origin === origin && s.from <= after && after <= s.to);
  const before = history[index];
  return before === undefined || number <= before.to
    ? history
    : history.with(index, { ...before, to: number, ageMs, version });
}

function isAbove(a: FileRecord, b: FileRecord): boolean {
  const order = compareVersions(a.version, b.version);
  // Only a mistake gives one version to two writes: all must make the same of it.
  return order > 0 || (order === 0 && operationText(a) > operationText(b));
}

function operationText({ operation, sha256 }: FileRecord): string {
  return `${operation.origin} ${operation.number} ${sha256}`;
}

/** One operation that was given two versions is one write, with the greater. */
function joinSame(a: FileRecord, b: FileRecord): FileRecord {
  const newer = compareVersions(a.version, b.version) >= 0 ? a : b;
  const versions = joinVersions(versionsOf(a), versionsOf(b)).filter(
    (s) => compareVersions(s, newer.version) !== 0,
  );
  const ageMs = Math.max(a.ageMs, b.ageMs);
  const joined: FileRecord = {
    ...a,
    version: newer.version,
    also: versions.length === 0 ? NONE : versions,
    apart: a.apart && b.apart,
    ageMs,
    versionVector: joinVersions(a.versionVector, b.versionVector),
    history: recent(joinSpans(a.history, b.history), -ageMs),
    spared: joinSpared(a, b),
  };
  // An age alone is no news: messages take their time.
  const changed =
    joined.version !== a.version ||
    joined.also.length !== a.also.length ||
    joined.apart !== a.apart ||
    knowsMore(joined, a);
  return changed ? joined : a;
}

/**
 * What one dead write knew may tell of another that it had replaced. Each is taken in once, so that this ends
 * whatever they say.
 */
function absorbAll(sibling: FileRecord, dead: Siblings): FileRecord {
  const others = dead.filter((one) => {
    if (!isReplacedBy(one, sibling)) return true;
    sibling = absorb(sibling, one);
    return false;
  });
  return others.length === dead.length ? sibling : absorbAll(sibling, others);
}

/** A living write carries on what a dead one knew that it has replaced. */
function absorb(sibling: FileRecord, dead: FileRecord): FileRecord {
  const joined: FileRecord = {
    ...sibling,
    versionVector: joinVersions(sibling.versionVector, [
      ...dead.versionVector,
      ...versionsOf(dead),
    ]),
    history: recent(joinSpans(sibling.history, [...dead.history, spanOf(dead)]), -sibling.ageMs),
    spared: joinSpared(sibling, dead),
  };
  return knowsMore(joined, sibling) ? joined : sibling;
}

function knowsMore(a: Lineage, b: Lineage): boolean {
  return (
    a.versionVector.length !== b.versionVector.length ||
    a.history.length !== b.history.length ||
    a.spared.length !== b.spared.length ||
    a.spared.some((s) => !hasVersion(b.spared, s)) ||
    a.versionVector.some((s, i) => s.counter !== b.versionVector[i]?.counter) ||
    a.history.some((s, i) => s.from !== b.history[i]?.from || s.to !== b.history[i]?.to)
  );
}

function spanOf({ operation, ageMs, version }: FileRecord): Span {
  const { origin, number } = operation;
  return { origin, from: number, to: number, ageMs, version };
}

/**
 * What both together have not replaced: whoever has followed a write counts for more than whoever has
 * left it as it was.
 */
function joinSpared(a: FileRecord, b: FileRecord): readonly Version[] {
  if (a.spared.length === 0 && b.spared.length === 0) return NONE;
  const left = a.spared.filter((version) => !hasReplaced(b, version));
  return newest([...left, ...b.spared.filter((s) => !hasReplaced(a, s))]);
}

/** True of what a write, or one that it followed, took the place of. */
function hasReplaced(sibling: FileRecord, version: Version): boolean {
  const known =
    covers(sibling.version, version) ||
    sibling.also.some((s) => covers(s, version)) ||
    sibling.versionVector.some((s) => covers(s, version));
  return known && !hasVersion(sibling.spared, version);
}

/**
 * The write that a name stands for: the newest, or the conflict of that name; or what has taken its
 * place, which has to be on a majority before it is told that there is no such conflict.
 */
export function askedFor(name: string, siblings: Siblings): FileRecord | undefined {
  const conflict = parseConflictName(name);
  if (conflict === null) return winnerOf(siblings);
  const { operation } = conflict;
  const alive = siblings.find((v) => isSameOperation(v.operation, operation));
  return alive ?? replacerOf(siblings, operation);
}

/** True of what stands for a name where there is nothing under it: a removal, or what a conflict gave way to. */
export function isNothing(name: string, { removed, operation }: FileRecord): boolean {
  const conflict = parseConflictName(name);
  return removed || (conflict !== null && !isSameOperation(operation, conflict.operation));
}
