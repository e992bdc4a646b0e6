/** What was measured, for people: a table, and the document that keeps it. */
import { cpus, release, totalmem } from "node:os";
import type { Figures, Line } from "./figures.ts";
import { GIB, KIB, MIB } from "./limits.ts";
import { isMet, type Ratio, ratiosOf } from "./ratios.ts";

const HEAD = [
  "what",
  "content",
  "in flight",
  "median",
  "99 of 100",
  "a second",
  "MiB/s",
  "CPU each",
  "PSS",
  "beside",
];

/** All lines as a table of Markdown. */
function tableOf(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.bench,
    line.bytes === 0 ? "" : displayBytes(line.bytes),
    line.inFlight === 0 ? "" : String(line.inFlight),
    displayMs(line.medianMs),
    displayMs(line.p99Ms),
    displayCount(line.perSecond),
    displayCount(line.mibPerSecond),
    line.cpuMicros == null ? "" : `${displayCount(line.cpuMicros)} µs`,
    line.pssBytes == null ? "" : displayBytes(line.pssBytes),
    line.ratio === undefined ? "" : `${line.ratio.toPrecision(2)} of ${line.baseline}`,
  ]);
  return markdown(HEAD, rows, 2);
}

/** The ratios beside their aims, as a table of Markdown. */
function ratioTableOf(ratios: readonly Ratio[]): string {
  const rows = ratios.map((each) => [
    each.what,
    "least" in each.aim ? `at least ${each.aim.least}` : `at most ${each.aim.most}`,
    isMet(each) ? "yes" : "no",
    each.value.toPrecision(3),
  ]);
  return markdown(["what users are promised", "aim", "met", "value"], rows, 3);
}

/** @param left how many columns are of words, which begin at the left */
function markdown(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((r) => r[i]?.length ?? 0)),
  );
  const pad = (cell: string, i: number): string =>
    i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  const format = (cells: readonly string[]): string => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, i) =>
    i < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [format(head), `| ${rule.join(" | ")} |`, ...rows.map(format)].join("\n");
}

/** All that was measured, as Markdown. */
export function reportOf(figures: Figures): string {
  const lines = figures.lines();
  const ratios = ratioTableOf(ratiosOf(figures));
  return [ratios, tableOf(lines), [...notesOf(lines), ...figures.notes].join(" ")].join("\n\n");
}

/** `docs/BENCHMARKS.md` with these figures in it. */
export function documentOf(figures: Figures, text: string): string {
  return text.replace(
    /(<!-- table -->\n)[\s\S]*?(<!-- \/table -->)/,
    (_, before: string, after: string) =>
      `${before}\n${machine()}\n\n${reportOf(figures)}\n\n${after}`,
  );
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / GIB);
  return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${memory} GiB of memory, ${process.platform} ${release()}, Bun ${Bun.version}.`;
}

function notesOf(lines: readonly Line[]): string[] {
  const grown = lines.find(({ bench }) => bench === "peer to peer")?.grownBytes;
  const restart = lines.find(({ bench }) => bench === "restart until in the ring");
  const notes = [];
  if (typeof grown === "number") {
    notes.push(
      `While a content goes from peer to peer, the memory of either grows by ${displayBytes(grown)} at most.`,
    );
  }
  if (restart !== undefined) {
    notes.push(
      `A peer with ${displayCount(restart.operations)} files of 1 KiB that was killed is in its ring ${displayMs(restart.medianMs)} after its start.`,
    );
  }
  return notes;
}

function displayBytes(bytes: number): string {
  for (const [unit, name] of [
    [GIB, "GiB"],
    [MIB, "MiB"],
    [KIB, "KiB"],
  ] as const) {
    if (bytes >= unit) return `${Number((bytes / unit).toPrecision(3))} ${name}`;
  }
  return `${bytes} B`;
}

function displayMs(ms: number | null | undefined): string {
  if (ms == null) return "";
  if (ms >= 1_000) return `${(ms / 1_000).toPrecision(3)} s`;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${Math.round(ms * 1_000)} µs`;
}

function displayCount(count: number | null | undefined): string {
  if (count == null) return "";
  return count >= 100
    ? Math.round(count).toLocaleString("en-US")
    : String(Number(count.toPrecision(3)));
}
