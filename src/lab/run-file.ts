/** Reads the file of a run. Whatever is wrong with it is told in one sentence, with the line. */
import { readFileSync, statSync } from "node:fs";
import { EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { quote } from "../terminal/words.ts";
import { MAX_RUN_BYTES } from "./limits.ts";
import { Malformed } from "./readers.ts";
import { collectRun, type Run } from "./run.ts";
import { readRunLine } from "./run-line-reader.ts";
import type { RunLine } from "./run-lines.ts";

/** @throws Failure (2) if it cannot be read, or a line of it is not as it should be */
export function readRun(path: string): Run {
  return runOfText(path, textOf(path));
}

/**
 * The last line of a run that was cut short may be a half one: without its end it is left out.
 * @param path for the sentences
 */
export function runOfText(path: string, text: string): Run {
  const rows = text.split("\n");
  const half = rows.pop() ?? "";
  const lines: RunLine[] = [];
  for (const [index, row] of rows.entries()) {
    if (row.trim() === "") continue;
    lines.push(lineOf(path, index + 1, () => readRunLine(row)));
  }
  const isWhole = half.trim() !== "" && half.trimEnd().endsWith("}");
  if (isWhole) lines.push(lineOf(path, rows.length + 1, () => readRunLine(half)));
  if (lines.length === 0) throw wrong(path, "is empty, and no file of a run");
  return lineOf(path, 1, () => collectRun(lines));
}

function lineOf<T>(path: string, number: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw wrong(path, `is no file of a run: line ${number}: ${error.message}`);
  }
}

/** @throws Failure (2) if it cannot be read, or is larger than a run's file may be */
export function textOf(path: string): string {
  try {
    if (statSync(path).size > MAX_RUN_BYTES) {
      throw new Error(`it is larger than ${MAX_RUN_BYTES} bytes`);
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    throw wrong(path, `cannot be read (${error instanceof Error ? error.message : error})`);
  }
}

/** What is wrong with a file, behind its name. */
export function wrong(path: string, why: string): Failure {
  return new Failure(`${quote(path)} ${why}.`, EXIT_USAGE);
}
