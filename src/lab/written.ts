/** Files that a command writes beside what it prints, where its flags name them. */
import { writeFileSync } from "node:fs";
import { casesOf, junitXml } from "../checks/junit.ts";
import type { CheckOutcome } from "../checks/verdict.ts";
import { Failure } from "../protocol/model/failure.ts";

/** @throws Failure if it cannot be written */
export function writeOut(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${path} could not be written: ${why}.`);
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
