/**
 * TypeScript source with its comments, strings and regular expressions turned to spaces, so that
 * laws can be read off by plain patterns. Same length and same lines as before; the quotes and the
 * code within `${}` stay.
 */

/** A slash after one of these begins a regular expression: no value can end with them. */
const BEFORE_REGEX =
  /(^|[=(,;:?!&|{}[<>+\-*%~^]|\b(return|case|typeof|in|of|do|else|throw|yield))$/;

export function blank(source: string): string {
  return new Blanker(source).run();
}

class Blanker {
  private out = "";
  private at = 0;

  constructor(private readonly source: string) {}

  run(): string {
    this.code(false);
    return this.out;
  }

  /** Code, to the end or to the brace that closes a template's `${`. */
  private code(inTemplate: boolean): void {
    let depth = 0;
    while (this.at < this.source.length) {
      const here = this.source[this.at] ?? "";
      const two = this.source.slice(this.at, this.at + 2);
      if (two === "//") this.hide(this.end("\n", 0));
      else if (two === "/*") this.hide(this.end("*/", 2));
      else if (here === '"' || here === "'") this.quoted(here);
      else if (here === "`") this.template();
      else if (here === "/" && BEFORE_REGEX.test(this.out.trimEnd())) this.regex();
      else {
        if (here === "{") depth++;
        if (here === "}" && depth-- === 0 && inTemplate) return;
        this.keep();
      }
    }
  }

  private quoted(quote: string): void {
    this.keep();
    while (this.at < this.source.length && this.source[this.at] !== quote) {
      this.hide(this.at + (this.source[this.at] === "\\" ? 2 : 1));
    }
    this.keep();
  }

  private template(): void {
    this.keep();
    while (this.at < this.source.length && this.source[this.at] !== "`") {
      if (this.source.startsWith("${", this.at)) {
        this.keep(2);
        this.code(true);
        this.keep();
      } else {
        this.hide(this.at + (this.source[this.at] === "\\" ? 2 : 1));
      }
    }
    this.keep();
  }

  private regex(): void {
    let inClass = false;
    let end = this.at + 1;
    while (end < this.source.length && this.source[end] !== "\n") {
      const here = this.source[end];
      if (here === "\\") end++;
      else if (here === "[") inClass = true;
      else if (here === "]") inClass = false;
      else if (here === "/" && !inClass) break;
      end++;
    }
    // A value all the same: what follows it is a division again.
    this.out += "0";
    this.at++;
    while (/[a-z]/.test(this.source[end + 1] ?? "")) end++;
    this.hide(end + 1);
  }

  private end(mark: string, length: number): number {
    const found = this.source.indexOf(mark, this.at + length);
    return found < 0 ? this.source.length : found + length;
  }

  private keep(count = 1): void {
    this.out += this.source.slice(this.at, this.at + count);
    this.at += count;
  }

  private hide(end: number): void {
    const hidden = this.source.slice(this.at, end);
    this.out += hidden.replace(/[^\n]/g, " ");
    this.at += hidden.length;
  }
}
