/** What a person types at a peer: Store FILE, Request FILE, Remove FILE, Where FILE, Quit. Case does not matter. */
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import { show, wrongName, wrongToStore } from "../protocol/model/names.ts";

export type Typed =
  | { readonly kind: (typeof VERBS)[number]; readonly name: string }
  | { readonly kind: "quit" }
  | { readonly kind: "nothing" }
  /** Nothing is sent; the sentence says why. */
  | { readonly kind: "refused"; readonly sentence: string };

/** What bytes that are no text are read as. */
const REPLACEMENT = "\ufffd";
const VERBS = ["store", "request", "remove", "where"] as const;

/**
 * Understands one line. A name is what follows the command, as it stands but for blanks around it: one
 * that was stored from a command line can be typed here.
 */
export function parseTyped(line: string, bits: number): Typed {
  const [, verb = "", rest = ""] = /^\s*(\S*)(.*)$/su.exec(line) ?? [];
  if (verb === "") return { kind: "nothing" };
  const name = bits === NUMBERED_BITS ? rest.trim() : withoutBlanks(rest);
  const word = verb.toLowerCase();
  if (word === "quit") {
    if (name === "") return { kind: word };
    return refused(`Quit takes nothing after it, not ${show(name)}.`);
  }
  const kind = VERBS.find((known) => known === word);
  if (kind === undefined) {
    return refused(
      `${show(verb)} is no command: type Store FILE, Request FILE, Remove FILE, Where FILE or Quit.`,
    );
  }
  if (name === "") return refused(`${verb} needs the name of a file, such as ${verb} 2067.`);
  // Another file may bear the name that such bytes are read as.
  if (kind === "store" && name.includes(REPLACEMENT)) {
    return refused(
      `${show(name)} may stand for bytes that are no text in UTF-8: rename that file.`,
    );
  }
  const wrong = (kind === "store" ? wrongToStore : wrongName)(name, bits);
  return wrong === null ? { kind, name } : refused(wrong);
}

/** Without the blanks around it; others, such as U+00A0, are the name's own. */
function withoutBlanks(text: string): string {
  const isBlank = (at: number) => " \t\r".includes(text.charAt(at));
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(from)) from += 1;
  while (to > from && isBlank(to - 1)) to -= 1;
  return text.slice(from, to);
}

function refused(sentence: string): Typed {
  return { kind: "refused", sentence };
}
