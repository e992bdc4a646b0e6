import type { Source } from "./laws.ts";

/** A function or a class that others may use, at the margin. */
const PUBLIC =
  /^export (?:abstract |async )*(?:function\*?|class) (\w+)|^export const (\w+) = (?:async )?\(.*=>/gm;

/** Functions and classes that a file exports without a docstring just before them. */
export function undocumented({ path, text }: Source): string[] {
  return [...text.matchAll(PUBLIC)]
    .filter(({ index }) => !isDocstring(text.slice(0, index).trimEnd()))
    .map(([, named, assigned]) => `${path}: ${named ?? assigned}`);
}

/** True of text that ends with a docstring. */
function isDocstring(before: string): boolean {
  const begin = before.lastIndexOf("/**");
  return begin >= 0 && before.indexOf("*/", begin) === before.length - 2;
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*/g;
/** Constants have names like this. */
const CONSTANT = /\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g;

/** Constants of which a comment speaks, and which are nowhere in the code of these files. */
export function unknownConstants(sources: readonly Source[]): string[] {
  const known = new Set(
    sources.flatMap(({ text }) => text.replace(COMMENT, "").match(CONSTANT) ?? []),
  );
  return sources.flatMap(({ path, text }) =>
    (text.match(COMMENT) ?? [])
      .flatMap((comment) => comment.match(CONSTANT) ?? [])
      .filter((name) => !known.has(name))
      .map((name) => `${path}: ${name}`),
  );
}
