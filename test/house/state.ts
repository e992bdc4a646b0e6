/**
 * State that lives in a module instead of in a peer: whoever runs there later sees what others left
 * behind. Read off blanked source (see blank.ts): what stands outside of all brackets is the module's.
 */

/** Bindings and fields that can change as such. */
const REBOUND = /(?<![.$\w])(let|var)\s+[[{$\w]/;
const STATIC =
  /\bstatic\s+(?!readonly\b|get\b|async\b|\{|#?\w+\s*[(<])|\bstatic\s+readonly\s+#?\w+[^=(;]*=\s*(new\b|\[|\{)/;
const ASSIGNED = /^\s*[$\w]+(\.[$\w]+|\[\s*\])+\s*[-+*/|&?]*=(?![=>])/m;

/** What a constant may be called for: to be frozen, or a word or a number made of others. */
const HARMLESS_CALL = /\bObject\.freeze\(|\bMath\.\w+\(|"\s*\.\w+\(/g;

/** The lines, from 1, on which a module keeps something that can change. */
export function moduleState(code: string): number[] {
  const lines = new Set<number>();
  const outside = outsideBrackets(code);
  const lineAt = (index: number) => code.slice(0, index).split("\n").length;
  for (const match of outside.matchAll(/[^;]+/g)) {
    const start = match.index + (match[0].search(/\S/) + 1 || 1) - 1;
    const found =
      match[0].search(REBOUND) >= 0 ||
      ASSIGNED.test(match[0]) ||
      constants(match[0]).some(canChange);
    if (found) lines.add(lineAt(start));
  }
  code.split("\n").forEach((line, index) => {
    if (STATIC.test(line)) lines.add(index + 1);
  });
  return [...lines].sort((a, b) => a - b);
}

type Constant = { readonly type: string; readonly value: string };

/** `const NAME: TYPE = VALUE`, of a statement without what is in its brackets. */
function constants(statement: string): Constant[] {
  const match = /(?<![.$\w])const\s+[$\w]+\s*(?::((?:=>|[^=])*))?=(?![=>])([\s\S]*)$/.exec(
    statement,
  );
  return match === null ? [] : [{ type: (match[1] ?? "").trim(), value: (match[2] ?? "").trim() }];
}

function canChange({ type, value }: Constant): boolean {
  // A function keeps nothing between two calls; one that is called here may give anything back.
  if (/^(async\s+)?(function\b|(\([^)]*\)[^=]*|[$\w]+)\s*=>)/.test(value)) return false;
  if (/^(readonly\b|Readonly)/.test(type) || /\bas\s+const\b/.test(value)) return false;
  return /\bnew\b|^[[{]/.test(value) || /[$\w)\]]\s*\(/.test(value.replace(HARMLESS_CALL, ""));
}

/** The source with all that is within brackets turned to spaces; the brackets stay. */
function outsideBrackets(code: string): string {
  let depth = 0;
  let out = "";
  for (const char of code) {
    if (/[)\]}]/.test(char)) depth -= 1;
    out += depth === 0 || char === "\n" ? char : " ";
    if (/[([{]/.test(char)) depth += 1;
  }
  return out;
}
