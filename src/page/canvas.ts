/** Lines of text with a style for each part, and a sheet of cells to draw on. Nothing of it is a terminal's. Pure. */

/** What a part is, whoever shows it chooses the colors; none of them says anything that its text does not. */
export type Style =
  | "plain"
  | "strong"
  | "dim"
  | "alive"
  | "joining"
  | "doubt"
  | "dead"
  | "arrow"
  | "wrong"
  | "copy"
  | "hop"
  | "now"
  | "cursor";

export type Span = { readonly text: string; readonly style: Style };

export type FrameLine = readonly Span[];

type Cell = { text: string; style: Style; isText: boolean };

/** The dots of a Braille character, by their places in a cell of 2 by 4: Unicode 16, chapter 21. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;

export class Canvas {
  private readonly cells: Cell[][];
  private readonly dots: number[][];

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    const row = <T>(make: () => T) => Array.from({ length: columns }, make);
    this.cells = Array.from({ length: rows }, () =>
      row(() => ({ text: " ", style: "plain" as Style, isText: false })),
    );
    this.dots = Array.from({ length: rows }, () => row(() => 0));
  }

  /** A dot, of which a cell has 2 by 4. What is outside is left out. */
  dot(x: number, y: number, style: Style): void {
    const [column, row] = [x >> 1, y >> 2];
    const cell = this.cells[row]?.[column];
    const dots = this.dots[row];
    const bit = DOTS[y & 3]?.[x & 1];
    if (cell === undefined || dots === undefined || bit === undefined || cell.isText) return;
    dots[column] = (dots[column] ?? 0) | bit;
    cell.text = String.fromCharCode(BRAILLE | (dots[column] ?? 0));
    cell.style = style;
  }

  /** True where a text of that width would cover no other, and is not outside. */
  isFree(column: number, row: number, width: number): boolean {
    for (let at = column; at < column + width; at++) {
      const cell = this.cells[row]?.[at];
      if (cell === undefined || cell.isText) return false;
    }
    return true;
  }

  /** The same of a text that is to be read as one: it touches no other either. */
  isApart(column: number, row: number, width: number): boolean {
    const touches = (at: number) => this.cells[row]?.[at]?.isText === true;
    return this.isFree(column, row, width) && !touches(column - 1) && !touches(column + width);
  }

  /** A text of characters that are one cell wide each. What is outside is left out. */
  text(column: number, row: number, text: string, style: Style): void {
    for (const [index, character] of [...text].entries()) {
      const cell = this.cells[row]?.[column + index];
      if (cell === undefined) continue;
      cell.text = character;
      cell.style = style;
      cell.isText = true;
    }
  }

  lines(): FrameLine[] {
    return this.cells.map(joined);
  }
}

function joined(cells: readonly Cell[]): FrameLine {
  const spans: { text: string; style: Style }[] = [];
  for (const { text, style } of cells) {
    const last = spans.at(-1);
    if (last?.style === style) last.text += text;
    else spans.push({ text, style });
  }
  return spans;
}

/** How many columns a text takes. */
export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

/** What a terminal would obey, and other ends of lines. */
const OBEYED = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The beginning of a text that is not wider than that, without anything that a terminal would obey. */
export function cutTo(text: string, width: number): string {
  const safe = text.replace(OBEYED, "\ufffd");
  if (widthOf(safe) <= width) return safe;
  let cut = "";
  for (const character of safe) {
    if (widthOf(cut + character) > width - 1) break;
    cut += character;
  }
  return width < 1 ? "" : `${cut}…`;
}

/** A text in lines that are no wider than that, broken at blanks where there are any. */
export function wrapTo(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) line = longer;
    else {
      if (line !== "") lines.push(line);
      line = cutTo(word, width);
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** A line as wide as that: filled up, or cut. */
export function fitted(line: FrameLine, width: number): FrameLine {
  const spans: Span[] = [];
  let left = width;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const cut = cutTo(text, left);
    spans.push({ text: cut, style });
    left -= widthOf(cut);
  }
  return left > 0 ? [...spans, { text: " ".repeat(left), style: "plain" }] : spans;
}
