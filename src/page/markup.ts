/**
 * HTML that cannot be broken by what stands in it: whatever a template is given is escaped, but for what
 * came out of one. Pure.
 */

/** Markup that is safe as it stands. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = Markup | string | number | null | readonly Part[];

/** A template whose values are escaped; lists are joined, and null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const text = strings.reduce((all, string, index) => {
    const part = parts[index - 1];
    return all + (index === 0 ? "" : textOf(part ?? null)) + string;
  }, "");
  return new Markup(text);
}

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (part === null) return "";
  return typeof part === "object" ? part.map(textOf).join("") : escaped(String(part));
}

/** For text and for the values of attributes, within quotes; without characters that show nothing. */
export function escaped(text: string): string {
  return text
    .replace(/[^\P{C}\n\t]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** JSON for a script element: no text in it can end that, or begin another. */
export function jsonForScript(value: unknown): Markup {
  const json = JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
  return new Markup(json);
}
