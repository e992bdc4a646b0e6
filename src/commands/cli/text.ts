/**
 * What a command is given, and the folder in which it runs, have to be text in UTF-8: of other bytes only
 * what stands for them is left, and another file may bear that name. And that folder has to be there.
 */
import { readFileSync, statSync } from "node:fs";
import { Failure } from "../../protocol/model/failure.ts";
import { errorCode } from "../../store/durable.ts";
import { quote } from "../../terminal/words.ts";
import { UsageError } from "./errors.ts";

/** What stands for bytes that are no text. */
const REPLACEMENT = "\ufffd";

/**
 * @throws Failure if the working folder is gone, or its path cannot be had or is no text: another folder
 *   would be used in its place
 */
export function checkWorkingFolder(): void {
  const cwd = workingFolder();
  if (!cwd.includes(REPLACEMENT) || isHere(cwd)) return;
  throw new Failure(
    `The path of the working folder, ${quote(cwd)}, is no text in UTF-8: rename it, or work in another.`,
  );
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new Failure(`${withoutFolder(errorCode(error))}: change to another, and run this again.`);
  }
}

function withoutFolder(code: string): string {
  switch (code) {
    case "ENOENT":
      return "The working folder has been deleted";
    case "ERANGE":
    case "ENAMETOOLONG":
      return "The path of the working folder is too long";
    default:
      return `The path of the working folder cannot be had (${code})`;
  }
}

/** @throws UsageError if one of the words that were given is no text: it may be the name of another file */
export function checkWords(words: readonly string[]): void {
  if (!words.some((word) => word.includes(REPLACEMENT))) return;
  const broken = givenBytes().find((bytes) => !isText(bytes));
  if (broken === undefined) return;
  throw new UsageError(
    `${quote(broken.toString())} is no text in UTF-8: give another name, or rename it`,
  );
}

/** The words as they were given; none where the system does not tell, and all names are text. */
function givenBytes(): Buffer[] {
  try {
    const all = readFileSync("/proc/self/cmdline");
    const ends = [...all.entries()].flatMap(([at, byte]) => (byte === 0 ? [at] : []));
    return ends.map((end, index) => all.subarray((ends[index - 1] ?? -1) + 1, end));
  } catch {
    return [];
  }
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
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
