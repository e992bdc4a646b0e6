/**
 * Scenarios: text files that say what is done to a ring, and what each peer prints for it. Every step
 * runs until the ring is calm again; then the lines of the step are compared, peer by peer. A line
 * `...` stands for whatever else is printed. `at 1500 kill 9` is done at that time, in milliseconds,
 * whatever goes on, and its lines are not compared. Pure.
 */
export type Step = {
  /** The line's number in the file, from 1. */
  readonly number: number;
  readonly action: string;
  /** The lines that must be printed for it, as written: `  8   text`, or `  8 ! text` for standard error. */
  readonly expected: readonly string[];
};

/** Stands for whatever else is printed. */
export const OTHERS = "  ...";

/** Takes a scenario apart: an action at the margin, the lines it brings indented below; `#` is a comment. */
export function parseScenario(text: string): Step[] {
  const steps: { number: number; action: string; expected: string[] }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trimEnd();
    if (line === "" || line.trimStart().startsWith("#")) continue;
    if (!line.startsWith(" ")) steps.push({ number: index + 1, action: line, expected: [] });
    else steps.at(-1)?.expected.push(normal(line));
  }
  return steps;
}

/** `  8   text` and `  8 ! text`, with the peer's number in a column of four. */
export function normal(line: string): string {
  const parts = /^\s*(\d+)\s+(!?)\s*(.*)$/.exec(line);
  if (parts === null) return line;
  const [, id = "", mark = "", text = ""] = parts;
  return `  ${id.padEnd(3)} ${mark || " "} ${text}`;
}
