/** The command line of somebody else's program, as a flag has it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { quote } from "../../terminal/words.ts";
import { UsageError } from "./errors.ts";

/**
 * The words of a command that runs a program in another folder: what is a file here is named by its whole
 * path.
 * @param what the flag that gave it
 * @param folder where words mean what they mean there; null where they mean what they mean here
 * @throws UsageError if there is no such program
 */
export function programWords(what: string, text: string, folder: string | null): string[] {
  const [program = "", ...rest] = splitWords(what, text);
  const isPath = program.includes("/");
  if (folder !== null && isPath) return [program, ...rest];
  const path = isPath ? resolve(program) : Bun.which(program);
  if (path === null || !existsSync(path)) {
    throw new UsageError(`${what} names a program that is not there: ${quote(program)}`);
  }
  const isHere = (word: string): boolean => folder === null && existsSync(resolve(word));
  return [path, ...rest.map((word) => (isHere(word) ? resolve(word) : word))];
}

/** The words of a command, as a shell has them: quotes hold a word together, and nothing else is special. */
function splitWords(what: string, text: string): string[] {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double: string, single: string) => double ?? single),
  );
  if (words.length === 0) throw new UsageError(`${what} names no program`);
  if (/["']/.test(text.replace(/"[^"]*"|'[^']*'/g, ""))) {
    throw new UsageError(`${what} has a quotation mark without its pair: ${quote(text)}`);
  }
  return words;
}
