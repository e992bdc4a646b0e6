/** What was measured, round by round, and what is said of it in the end: medians, one line for each. */
import { median } from "./rates.ts";

/** What was done. */
export type What = {
  /** Such as `store`, `get, ring of 3`, `raw copy`. */
  readonly bench: string;
  /** Of one content; 0 where there is none. */
  readonly bytes: number;
  readonly inFlight: number;
};

/** One round's figures; each is null or left out where it cannot be told. */
export type Figure = {
  readonly operations?: number;
  /** Of one operation, half of them faster. */
  readonly medianMs?: number | null;
  readonly p99Ms?: number | null;
  readonly perSecond?: number | null;
  readonly mibPerSecond?: number | null;
  /** Processor time of one operation, of the bench and all peers. */
  readonly cpuMicros?: number | null;
  /** Stores acknowledged without all the copies wanted, on a machine that is too busy. */
  readonly short?: number;
  /** In memory, of the process that has most: its share of all, and what is its own. */
  readonly pssBytes?: number | null;
  readonly privateBytes?: number | null;
  /** Operations that were asked for again. */
  readonly retries?: number;
  /** How much more memory was resident at the most than before, at the peer that grew most. */
  readonly grownBytes?: number | null;
};

export type FigureName = keyof Figure;

/** A line of the output. */
export type Line = What &
  Figure & {
    readonly v: 1;
    readonly rounds: number;
    /** What the ratio compares with, in the same run; above 1 is faster than that. */
    readonly baseline?: string;
    readonly ratio?: number;
  };

export class Figures {
  readonly #rounds = new Map<string, { readonly what: What; readonly figures: Figure[] }>();

  readonly #notes: string[] = [];

  /** A sentence that is to stand below the figures. */
  note(sentence: string): void {
    this.#notes.push(sentence);
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  add(what: What, figure: Figure): void {
    const key = JSON.stringify([what.bench, what.bytes, what.inFlight]);
    const entry = this.#rounds.get(key) ?? { what, figures: [] };
    entry.figures.push(figure);
    this.#rounds.set(key, entry);
  }

  /** The median of all rounds; NaN if it was never measured. */
  median(bench: string, bytes: number, inFlight: number, name: FigureName): number {
    const entry = this.#rounds.get(JSON.stringify([bench, bytes, inFlight]));
    return medianOf(entry?.figures ?? [], name);
  }

  /** What was measured round by round. @param bytes null where there was one size alone, whichever it was */
  rounds(bench: string, bytes: number | null, inFlight: number, name: FigureName): number[] {
    const entry = [...this.#rounds.values()].find(
      ({ what }) =>
        what.bench === bench && what.inFlight === inFlight && (bytes ?? what.bytes) === what.bytes,
    );
    return numbersIn(entry?.figures ?? [], name);
  }

  /** All that was measured, in the order in which it was measured first. */
  lines(): Line[] {
    return [...this.#rounds.values()].map(({ what, figures }) => {
      const summary = Object.fromEntries(
        NAMES.map((name) => [name, rounded(medianOf(figures, name))]).filter(
          ([, value]) => value !== null,
        ),
      ) as Figure;
      return { v: 1, ...what, rounds: figures.length, ...summary, ...this.#compared(what) };
    });
  }

  /** Small requests beside the raw round trip, large contents beside the raw copies. */
  #compared({ bench, bytes, inFlight }: What): Partial<Line> {
    // A small store waits for a disk: a round trip says nothing of it.
    const small = bench === "request" && inFlight === 1 && bytes === ECHO_BYTES;
    const baseline = small ? "echo" : bench === STORED ? RECEIVED : "raw copy";
    if (!small && (inFlight > 1 || ["store", RECEIVED, baseline].includes(bench))) return {};
    const name: FigureName = small ? "medianMs" : "mibPerSecond";
    const own = this.median(bench, bytes, inFlight, name);
    const theirs = this.median(baseline, bytes, 1, name);
    const ratio = rounded(small ? theirs / own : own / theirs);
    return ratio === null ? {} : { baseline, ratio };
  }
}

/** A large content by command line, in three copies; and the same without peers. */
export const STORED = "store by command line";
export const RECEIVED = "raw copy to three";

/** The echo's message, whatever the size of the contents beside it. */
const ECHO_BYTES = 1_024;

const NAMES: readonly FigureName[] = [
  "operations",
  "medianMs",
  "p99Ms",
  "perSecond",
  "mibPerSecond",
  "cpuMicros",
  "short",
  "retries",
  "pssBytes",
  "privateBytes",
  "grownBytes",
];

function medianOf(figures: readonly Figure[], name: FigureName): number {
  return median(numbersIn(figures, name));
}

function numbersIn(figures: readonly Figure[], name: FigureName): number[] {
  return figures.map((figure) => figure[name]).filter((value) => typeof value === "number");
}

/** Four digits are more than any of it is worth. @returns null for what is no number */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
