// Draws the pictures of the README from the log of a ring: one screen of the live view, and a heal in four
// moments. Run it with bun, since it draws with the program's own source; CONTRIBUTING.md says when.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRingLog } from "../src/lab/ring-line-reader.ts";
import { drawCircle } from "../src/page/circle.ts";
import { frameOf, lettersOf, MOST_ACCOUNTS } from "../src/page/frame.ts";
import { Timeline } from "../src/page/ring-timeline.ts";

const [log, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: bun scripts/ring-picture.mjs LOG FOLDER");

/** A cell of the terminal, in units of the drawing. */
const [WIDE, HIGH] = [8, 17];
const MARGIN = 14;
/** On a dark ground, as most terminals are; each is told from it by 4.5 to 1 at least (WCAG 2.2, 1.4.3). */
const COLORS = {
  ground: "#0d1117",
  plain: "#d0d7de",
  strong: "#ffffff",
  dim: "#8b949e",
  alive: "#3fb950",
  joining: "#39c5cf",
  doubt: "#e3b341",
  dead: "#ff7b72",
  arrow: "#79c0ff",
  wrong: "#ff7b72",
  copy: "#d2a8ff",
  hop: "#39c5cf",
  now: "#f2cc60",
  cursor: "#ffffff",
};
const BOLD = ["strong", "wrong", "hop", "now"];
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

const timeline = new Timeline();
const lines = readRingLog(log);
for (const line of lines) timeline.add(line);
const killedAt = lines.findLast((line) => line.type === "process" && line.state === "killed")?.at;
if (killedAt === undefined) throw new Error(`${log}: nobody is killed in it`);

writeFileSync(join(folder, "ring.svg"), screen(killedAt + 17, 108, 30));
writeFileSync(
  join(folder, "ring-heal.svg"),
  moments([
    [-1, "Eight peers. a marks the copies of a file, A its key."],
    [12, "14 and 19 are killed: 8 and 9 find their ports refusing."],
    [31, "31 ms later each names the right successors again."],
    [500, "Half a second later there are three copies again."],
  ]),
);

/** One screen of the live view, at a moment. */
function screen(at, columns, rows) {
  const frame = frameOf(timeline.momentAt(at, MOST_ACCOUNTS), {
    size: { columns, rows: rows + 1 },
    prompt: { text: "", cursor: 0 },
    ...{ stopped: false, slow: 100, isPresent: false, behindMs: 0 },
  });
  return svg(
    columns,
    rows,
    text(frame, 0, 0),
    "A ring of eight peers in a terminal, 17 ms after two were killed",
  );
}

/** Four circles, two by two, each with its sentence. */
function moments(all) {
  const [columns, rows] = [56, 17];
  const parts = all.map(([ms, sentence], index) => {
    const { state, accounts } = timeline.momentAt(killedAt + ms, 1);
    const told = ms < 0 || ms > 400 ? null : accounts.at(-1);
    const circle = drawCircle(state, columns, rows, lettersOf(state), told);
    const caption = [{ text: `${sentence}`, style: "plain" }];
    const [x, y] = [(index % 2) * (columns + 2), Math.floor(index / 2) * (rows + 3)];
    return text([...circle, [], caption], x, y);
  });
  return svg(
    2 * columns + 2,
    2 * rows + 5,
    parts.join("\n"),
    "Two neighbours in a ring are killed, and it heals",
  );
}

function text(frame, left, top) {
  return frame
    .flatMap((line, row) => {
      let column = left;
      return line.map(({ text: said, style }) => {
        const x = column;
        column += Bun.stringWidth(said);
        if (said.trim() === "" && style !== "cursor") return "";
        return spanOf(said, style, x, row + top);
      });
    })
    .filter((part) => part !== "")
    .join("\n");
}

/** Its blanks left out, and as wide as its cells, whatever the font. */
function spanOf(said, style, column, row) {
  const trimmed = said.trim();
  const x = MARGIN + (column + said.indexOf(trimmed)) * WIDE;
  const y = MARGIN + row * HIGH + 13;
  if (style === "cursor")
    return `<rect x="${x}" y="${y - 12}" width="${WIDE}" height="${HIGH - 2}" fill="${COLORS.cursor}"/>`;
  const weight = BOLD.includes(style) ? ' font-weight="bold"' : "";
  const width = Bun.stringWidth(trimmed) * WIDE;
  const body = trimmed.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text x="${x}" y="${y}" fill="${COLORS[style]}"${weight} textLength="${width}" lengthAdjust="spacingAndGlyphs">${body}</text>`;
}

function svg(columns, rows, inside, title) {
  const [width, height] = [columns * WIDE + 2 * MARGIN, rows * HIGH + 2 * MARGIN];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve" font-family="${FONT}" font-size="13">
<title>${title}</title>
<rect width="${width}" height="${height}" rx="8" fill="${COLORS.ground}"/>
${inside}
</svg>
`;
}
