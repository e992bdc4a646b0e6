/** Reads back what `--json` printed: a class is marked by one marker for each submission. */
import type { CriterionResult, MarkReport, Missing } from "./result.ts";
import { CRITERIA } from "./rubric.ts";

/**
 * @returns null where the text is no document of this version
 */
export function parseReport(text: string): MarkReport | null {
  try {
    const document = record(JSON.parse(text));
    if (document["v"] !== 1) return null;
    const times = record(document["times"]);
    return {
      command: string(document["command"]),
      intervalMs: number(document["intervalMs"]),
      strict: document["strict"] === true,
      terminal: document["terminal"] === true,
      criteria: list(document["checks"]).map((check) => criterion(record(check), times)),
      notes: list(document["notes"]).map(string),
    };
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function criterion(check: Fields, times: Fields): CriterionResult {
  const name = CRITERIA.find((known) => known === check["name"]);
  if (name === undefined) throw new TypeError("no criterion");
  return {
    name,
    got: number(check["got"]),
    of: number(check["of"]),
    atMs: number(check["atMs"]),
    waitedMs: number(check["waitedMs"]),
    tookMs: times[name] === null ? null : number(times[name]),
    missing: list(check["missing"]).map((each) => missing(record(each))),
  };
}

function missing(each: Fields): Missing {
  const instead = each["instead"] === null ? null : record(each["instead"]);
  return {
    peer: number(each["peer"]),
    what: string(each["what"]),
    kind: each["kind"] === "deed" ? "deed" : "line",
    marks: number(each["marks"]),
    instead: instead && { text: string(instead["text"]), afterMs: number(instead["afterMs"]) },
  };
}

function record(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new TypeError("no object");
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("no list");
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("no text");
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number") throw new TypeError("no number");
  return value;
}
