/** Reports of runs that never were, for tests of what is made of them. */
import { judge, type MarkReport } from "../../src/mark/result.ts";
import { CRITERIA } from "../../src/mark/rubric.ts";

/** A run in which these lines were missing, and these others said. */
export function sample(
  missing: readonly string[],
  others: readonly string[] = [],
  done = true,
): MarkReport {
  const criteria = CRITERIA.map((name) =>
    judge(name, {
      startMs: 0,
      actionMs: 1000,
      endMs: 21_000,
      heard: ({ what }) => (missing.includes(what) ? null : { text: what, atMs: 1250 }),
      others: () => others.map((text) => ({ text, atMs: 1100 })),
      done: () => done,
    }),
  );
  return { command: "x", intervalMs: 1000, strict: false, terminal: false, criteria, notes: [] };
}
