/** What a write carries of those before it, as one text of the index: empty for most. */
import type { FileRecord, Span, Version } from "../protocol/model/files.ts";

export type Past = Pick<FileRecord, "also" | "versionVector" | "spared" | "history">;

const NONE: readonly never[] = Object.freeze([]);
/** Most writes have none: they share it. */
const NO_PAST: Past = Object.freeze({
  also: NONE,
  versionVector: NONE,
  spared: NONE,
  history: NONE,
});

/**
 * `ALSO;VECTOR;SPARED;HISTORY`, each a list with spaces: versions as counter.owner.instance, spans as
 * origin.from.to.born and the version.
 * @param zeroAt epoch milliseconds of the ages' zero: what is written is when a thing was, not its age
 */
export function formatPast({ also, versionVector, spared, history }: Past, zeroAt: number): string {
  if (also.length + versionVector.length + spared.length + history.length === 0) return "";
  const spans = history.map(
    ({ origin, from, to, ageMs, version }) =>
      `${origin}.${from}.${to}.${Math.round(zeroAt - ageMs)}.${formatVersions([version])}`,
  );
  return `${formatVersions(also)};${formatVersions(versionVector)};${formatVersions(spared)};${spans.join(" ")}`;
}

/** @param zeroAt the zero of the ages, in epoch milliseconds */
export function parsePast(text: string, zeroAt: number): Past {
  if (text === "") return NO_PAST;
  const [also = "", vector = "", spared = "", history = ""] = text.split(";");
  return {
    also: parseVersions(also),
    versionVector: parseVersions(vector),
    spared: parseVersions(spared),
    history: parseSpans(history, zeroAt),
  };
}

function formatVersions(versions: readonly Version[]): string {
  return versions.map((s) => `${s.counter}.${s.owner}.${s.instance}`).join(" ");
}

/** Versions as an index has them. */
export function parseVersions(text: string): readonly Version[] {
  if (text === "") return NONE;
  const versions = text.split(" ").map((part) => {
    const [counter = 0, owner = 0, run = 0] = part.split(".").map(Number);
    return Object.freeze({ counter, owner, instance: run });
  });
  return Object.freeze(versions);
}

function parseSpans(text: string, zeroAt: number): readonly Span[] {
  if (text === "") return NONE;
  const spans = text.split(" ").map((part) => {
    const [origin = "", ...numbers] = part.split(".");
    const [from = 0, to = 0, born = 0, counter = 0, owner = 0, run = 0] = numbers.map(Number);
    const version = Object.freeze({ counter, owner, instance: run });
    return Object.freeze({ origin, from, to, ageMs: zeroAt - born, version });
  });
  return Object.freeze(spans);
}
