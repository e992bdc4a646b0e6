/** The regression gate: ratios to the raw baselines of the same run, beside those that were kept of earlier runs. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Figures } from "./figures.ts";
import { IN_FLIGHT } from "./limits.ts";
import { median } from "./rates.ts";
import { over, type Reading, small } from "./ratios.ts";

const FILE = join(import.meta.dir, "gate.json");

/** What was kept of a ratio: above is better; what is lower by more than this part of it fails. */
export type Kept = { readonly ratio: number; readonly margin: number };

/** By name. */
export type AllKept = Readonly<Record<string, Kept>>;

/** Runs of which the noise is taken. */
export const NOISE_RUNS = 3;
/** A margin is so many times as wide as the noise that was seen, and this at least. */
const TIMES_NOISE = 2;
const LEAST_MARGIN = 0.2;

/** A margin of the whole would let everything pass. */
const MOST_MARGIN = 0.8;

const rate = (bench: string, inFlight: number): Reading =>
  over(small(bench, inFlight), small("Bun.serve echo", inFlight));

/** Processor time for one operation says less of the machine's other work than a rate does. */
const cpu = (bench: string): Reading =>
  over(small("Bun.serve echo", IN_FLIGHT, "cpuMicros"), small(bench, IN_FLIGHT, "cpuMicros"));

const GATES: Readonly<Record<string, Reading>> = {
  "get, ring of 3, alone": rate("get, ring of 3", 1),
  "get, ring of 3, 32 in flight": rate("get, ring of 3", IN_FLIGHT),
  "put, ring of 3, 32 in flight": rate("put, ring of 3", IN_FLIGHT),
  "get, ring of 8, 32 in flight": rate("get, ring of 8", IN_FLIGHT),
  "put, ring of 8, 32 in flight": rate("put, ring of 8", IN_FLIGHT),
  "CPU of a get, ring of 3": cpu("get, ring of 3"),
  "CPU of a put, ring of 3": cpu("put, ring of 3"),
  "CPU of a get, ring of 8": cpu("get, ring of 8"),
  "CPU of a put, ring of 8": cpu("put, ring of 8"),
  "request over the peers' TCP": over(small("request", IN_FLIGHT), small("framed echo", IN_FLIGHT)),
};

/** Compares one run with what was kept. @returns what to print, and the names of those that are worse */
export function compare(
  figures: Figures,
  all: AllKept,
): { readonly text: string; readonly worse: readonly string[] } {
  const rows = Object.entries(all).map(([name, kept]) => {
    const now = median(GATES[name]?.(figures) ?? []);
    const least = kept.ratio * (1 - kept.margin);
    // What was not measured is no better than what is worse.
    const isWorse = !(now >= least);
    const numbers = [now, kept.ratio, least].map((each) => each.toPrecision(3));
    const text = `${name}: ${numbers[0]}, kept ${numbers[1]}, at least ${numbers[2]}`;
    return { name, isWorse, text: `${isWorse ? "WORSE  " : "as good"}  ${text}` };
  });
  return {
    text: rows.map(({ text }) => text).join("\n"),
    worse: rows.filter(({ isWorse }) => isWorse).map(({ name }) => name),
  };
}

/** The medians of several runs, with margins wider than the noise among them. */
export function kept(runs: readonly Figures[]): AllKept {
  const all = Object.entries(GATES).map(([name, reading]): [string, Kept] => {
    const values = runs.map((run) => median(reading(run)));
    const ratio = median(values);
    const noise = Math.max(...values.map((value) => Math.abs(value - ratio) / ratio));
    const margin = Math.min(MOST_MARGIN, Math.max(LEAST_MARGIN, TIMES_NOISE * noise));
    return [name, { ratio: Number(ratio.toPrecision(3)), margin: Number(margin.toFixed(2)) }];
  });
  return Object.fromEntries(all);
}

/** What was kept last. */
export function readGate(): AllKept {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** Keeps it for the runs to come. @returns the file's text */
export function writeGate(all: AllKept): string {
  const text = `${JSON.stringify(all, null, 2)}\n`;
  writeFileSync(FILE, text);
  return text;
}
