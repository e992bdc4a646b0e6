/** What came of each criterion: who said what was wanted, and what was said instead. Pure. */
import { nearestLine } from "../foreign/reading.ts";
import { CRITERIA, type CriterionName, type Item, marksOf, RUBRIC } from "./rubric.ts";
import type { Said } from "./transcript.ts";

/** Something that was not seen. */
export type Missing = {
  readonly peer: number;
  readonly what: string;
  readonly kind: Item["kind"];
  readonly marks: number;
  /** The line of that peer that comes nearest, and how long after the action it came, in milliseconds. */
  readonly instead: { readonly text: string; readonly afterMs: number } | null;
};

export type CriterionResult = {
  readonly name: CriterionName;
  readonly got: number;
  readonly of: number;
  /** When it was asked for, from the start of the marking, and how long it was waited for, in milliseconds. */
  readonly atMs: number;
  readonly waitedMs: number;
  /** From the action to the last line; null where one is missing. */
  readonly tookMs: number | null;
  readonly missing: readonly Missing[];
};

export type MarkReport = {
  readonly command: string;
  readonly intervalMs: number;
  readonly strict: boolean;
  readonly terminal: boolean;
  readonly criteria: readonly CriterionResult[];
  readonly notes: readonly string[];
};

/** What was seen while a criterion was looked at. Times are of one clock, in milliseconds. */
export type Observation = {
  /** The start of the marking, the action, and the end of the wait. */
  readonly startMs: number;
  readonly actionMs: number;
  readonly endMs: number;
  heard(item: Item): Said | null;
  others(peer: number): readonly Said[];
  /** Of a deed: whether it was done. */
  done(item: Item): boolean;
};

/** Marks one criterion. */
export function judge(name: CriterionName, seen: Observation): CriterionResult {
  const { items } = RUBRIC[name];
  const { startMs, actionMs, endMs } = seen;
  const missing = items.flatMap((item) => missingOf(item, seen));
  const times = items.flatMap((item) => seen.heard(item)?.atMs ?? []);
  return {
    name,
    got: rounded(marksOf(items) - marksOf(missing)),
    of: rounded(marksOf(items)),
    atMs: Math.round(actionMs - startMs),
    waitedMs: Math.round(endMs - actionMs),
    tookMs: missing.length > 0 ? null : rounded(Math.max(...times) - actionMs),
    missing,
  };
}

/** A criterion that it did not come to. */
export function notTried(name: CriterionName): CriterionResult {
  const nothing = { heard: () => null, others: () => [], done: () => false };
  return judge(name, { startMs: 0, actionMs: 0, endMs: 0, ...nothing });
}

/** All marks together, to a tenth. */
export function totalOf(report: MarkReport): number {
  const lost = marksOf(report.criteria.flatMap(({ missing }) => missing));
  const all = marksOf(CRITERIA.flatMap((name) => RUBRIC[name].items));
  return rounded(all - lost);
}

/** To a tenth of a mark, or of a millisecond. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function missingOf(item: Item, seen: Observation): Missing[] {
  const { peer, what, kind, marks } = item;
  if (kind === "deed" ? seen.done(item) : seen.heard(item) !== null) return [];
  const near = kind === "deed" ? null : nearestLine(what, seen.others(peer));
  const instead = near && { text: near.text, afterMs: rounded(near.atMs - seen.actionMs) };
  return [{ peer, what, kind, marks, instead }];
}
