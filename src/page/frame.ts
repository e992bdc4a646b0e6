/**
 * What a terminal shows of a ring at a moment, for its size: the circle, the last events with their times, what the
 * ring has said, a hint what to type, and the prompt. No line is wider than the terminal, nor are there more. Pure.
 */
import { cutTo, type FrameLine, fitted, type Span, type Style, widthOf, wrapTo } from "./canvas.ts";
import { drawCircle, SIGNS } from "./circle.ts";
import { clockAt } from "./explain.ts";
import { eventLines } from "./frame-events.ts";
import { conditionOf, type RingState } from "./ring-state.ts";
import type { Moment } from "./ring-timeline.ts";

export type Size = { readonly columns: number; readonly rows: number };

/** What is being typed, and how many characters of it stand before the cursor. */
export type Prompt = { readonly text: string; readonly cursor: number };

/** How the moment that is shown comes about. */
export type Showing = {
  readonly size: Size;
  /** Null where nothing can be typed. */
  readonly prompt: Prompt | null;
  readonly stopped: boolean;
  /** How many times slower than it was; less than 1 for faster. */
  readonly slow: number;
  /** Whether it is the present moment of a ring that runs. */
  readonly isPresent: boolean;
  /** How far the last line of the log is ahead, in milliseconds of the ring. */
  readonly behindMs: number;
};

/** Narrower or lower than these, there is no circle. */
const CIRCLE_COLUMNS = 58;
const CIRCLE_ROWS = 14;
/** What an answer leaves of the events, with the rows around them. */
const ANSWERED_ROWS = 8;
/** The rows of the title and the files, of the hint and the prompt. */
const FRAME_ROWS = 4;
/** From these on each peer has its row in a table, and the last event is explained. */
const TABLE_COLUMNS = 110;
const TABLE_ROWS = 34;
/** Accounts that are looked for: more than any screen shows. */
export const MOST_ACCOUNTS = 200;
/** Files whose copies are marked, each with its letter. */
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

export function frameOf(moment: Moment, showing: Showing): readonly FrameLine[] {
  const columns = Math.max(1, showing.size.columns);
  // The last row is the terminal's own: there the cursor stands.
  const rows = Math.max(1, showing.size.rows - 1);
  const letters = lettersOf(moment.state);
  const head = headOf(moment, showing, letters, columns, rows);
  const foot = footOf(moment, showing, columns, rows);
  const body = Math.max(0, rows - head.length - foot.length);
  const lines = [...head, ...bodyOf(moment, letters, columns, body), ...foot].slice(-rows);
  return lines.map((line) => fitted(line, columns));
}

/** A letter for each file of which there are copies: the last ones that were spoken of. */
export function lettersOf({ files }: RingState): ReadonlyMap<string, string> {
  const names = [...files.values()]
    .filter(({ copies }) => copies.length > 0)
    .slice(-LETTERS.length);
  return new Map(names.map(({ name }, index) => [name, LETTERS[index] ?? "?"]));
}

function headOf(
  moment: Moment,
  { slow, stopped, isPresent, behindMs }: Showing,
  letters: ReadonlyMap<string, string>,
  columns: number,
  rows: number,
): FrameLine[] {
  const { state, at } = moment;
  const ms = Math.max(0, at - state.beganAt);
  // What goes on as it is needs no milliseconds.
  const since = clockAt(isPresent ? Math.floor(ms / 1000) * 1000 : ms).replace(/\.000\b/, "");
  const speed = slow === 1 ? "" : slow > 1 ? `  ${slow}× slower` : `  ${1 / slow}× faster`;
  const halt = stopped ? "  STOPPED" : "";
  const late = behindMs < 1_000 ? "" : `  ${clockAt(behindMs)} behind`;
  const title: FrameLine = [
    { text: " p2p ring", style: "strong" },
    { text: `  ${since}`, style: "plain" },
    { text: `${speed}${late}`, style: "dim" },
    { text: halt, style: "now" },
    { text: "   ", style: "plain" },
    ...conditions(state),
  ];
  if (rows < 8) return [title];
  return letters.size === 0 ? [title, []] : [title, filesLine(state, letters, columns)];
}

/** How many there are of each condition: the legend of the signs as well. */
function conditions(state: RingState): Span[] {
  const all = [...state.peers.values()].map(conditionOf);
  return Object.entries(SIGNS).flatMap(([condition, { sign, style }]): Span[] => {
    const count = all.filter((each) => each === condition).length;
    return count === 0 ? [] : [{ text: `${sign} ${count} ${condition}  `, style }];
  });
}

function filesLine(
  { files, wanted, peers }: RingState,
  letters: ReadonlyMap<string, string>,
  columns: number,
): FrameLine {
  const spans: Span[] = [{ text: " files", style: "dim" }];
  let left = columns - 12;
  for (const [name, letter] of letters) {
    const { key, copies, isWhole } = files.get(name) ?? { key: 0, copies: [], isWhole: false };
    const held = copies.filter((id) => peers.get(id)?.process !== "down").length;
    const many = isWhole ? `${held} of ${wanted} copies` : `copies seen: ${held}`;
    const text = `  ${letter} ${name}: key ${key}, ${many}`;
    left -= widthOf(text);
    if (left < 0) return [...spans, { text: "  ...", style: "dim" }];
    spans.push({ text, style: isWhole && held < wanted ? "doubt" : "copy" });
  }
  return spans;
}

function bodyOf(
  moment: Moment,
  letters: ReadonlyMap<string, string>,
  columns: number,
  rows: number,
): FrameLine[] {
  if (columns < CIRCLE_COLUMNS || rows < CIRCLE_ROWS) return eventLines(moment, columns, rows);
  const isLarge = columns >= TABLE_COLUMNS && rows >= TABLE_ROWS;
  const left = Math.min(Math.floor(columns * (isLarge ? 0.55 : 0.46)), Math.floor(2.6 * rows) + 16);
  const right = columns - left - 1;
  const told = moment.accounts.at(-1) ?? null;
  const circle = drawCircle(moment.state, left, rows, letters, told);
  const table = isLarge ? tableOf(moment.state, letters, rows) : [];
  const meaning = isLarge ? meaningOf(moment, right) : [];
  const events = eventLines(moment, right, rows - table.length - meaning.length);
  const beside = [...table, ...events, ...meaning];
  return circle.map((line, row) => [
    ...line,
    { text: " ", style: "plain" },
    ...fitted(beside[row] ?? [], right),
  ]);
}

/** A row for each peer, if they take no more than a third of the screen. */
function tableOf(
  state: RingState,
  letters: ReadonlyMap<string, string>,
  rows: number,
): FrameLine[] {
  const peers = [...state.peers.values()].sort((a, b) => a.id - b.id);
  if (peers.length > rows / 3) return [];
  const lines = peers.map((peer): FrameLine => {
    const condition = conditionOf(peer);
    const { sign, style } = SIGNS[condition];
    const held = [...letters].filter(([name]) => state.files.get(name)?.copies.includes(peer.id));
    const has = peer.process === "down" ? "" : held.map(([, letter]) => letter).join("");
    const doubt = peer.doubtedBy.length === 0 ? "" : `  doubted by ${peer.doubtedBy.join(", ")}`;
    const dead = peer.deadTo.length === 0 ? "" : `  dead to ${peer.deadTo.join(", ")}`;
    return [
      { text: `${sign} ${String(peer.id).padEnd(4)}`, style },
      { text: condition.padEnd(11), style },
      { text: `${peer.says.join(", ")}`.padEnd(12), style: "arrow" },
      { text: has.padEnd(7), style: "copy" },
      { text: `${doubt}${dead}`, style: "dim" },
    ];
  });
  const header = "  id  condition  successors  copies";
  return [[{ text: header, style: "dim" }], ...lines, []];
}

function meaningOf({ accounts }: Moment, width: number): FrameLine[] {
  const last = accounts.at(-1);
  if (last === undefined) return [];
  const text = (line: string): FrameLine => [{ text: line, style: "plain" }];
  return [[], ...wrapTo(last.meaning, width - 1).map(text)];
}

function footOf(
  { said, isAnswer }: Moment,
  { prompt, stopped }: Showing,
  columns: number,
  rows: number,
): FrameLine[] {
  const pane = saidLines(said, columns, isAnswer ? rows - ANSWERED_ROWS : paneRows(rows));
  const isInTheWay = rows - pane.length - FRAME_ROWS < CIRCLE_ROWS && canHaveCircle(columns, rows);
  const text = isInTheWay
    ? " Enter: back to the circle"
    : hintOf(prompt !== null, stopped, columns);
  const hint: FrameLine = [{ text: cutTo(text, columns), style: "dim" }];
  const typing = prompt === null ? [] : [promptLine(prompt, columns)];
  return rows < 4 ? typing : [...pane, hint, ...typing];
}

function canHaveCircle(columns: number, rows: number): boolean {
  return columns >= CIRCLE_COLUMNS && rows - FRAME_ROWS >= CIRCLE_ROWS;
}

/** What was said leaves the circle its room, if there is enough for both. */
function paneRows(rows: number): number {
  const beside = rows - CIRCLE_ROWS - FRAME_ROWS;
  return beside >= 3 ? Math.min(beside, Math.floor(rows / 3)) : Math.floor(rows / 4);
}

/** The longest that has room. */
function hintOf(canType: boolean, stopped: boolean, columns: number): string {
  const keys = `space ${stopped ? "goes on" : "stops"}, ← → step`;
  const what = "kill 9 14, 8 Store 2067, status, help, quit";
  const hints = canType
    ? [
        ` On an empty line: ${keys}, ? explains, End: now. Or type: ${what}`,
        ` ${keys}, ? explains. Or type: kill 9 14, 8 Store 2067, help, quit`,
        ` ${keys}, ? explains. Type: help`,
        ` ${keys}`,
      ]
    : [` ${keys}, ? explains, Home, End, q leaves`, ` ${keys}, q leaves`, ` ${keys}`];
  return hints.find((hint) => widthOf(hint) <= columns) ?? " type help";
}

/** The last of what was said, as lines that are not wider than the terminal. */
function saidLines(said: readonly string[], columns: number, most: number): FrameLine[] {
  if (said.length === 0 || most < 2) return [];
  const lines = said.flatMap((text) =>
    widthOf(text) < columns ? [text] : wrapTo(text, columns - 1),
  );
  const shown = lines.slice(-(most - 1));
  const rule: Span = { text: "─".repeat(columns), style: "dim" };
  const plain: Style = "plain";
  return [[rule], ...shown.map((text): FrameLine => [{ text: ` ${text}`, style: plain }])];
}

/** The part around the cursor, if it is longer than the line. */
function promptLine({ text, cursor }: Prompt, columns: number): FrameLine {
  const safe = text.replace(/\p{C}/gu, "\ufffd");
  const before = safe.slice(0, cursor);
  const room = Math.max(1, columns - 4);
  let from = 0;
  while (widthOf(before.slice(from)) > room && from < before.length) from++;
  return [
    { text: "> ", style: "strong" },
    { text: before.slice(from), style: "plain" },
    { text: safe.slice(cursor, cursor + 1) || " ", style: "cursor" },
    { text: safe.slice(cursor + 1), style: "plain" },
  ];
}
