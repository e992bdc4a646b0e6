/** What a person types at a peer: Store FILE, Request FILE, Remove FILE, Where FILE, Quit. Case does not matter. */
import { quoted, refuseName } from "./names.ts";

export type Typed =
  | { readonly kind: (typeof VERBS)[number]; readonly name: string }
  | { readonly kind: "quit" }
  | { readonly kind: "nothing" }
  /** Nothing is sent; the sentence says why. */
  | { readonly kind: "refused"; readonly sentence: string };

const VERBS = ["store", "request", "remove", "where"] as const;

/** Understands one line. */
export function parseTyped(line: string, bits: number): Typed {
  const [verb = "", ...rest] = line.trim().split(/\s+/);
  if (verb === "") return { kind: "nothing" };
  const name = rest.join(" ");
  const word = verb.toLowerCase();
  if (word === "quit") {
    if (name === "") return { kind: word };
    return refused(`Quit takes nothing after it, not ${quoted(name)}.`);
  }
  const kind = VERBS.find((known) => known === word);
  if (kind === undefined) {
    return refused(
      `${quoted(verb)} is no command: type Store FILE, Request FILE, Remove FILE, Where FILE or Quit.`,
    );
  }
  if (name === "") return refused(`${verb} needs the name of a file, such as ${verb} 2067.`);
  const wrong = refuseName(name, bits);
  return wrong === null ? { kind, name } : refused(wrong);
}

function refused(sentence: string): Typed {
  return { kind: "refused", sentence };
}
