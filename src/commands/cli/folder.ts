/** Folders that commands are given, and the one in which they run: only paths in UTF-8 can be kept as text. */
import { statSync } from "node:fs";
import { Failure } from "../../protocol/failure.ts";
import { UsageError } from "./errors.ts";
import { quote } from "./words.ts";

/** What stands for bytes that are no text. */
const REPLACEMENT = "\ufffd";

/** @throws Failure if the working folder's path is no text: another folder would be used in its place */
export function checkWorkingFolder(): void {
  const cwd = process.cwd();
  if (!cwd.includes(REPLACEMENT) || isHere(cwd)) return;
  throw new Failure(
    `The path of the working folder, ${quote(cwd)}, is no text in UTF-8: rename it, or work in another.`,
  );
}

/** @throws UsageError where a folder's path may not be the one that was typed */
export function parseFolder(what: string, text: string): string {
  if (!text.includes(REPLACEMENT)) return text;
  throw new UsageError(`${what} ${quote(text)} is no text in UTF-8: rename it, or name another`);
}

/** The character itself may be in a name. */
function isHere(cwd: string): boolean {
  try {
    const [named, here] = [cwd, "."].map((path) => statSync(path, { bigint: true }));
    return named?.ino === here?.ino && named?.dev === here?.dev;
  } catch {
    return false;
  }
}
