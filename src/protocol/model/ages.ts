/**
 * The ages of records on their way: in a message they are as of its sending, within a peer as of its
 * clock's zero. What comes in and what goes out is changed here, and nowhere else.
 */
import { OPERATION_MS } from "./config.ts";
import type { Outcome } from "./events.ts";
import { type FileRecord, withAges } from "./files.ts";
import type { Message } from "./messages.ts";

/** A message with the ages in it as this peer counts them. @param byMs minus the time of its clock */
export function agedHere(message: Message, byMs: number): Message {
  return withRecords(message, (record) => withAges(record, byMs));
}

/** A message with the ages of what others are told as of now. Histories lose what is too old. */
export function agedForOthers(message: Message, now: number): Message {
  return withRecords(message, (record) => young(withAges(record, now)));
}

/** How a command ended, for those outside the peer: with the ages in it as of now. */
export function agedOutcome(outcome: Outcome, now: number): Outcome {
  const aged = (record: FileRecord) => withAges(record, now);
  switch (outcome.kind) {
    case "stored":
      return { ...outcome, record: aged(outcome.record) };
    case "where":
      return outcome.record === null ? outcome : { ...outcome, record: aged(outcome.record) };
    case "listed": {
      const files = outcome.files.map((file) => ({ ...file, record: aged(file.record) }));
      return { ...outcome, files };
    }
    default:
      return outcome;
  }
}

function young(record: FileRecord): FileRecord {
  const { history } = record;
  if (history.every((span) => span.ageMs <= OPERATION_MS)) return record;
  return { ...record, history: history.filter((span) => span.ageMs <= OPERATION_MS) };
}

/** Changes each record in a message; one without any stays as it is. */
export function withRecords(message: Message, change: (record: FileRecord) => FileRecord): Message {
  switch (message.tag) {
    case "replicate":
    case "inquired":
    case "listed":
      return { ...message, records: message.records.map(change) };
    case "answer": {
      const { outcome } = message;
      if (outcome.kind !== "stored" && outcome.kind !== "where") return message;
      const { record } = outcome;
      return record === null
        ? message
        : { ...message, outcome: { ...outcome, record: change(record) } };
    }
    default:
      return message;
  }
}
