/** Files that a command writes beside what it prints, where its flags name them. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { casesOf, junitXml } from "../checks/junit.ts";
import type { CheckOutcome } from "../checks/verdict.ts";
import { Failure } from "../protocol/model/failure.ts";

/** @throws Failure if it cannot be written */
export function writeOut(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw unwritten(path, error);
  }
}

function unwritten(path: string, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  return new Failure(`${path} could not be written: ${why}.`);
}

/**
 * Tries the files that are to be written in the end: a run of an hour is not to be lost by a path. They are
 * there from then on.
 *
 * @param paths null for none
 * @throws Failure if one cannot be written
 */
export function tryOut(...paths: readonly (string | null)[]): void {
  for (const path of paths) {
    try {
      if (path !== null) closeSync(openSync(path, "a"));
    } catch (error) {
      throw unwritten(`${path}`, error);
    }
  }
}

/**
 * JUnit's XML, a case for each check.
 * @param command whose checks they are
 * @param what was checked, in a few words
 */
export function writeJunit(
  path: string,
  command: string,
  what: string,
  checks: readonly CheckOutcome[],
): void {
  writeOut(path, junitXml(command, [{ name: what, cases: casesOf(checks) }]));
}
