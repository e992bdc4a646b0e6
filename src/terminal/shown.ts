/**
 * What people see on a terminal. Names, sentences and hosts come from other peers, and a terminal obeys some
 * characters rather than show them: so everything that is printed goes through here.
 */

/**
 * Controls (C0, DEL and C1), half characters, other ends of lines, and what turns the direction of writing. The
 * end of a line is ours.
 */
const OBEYED = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Nobody can have written this: what comes from elsewhere is not made bold by it. */
const MARK = crypto.randomUUID();
const [BEGIN, END] = [`<${MARK}>`, `</${MARK}>`];

/**
 * A text as a terminal may have it: each character that it would obey is written as `\u` and four digits, which
 * means the same in JSON. Ends of lines stay, and what `emphasized` has marked is bold.
 */
export function shown(text: string): string {
  const safe = text.search(OBEYED) < 0 ? text : text.replace(OBEYED, escaped);
  if (!safe.includes(MARK)) return safe;
  return safe.replaceAll(BEGIN, "\x1b[1m").replaceAll(END, "\x1b[22m");
}

/** The same of one line: an end of a line in it is none of ours. */
export function shownLine(text: string): string {
  return shown(text).replaceAll("\n", "\\u000a");
}

/** Bold, once it is shown. */
export function emphasized(text: string): string {
  return `${BEGIN}${text}${END}`;
}

/** Puts a sentence on standard error. */
export function say(sentence: string): void {
  process.stderr.write(`${shown(sentence)}\n`);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
