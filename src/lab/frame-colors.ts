/** A frame as a terminal takes it: each style by its colors, or without any. Pure. */
import type { FrameLine, Style } from "../page/canvas.ts";

/** Select Graphic Rendition: what turns a style on, of the eight colors that every terminal has (ECMA-48, 8.3.117). */
const COLORS: Readonly<Record<Style, string>> = {
  plain: "",
  strong: "1",
  dim: "2",
  alive: "32",
  joining: "36",
  doubt: "33",
  dead: "31",
  arrow: "34",
  wrong: "1;31",
  copy: "35",
  hop: "1;36",
  now: "1;33",
  cursor: "7",
};

/** What is left without colors: a cursor has to be seen. */
const PLAIN: Partial<Record<Style, string>> = { strong: "1", now: "1", cursor: "7" };

/** @param color whether colors may be used */
export function colored(frame: readonly FrameLine[], color: boolean): string[] {
  const codes: Partial<Record<Style, string>> = color ? COLORS : PLAIN;
  return frame.map((line) =>
    line
      .map(({ text, style }) => {
        const code = codes[style] ?? "";
        return code === "" ? text : `\x1b[${code}m${text}\x1b[0m`;
      })
      .join(""),
  );
}
