/** What a person types at a peer: Store FILE, Request FILE, Quit. Case does not matter. */
import { quoted, refuseName } from "./names.ts";

export type Typed =
  | { readonly kind: "store" | "request"; readonly name: string }
  | { readonly kind: "quit" }
  | { readonly kind: "nothing" }
  /** Nothing is sent; the sentence says why. */
  | { readonly kind: "refused"; readonly sentence: string };

/** Understands one line. */
export function parseTyped(line: string, bits: number): Typed {
  const [verb = "", ...rest] = line.trim().split(/\s+/);
  if (verb === "") return { kind: "nothing" };
  const name = rest.join(" ");
  const kind = verb.toLowerCase();
  if (kind === "quit") {
    if (name === "") return { kind };
    return refused(`Quit takes nothing after it, not ${quoted(name)}.`);
  }
  if (kind !== "store" && kind !== "request") {
    return refused(`${quoted(verb)} is no command: type Store FILE, Request FILE or Quit.`);
  }
  if (name === "") return refused(`${verb} needs the name of a file, such as ${verb} 2067.`);
  const wrong = refuseName(name, bits);
  return wrong === null ? { kind, name } : refused(wrong);
}

function refused(sentence: string): Typed {
  return { kind: "refused", sentence };
}
