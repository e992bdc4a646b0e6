/** What a version carries of those before it, as one text of the index: empty for most. */
import type { FileRecord, Span, Stamp } from "../protocol/model/files.ts";

export type Past = Pick<FileRecord, "also" | "replaced" | "spared" | "history">;

const NONE: readonly never[] = Object.freeze([]);
/** Most versions have none: they share it. */
const NO_PAST: Past = Object.freeze({ also: NONE, replaced: NONE, spared: NONE, history: NONE });

/**
 * `ALSO;REPLACED;SPARED;HISTORY`, each a list with spaces: stamps as counter.owner.run, spans as
 * origin.from.to.born and the stamp.
 * @param zeroAt epoch milliseconds of the ages' zero: what is written is when a thing was, not its age
 */
export function formatPast({ also, replaced, spared, history }: Past, zeroAt: number): string {
  if (also.length + replaced.length + spared.length + history.length === 0) return "";
  const spans = history.map(
    ({ origin, from, to, ageMs, stamp }) =>
      `${origin}.${from}.${to}.${Math.round(zeroAt - ageMs)}.${formatStamps([stamp])}`,
  );
  return `${formatStamps(also)};${formatStamps(replaced)};${formatStamps(spared)};${spans.join(" ")}`;
}

/** @param zeroAt the zero of the ages, in epoch milliseconds */
export function parsePast(text: string, zeroAt: number): Past {
  if (text === "") return NO_PAST;
  const [also = "", replaced = "", spared = "", history = ""] = text.split(";");
  return {
    also: parseStamps(also),
    replaced: parseStamps(replaced),
    spared: parseStamps(spared),
    history: parseSpans(history, zeroAt),
  };
}

function formatStamps(stamps: readonly Stamp[]): string {
  return stamps.map((s) => `${s.counter}.${s.owner}.${s.run}`).join(" ");
}

/** Stamps as an index has them. */
export function parseStamps(text: string): readonly Stamp[] {
  if (text === "") return NONE;
  const stamps = text.split(" ").map((part) => {
    const [counter = 0, owner = 0, run = 0] = part.split(".").map(Number);
    return Object.freeze({ counter, owner, run });
  });
  return Object.freeze(stamps);
}

function parseSpans(text: string, zeroAt: number): readonly Span[] {
  if (text === "") return NONE;
  const spans = text.split(" ").map((part) => {
    const [origin = "", ...numbers] = part.split(".");
    const [from = 0, to = 0, born = 0, counter = 0, owner = 0, run = 0] = numbers.map(Number);
    const stamp = Object.freeze({ counter, owner, run });
    return Object.freeze({ origin, from, to, ageMs: zeroAt - born, stamp });
  });
  return Object.freeze(spans);
}
