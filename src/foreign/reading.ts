/** When a line that was printed is one that was wanted, and which comes near to it. Pure. */
import { editDistance } from "../terminal/words.ts";

/** What a terminal obeys rather than shows: colours, moves of the cursor, titles. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
/** The prompts of shells, and of most programs. */
const PROMPT = /^(?:\s*[>$]\s*)+/;

/**
 * Where one line of the transcript begins right behind another. Threads that print at once do so: the text
 * and the end of a line are written one after the other.
 */
const RUN_TOGETHER =
  /(?<=\S)(?=(?:[>$]\s*)*(?:Ping re(?:quest|sponse)|Peer \d+ (?:Join|will|is|had)|My (?:new )?(?:first|second)|Successor Change|Join request has|Store \d|File (?:\d|request)|Request for|Sending file|The file has|Receiving file))/i;

/** How lines are compared: those of one key are one line. */
export type Reading = {
  readonly strict: boolean;
  /** The lines in one that was printed: more than one where two ran together. */
  parts(line: string): readonly string[];
  /** @param prompts what this program has shown as its prompt */
  key(line: string, prompts?: readonly string[]): string;
  /** A line as it is shown. */
  bare(line: string, prompts?: readonly string[]): string;
};

/** Ignores that lines ran together, case, spaces at the ends and doubled, a prompt before the line, and full stops behind it. */
export const LENIENT: Reading = {
  strict: false,
  parts: (line) => line.split(RUN_TOGETHER),
  bare: (line, prompts = []) => withoutPrompt(line, prompts).trim(),
  key: (line, prompts = []) =>
    withoutPrompt(line, prompts)
      .toLowerCase()
      .replace(/\s+/g, " ")
      .trim()
      .replace(/\s*\.+$/, ""),
};

/** Ignores nothing. */
export const STRICT: Reading = {
  strict: true,
  parts: (line) => [line],
  bare: (line) => line,
  key: (line) => line,
};

/** A line as it is seen on a terminal. */
export function visible(line: string): string {
  return line.replace(ESCAPES, "");
}

/** True of what may stand before the cursor while a program waits for a line. */
export function looksLikePrompt(text: string): boolean {
  return /[>$#%:?\]]\s*$/.test(text);
}

function withoutPrompt(line: string, prompts: readonly string[]): string {
  let rest = line;
  // A prompt that is drawn again stands there more than once.
  for (let before = ""; before !== rest; ) {
    before = rest;
    const known = prompts.find((prompt) => rest.startsWith(prompt));
    rest = (known === undefined ? rest : rest.slice(known.length)).replace(PROMPT, "");
  }
  return rest;
}

/** Lines that differ in more than this part of their letters have nothing to do with each other. */
const MOST_DIFFERENT = 0.4;

/**
 * The line that comes nearest to one that is missing.
 * @returns null where none is like it
 */
export function nearestLine<L extends { readonly text: string }>(
  wanted: string,
  said: readonly L[],
): L | null {
  let best: { line: L; difference: number } | null = null;
  for (const line of said) {
    const key = LENIENT.key(line.text);
    const difference = editDistance(LENIENT.key(wanted), key) / Math.max(1, wanted.length);
    if (difference <= MOST_DIFFERENT && difference < (best?.difference ?? 1)) {
      best = { line, difference };
    }
  }
  return best?.line ?? null;
}
