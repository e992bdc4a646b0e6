/** How amounts, hashes, lists and tables are shown to people. */

import { emphasized } from "./shown.ts";

function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** A number of bytes in decimal units with three digits at most: "0 B", "999 B", "12.4 MB". */
export function displaySize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  // 999.5 would be rounded to 1000 of the smaller unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : threeDigits(value)} ${units[unit]}`;
}

/** A duration in milliseconds as "0.42 ms", "31 ms", "1.25 s", "2 min 5 s", "3 h 20 min". */
export function displayDuration(ms: number): string {
  if (ms < 999.5) return `${threeDigits(ms)} ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** The beginning of a hash. */
export function displayHash(sha256: string): string {
  return `${sha256.slice(0, 8)}…`;
}

type ListType = "conjunction" | "disjunction";

/** Each is made when it is first wanted: a command that lists nothing need not wait for it. */
const LIST_FORMATS: Partial<Record<ListType, Intl.ListFormat>> = {};

/** "19", "19 and 2", "19, 2 and 4", or with "or" for a disjunction; "none" for an empty list. */
export function displayList(
  items: readonly (number | string)[],
  type: ListType = "conjunction",
): string {
  if (items.length === 0) return "none";
  // In British English there is no comma before the "and".
  LIST_FORMATS[type] ??= new Intl.ListFormat("en-GB", { type });
  return LIST_FORMATS[type].format(items.map(String));
}

/** "peer 19", "peers 19, 2 and 4"; "no peer" for none. */
export function displayPeers(ids: readonly number[]): string {
  if (ids.length === 0) return "no peer";
  return `${ids.length === 1 ? "peer" : "peers"} ${displayList(ids)}`;
}

/** Ids of a sentence that are all named. */
const MAX_NAMED = 8;

/** As `displayPeers`; of very many the first, and how many more there are. */
export function displaySomePeers(ids: readonly number[]): string {
  const more = ids.length - MAX_NAMED;
  if (more < 2) return displayPeers(ids);
  return `peers ${ids.slice(0, MAX_NAMED).join(", ")} and ${more} more`;
}

/** "1 file", "3 files". */
export function count(amount: number, singular: string, plural: string = `${singular}s`): string {
  return `${amount} ${amount === 1 ? singular : plural}`;
}

/** Rows of a plain table, columns padded to their widest cell; numbers are set to the right. */
export function displayTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  // Not by spreading: a call takes no hundred thousand arguments.
  const widths = header.map((title, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), title.length),
  );
  const right = header.map(
    (_, column) =>
      rows.length > 0 && rows.every((row) => /^[0-9.]+( [a-zA-Z]+)?$/.test(row[column] ?? "")),
  );
  const format = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [bold(format(header)), ...rows.map(format)];
}

/** Emphasis, once it is shown (`shown.ts`), where standard output is a terminal that wants it. */
export function bold(text: string): string {
  const plain = !process.stdout.isTTY || (process.env["NO_COLOR"] ?? "") !== "";
  return plain ? text : emphasized(text);
}

/** Rows of one table on a screen. */
const MAX_ROWS = 40;

/** A table as `displayTable` has it, set in a little, and cut where it would be longer than a screen. */
export function shortened(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const table = displayTable(header, rows.slice(0, MAX_ROWS)).map((line) => `  ${line}`);
  if (rows.length > MAX_ROWS) table.push(`  and ${rows.length - MAX_ROWS} more (see --json)`);
  return table;
}
