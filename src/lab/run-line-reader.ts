/** One line of the file of a run, read and tried: what is not as `run-lines.ts` says is told. Pure. */
import type { Operation, Outcome, Situation } from "../checks/history.ts";
import type { LoggedEvent } from "../control/types.ts";
import {
  between,
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
import { FAULT_KINDS, type Measured, type PlannedFault, type RunLine } from "./run-lines.ts";

type Fields = Readonly<Record<string, unknown>>;
type LineReader = (fields: Fields) => RunLine;

const ids = list(whole);
const MAX_SEED = 2 ** 32 - 1;
/** A time that an operation or a fault took, in milliseconds. */
const span: Reader<number> = (value, where) => {
  const read = number(value, where);
  if (read >= 0) return read;
  throw new Malformed(`${where} is ${read}, and less than 0`);
};

/** @throws Malformed with what is wrong, to stand behind the line's number */
export function readRunLine(json: string): RunLine {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Malformed("is no JSON");
  }
  const fields = fieldsOf(value, "it");
  const type = field(fields, "type", text);
  const read = Object.hasOwn(LINES, type) ? LINES[type] : undefined;
  if (read !== undefined) return read(fields);
  throw new Malformed(`is of the type "${type.slice(0, 40)}", which this p2p does not know`);
}

/** A fault as it was drawn. */
const plannedFault: Reader<PlannedFault> = (value, where) => {
  const fields = fieldsOf(value, where);
  return {
    n: field(fields, "n", between(1, Number.MAX_SAFE_INTEGER)),
    kind: field(fields, "kind", word(FAULT_KINDS)),
    atMs: field(fields, "atMs", span),
    forMs: field(fields, "forMs", span),
    peers: field(fields, "peers", ids),
    others: field(fields, "others", ids),
    amount: field(fields, "amount", nullOr(span)),
  };
};

const LINES: Readonly<Record<string, LineReader>> = {
  run: (fields) => {
    if (fields["v"] !== 1) throw new Malformed("is of another version than 1");
    return {
      type: "run",
      v: 1,
      at: field(fields, "at", number),
      seed: field(fields, "seed", between(0, MAX_SEED)),
      program: field(fields, "program", text),
      ids: field(fields, "ids", ids),
      copies: field(fields, "copies", whole),
      plan: field(fields, "plan", list(plannedFault)),
      ...(fields["emulated"] === true ? { emulated: true } : {}),
    };
  },
  fault: (fields) => ({
    type: "fault",
    at: field(fields, "at", number),
    fault: field(fields, "fault", plannedFault),
  }),
  undone: (fields) => ({
    type: "undone",
    at: field(fields, "at", number),
    n: field(fields, "n", whole),
  }),
  situation: (fields) => ({ type: "situation", ...situation(fields) }),
  operation: (fields) => ({ type: "operation", ...operation(fields) }),
  view: (fields) => ({
    type: "view",
    at: field(fields, "at", number),
    peer: field(fields, "peer", whole),
    successors: field(fields, "successors", ids),
    predecessors: field(fields, "predecessors", ids),
  }),
  event: (fields) => ({
    type: "event",
    at: field(fields, "at", number),
    peer: field(fields, "peer", whole),
    event: field(fields, "event", loggedEvent),
  }),
  measured: (fields) => ({
    type: "measured",
    at: field(fields, "at", number),
    ...measured(fields),
  }),
  loss: (fields) => ({
    type: "loss",
    at: field(fields, "at", number),
    file: field(fields, "file", text),
    peer: field(fields, "peer", whole),
    why: field(fields, "why", text),
  }),
  "read-back": (fields) => ({
    type: "read-back",
    at: field(fields, "at", number),
    files: field(fields, "files", whole),
    reads: field(fields, "reads", whole),
  }),
  ending: (fields) => ({
    type: "ending",
    name: field(fields, "name", text),
    value: field(fields, "value", nullOr(text)),
    conflicts: field(fields, "conflicts", list(text)),
  }),
  verdict: (fields) => ({
    type: "verdict",
    at: field(fields, "at", number),
    verdict: field(fields, "verdict", word(["passed", "failed", "inconclusive"])),
    check: field(fields, "check", nullOr(text)),
    peers: field(fields, "peers", ids),
    why: field(fields, "why", text),
  }),
};

function situation(fields: Fields): Situation {
  const optional = (key: "moved" | "doubled") =>
    fields[key] === undefined ? {} : { [key]: field(fields, key, ids) };
  return {
    from: field(fields, "from", number),
    running: field(fields, "running", ids),
    frozen: field(fields, "frozen", ids),
    severed: field(fields, "severed", list(pair)),
    ...(fields["passing"] === undefined ? {} : { passing: field(fields, "passing", list(pair)) }),
    ...optional("moved"),
    ...optional("doubled"),
  };
}

const pair: Reader<readonly [number, number]> = (value, where) => {
  const [from, to, ...more] = ids(value, where);
  if (from !== undefined && to !== undefined && more.length === 0) return [from, to];
  throw new Malformed(`${where} is no pair of peers`);
};

/** Of one operation, as clients of one's own print it as well. @throws Malformed */
export function operation(fields: Fields): Operation {
  const start = field(fields, "start", number);
  const end = field(fields, "end", nullOr(number));
  if (end !== null && end < start) throw new Malformed(`"end" is before "start"`);
  const outcome = field(fields, "outcome", outcomeOf);
  if (end === null && outcome.kind !== "unknown") {
    throw new Malformed(`"end" is null, and "outcome" is not unknown`);
  }
  const kind = field(fields, "kind", word(["store", "remove", "request", "where"]));
  const content = field(fields, "content", kind === "store" ? text : nullOr(text));
  return {
    client: field(fields, "client", whole),
    peer: field(fields, "peer", whole),
    name: field(fields, "name", text),
    ...{ kind, content, start, end, outcome },
    ...(fields["excused"] === true ? { excused: true } : {}),
  };
}

const outcomeOf: Reader<Outcome> = (value, where) => {
  const fields = fieldsOf(value, where);
  const kind = field(fields, "kind", word(["done", "refused", "unknown"]));
  if (kind !== "done") return { kind };
  return {
    kind,
    ...(fields["value"] === undefined ? {} : { value: field(fields, "value", nullOr(text)) }),
    ...(fields["replicas"] === undefined ? {} : { replicas: field(fields, "replicas", ids) }),
  };
};

function measured(fields: Fields): Measured {
  const time = nullOr(span);
  return {
    n: field(fields, "n", whole),
    detectMs: field(fields, "detectMs", time),
    healMs: field(fields, "healMs", time),
    recopyMs: field(fields, "recopyMs", time),
    unavailableMs: field(fields, "unavailableMs", time),
    errorMs: field(fields, "errorMs", span),
  };
}

const loggedEvent: Reader<LoggedEvent> = (value, where) => {
  const fields = fieldsOf(value, where);
  if (isLoggedEvent(fields)) return fields;
  throw new Malformed(`${where} is no event of a peer`);
};

/** Tries what is read of events here; of those that nobody reads, that they are events at all. */
function isLoggedEvent(fields: Fields): fields is Fields & LoggedEvent {
  const numbers = ["at", "seq", "peer", "incarnation"].every(
    (key) => typeof fields[key] === "number",
  );
  if (fields["v"] !== 1 || !numbers || typeof fields["event"] !== "string") return false;
  if (fields["event"] === "successors") {
    ids(fields["successors"], "successors");
    ids(fields["predecessors"], "predecessors");
  }
  if (fields["event"] === "member") {
    whole(fields["id"], "id");
    text(fields["state"], "state");
  }
  return true;
}
