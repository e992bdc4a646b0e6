/** Reads the log of a ring. Whatever is wrong with it is told in one sentence, with the line. */
import type { LoggedEvent } from "../control/types.ts";
import { PROCESS_STATES, type RingLine } from "../page/ring-lines.ts";
import {
  field,
  fieldsOf,
  list,
  Malformed,
  nullOr,
  number,
  type Reader,
  text,
  whole,
  word,
} from "./readers.ts";
import { textOf, wrong } from "./run-file.ts";
import { readRunLine } from "./run-line-reader.ts";

/** @throws Failure (2) if it cannot be read, or a line of it is not as it should be */
export function readRingLog(path: string): RingLine[] {
  const rows = textOf(path).split("\n");
  // The last line of a ring that was killed may be a half one.
  const half = rows.pop() ?? "";
  if (half.trimEnd().endsWith("}")) rows.push(half);
  const lines = rows.flatMap((row, index) =>
    row.trim() === "" ? [] : lineOf(path, index + 1, row),
  );
  if (lines[0]?.type !== "ring") {
    throw wrong(path, 'is no log of a ring: its first line is none of the type "ring"');
  }
  return lines;
}

function lineOf(path: string, number: number, row: string): RingLine {
  try {
    return readRingLine(row);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw wrong(path, `is no log of a ring: line ${number}: ${error.message}`);
  }
}

/** @throws Malformed with what is wrong, to stand behind the line's number */
export function readRingLine(json: string): RingLine {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Malformed("is no JSON");
  }
  const fields = fieldsOf(value, "it");
  const at = field(fields, "at", number);
  const type = field(fields, "type", text);
  switch (type) {
    case "ring":
      if (fields["v"] !== 1) throw new Malformed("is of another version than 1");
      return {
        ...{ type, v: 1, at },
        ids: field(fields, "ids", list(whole)),
        copies: field(fields, "copies", whole),
        intervalMs: field(fields, "intervalMs", number),
      };
    case "stands":
      return { type, at };
    case "typed":
      return { type, at, line: field(fields, "line", text) };
    case "shown":
      return {
        ...{ type, at },
        peer: field(fields, "peer", nullOr(whole)),
        text: field(fields, "text", text),
        error: fields["error"] === true,
      };
    case "process":
      return {
        ...{ type, at },
        peer: field(fields, "peer", whole),
        state: field(fields, "state", word(PROCESS_STATES)),
      };
    default: {
      const line = readRunLine(json);
      if (line.type === "event") checkEvent(line.event);
      if (line.type === "event" || line.type === "view") return line;
      throw new Malformed(`is of the type "${type.slice(0, 40)}", which no log of a ring has`);
    }
  }
}

/** What is read of an event here, beyond what is read of it in a run of chaos. */
const READ: Readonly<Record<string, Readonly<Record<string, Reader<unknown>>>>> = {
  line: { text },
  note: { text },
  probe: {
    id: whole,
    doubt: word(["refused", "silent", "asking", "word", "answered"]),
    asked: list(whole),
  },
  member: { id: whole, state: word(["alive", "leaving", "dead", "left"]), why: text },
  joined: { id: whole },
  woke: { ms: number },
  transfer: { file: text, from: whole, to: whole, ms: number, outcome: text },
  dropped: { file: text },
  outcome: { outcome: fieldsOf },
};
const READ_OF_OUTCOME: typeof READ = {
  stored: { record: fieldsOf, replicas: list(whole) },
  where: { record: nullOr(fieldsOf), replicas: list(whole) },
  received: { from: whole },
  missing: { owner: whole },
};

/** @throws Malformed */
function checkEvent(event: LoggedEvent): void {
  const read = (fields: object, all: (typeof READ)[string] = {}) => {
    for (const [key, reader] of Object.entries(all)) field({ ...fields }, key, reader);
  };
  read(event, READ[event.event]);
  if (event.event !== "outcome") return;
  const { outcome } = event;
  read(outcome, READ_OF_OUTCOME[outcome.kind]);
  const record = outcome.kind === "stored" || outcome.kind === "where" ? outcome.record : null;
  if (record !== null) read(record, { name: text, key: whole });
}
