/**
 * What came of checks, in the one form in which chaos, the simulator and the marker tell it to other
 * programs: docs/REPORTS.md, which promises it. Pure.
 */
import { EXIT_FAILED, EXIT_INCONCLUSIVE } from "../protocol/model/failure.ts";

export type Verdict = "passed" | "failed" | "inconclusive";

/** One check, and what came of it. */
export type CheckOutcome = {
  readonly name: string;
  /** What it asks for, in plain words. */
  readonly title: string;
  /** Inconclusive where it was not asked, or could not be told. */
  readonly verdict: Verdict;
  /** Why it does not hold, or cannot be told; null where it holds. */
  readonly why: string | null;
  /** The peers at which it does not hold. */
  readonly peers: readonly number[];
};

/** How times of one kind are spread, in milliseconds; null where there is none. */
export type TimeSpread = {
  readonly count: number;
  readonly medianMs: number | null;
  /** 95 of a hundred are at most this. */
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
  /** How far each of them may be off. */
  readonly errorMs: number;
};

/** What every document begins with; each command has more of its own. */
export type Envelope = {
  /** Which document it is. */
  readonly type: string;
  /** Raised where a reader of the form before would be misled. */
  readonly v: number;
  readonly verdict: Verdict | "marked";
  readonly exitCode: number;
  /** What chance was drawn from; null where there was none. */
  readonly seed: number | null;
  readonly checks: readonly object[];
  /** By what is timed: how it is spread, or a single time in milliseconds, null where there is none. */
  readonly times: Readonly<Record<string, TimeSpread | number | null>>;
};

/** What each check asks for, as in docs/SIMULATOR.md. */
export const CHECK_TITLES: Readonly<Record<string, string>> = {
  R1: "every peer knows its right successors",
  R2: "every peer knows its right predecessors",
  R3: "every peer's first successor lives",
  R4: "there is one ring, and whoever runs is in it",
  R5: "the ring passes zero once",
  R6: "every view holds the living, and nobody else",
  R7: "no id is there twice",
  R8: "lookups name the right owner",
  R9: "nobody believes in the death of a peer that runs and could answer",
  R10: "a peer takes in one joiner at a time",
  R12: "whoever is a member of a small ring has lived",
  R11: "nobody holds a peer for dead that runs and can be reached",
  D1: "every acknowledged store can be read back",
  D2: "every file has all its copies",
  D3: "nobody is given a content that nobody stored",
  D4: "acknowledgements name copies that are durable",
  D5: "something was broken, and something read back",
  D6: "what clients were told fits together",
  D7: "no operation is executed twice, or after it was given up",
  D8: "replicas keep what they promise",
  D9: "a calm ring bears one thing alone",
  I: "every peer's own state fits together",
  threw: "no peer throws",
  determinism: "a seed has one history",
};

/** A failed check counts for more than all that could not be tried. */
export function verdictOf(checks: readonly { readonly verdict: Verdict }[]): Verdict {
  const has = (verdict: Verdict) => checks.some((check) => check.verdict === verdict);
  if (has("failed")) return "failed";
  return has("inconclusive") ? "inconclusive" : "passed";
}

/** 0 passed, 1 failed, 3 where it cannot be told. */
export function exitCodeOf(verdict: Verdict): number {
  if (verdict === "passed") return 0;
  return verdict === "failed" ? EXIT_FAILED : EXIT_INCONCLUSIVE;
}

/** Each by the nearest rank, so that every figure is a time that was measured. */
export function spreadOf(times: readonly number[], errorMs: number): TimeSpread {
  const sorted = [...times].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return {
    count: sorted.length,
    medianMs: tenth(rank(0.5)),
    p95Ms: tenth(rank(0.95)),
    maxMs: tenth(sorted.at(-1) ?? null),
    errorMs: tenth(errorMs) ?? 0,
  };
}

/** To a tenth of a millisecond. */
export function tenth(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
