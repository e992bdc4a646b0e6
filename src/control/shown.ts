/**
 * What other programs read of files: the JSON at the control socket, that of commands with `--json`, and
 * events.jsonl. They go by the names here, which are those of the first program that wrote them: so these
 * stay, whatever the ring itself calls the same things (docs/GLOSSARY.md). What goes out is turned into them
 * here, what a client takes in is turned back, and nothing else knows of them.
 */
import type { ListedFile, Outcome } from "../protocol/model/events.ts";
import type { FileRecord, Span, Stamp } from "../protocol/model/files.ts";
import type { LoggedEvent } from "./types.ts";

/** What orders the versions of a name. */
export type ShownStamp = { readonly counter: number; readonly owner: number; readonly run: number };

type ShownSpan = Omit<Span, "stamp"> & { readonly stamp: ShownStamp };

export type ShownRecord = Omit<FileRecord, "stamp" | "also" | "replaced" | "history" | "spared"> & {
  readonly stamp: ShownStamp;
  readonly also: readonly ShownStamp[];
  readonly replaced: readonly ShownStamp[];
  readonly history: readonly ShownSpan[];
  readonly spared: readonly ShownStamp[];
};

type Stored = Extract<Outcome, { kind: "stored" }>;
type Where = Extract<Outcome, { kind: "where" }>;
type Listed = Extract<Outcome, { kind: "listed" }>;

export type ShownFile = { readonly record: ShownRecord; readonly holders: readonly number[] };

export type ShownOutcome =
  | Exclude<Outcome, { kind: "stored" | "where" | "listed" }>
  | (Pick<Stored, "kind" | "wanted" | "route"> & {
      readonly record: ShownRecord;
      readonly copies: readonly number[];
      readonly lacking: readonly number[];
    })
  | (Pick<Where, "kind" | "owner" | "wanted" | "route"> & {
      readonly record: ShownRecord | null;
      readonly holders: readonly number[];
    })
  | (Pick<Listed, "kind" | "silent"> & { readonly files: readonly ShownFile[] });

export type ShownEvent =
  | Exclude<LoggedEvent, { event: "outcome" }>
  | (Omit<Extract<LoggedEvent, { event: "outcome" }>, "outcome"> & {
      readonly outcome: ShownOutcome;
    });

export function showStamp({ counter, owner, run }: Stamp): ShownStamp {
  return { counter, owner, run };
}

function showSpan({ stamp, ...span }: Span): ShownSpan {
  return { ...span, stamp: showStamp(stamp) };
}

export function showRecord(record: FileRecord): ShownRecord {
  const { name, key, operation, stamp, also, size, sha256, removed, apart, ageMs } = record;
  return {
    ...{ name, key, operation },
    stamp: showStamp(stamp),
    also: also.map(showStamp),
    ...{ size, sha256, removed, apart, ageMs },
    replaced: record.replaced.map(showStamp),
    history: record.history.map(showSpan),
    spared: record.spared.map(showStamp),
  };
}

export function showOutcome(outcome: Outcome): ShownOutcome {
  switch (outcome.kind) {
    case "stored": {
      const { kind, record, copies, wanted, lacking, route } = outcome;
      return { kind, record: showRecord(record), copies, wanted, lacking, route };
    }
    case "where": {
      const { kind, record, holders, owner, wanted, route } = outcome;
      const shown = record === null ? null : showRecord(record);
      return { kind, record: shown, holders, owner, wanted, route };
    }
    case "listed":
      return { ...outcome, files: outcome.files.map(showListed) };
    default:
      return outcome;
  }
}

function showListed({ record, holders }: ListedFile): ShownFile {
  return { record: showRecord(record), holders };
}

/** An event as it stands in the log and in the control socket's stream. */
export function showEvent(event: LoggedEvent): ShownEvent {
  return event.event === "outcome" ? { ...event, outcome: showOutcome(event.outcome) } : event;
}

function readStamp({ counter, owner, run }: ShownStamp): Stamp {
  return { counter, owner, run };
}

function readSpan({ stamp, ...span }: ShownSpan): Span {
  return { ...span, stamp: readStamp(stamp) };
}

function readRecord(shown: ShownRecord): FileRecord {
  const { name, key, operation, size, sha256, removed, apart, ageMs } = shown;
  return {
    ...{ name, key, operation, size, sha256, removed, apart, ageMs },
    stamp: readStamp(shown.stamp),
    also: shown.also.map(readStamp),
    replaced: shown.replaced.map(readStamp),
    history: shown.history.map(readSpan),
    spared: shown.spared.map(readStamp),
  };
}

/** What a peer's control socket has said, as the ring itself calls it. */
export function readOutcome(shown: ShownOutcome): Outcome {
  switch (shown.kind) {
    case "stored": {
      const { record, copies, lacking, ...rest } = shown;
      return { ...rest, record: readRecord(record), copies, lacking };
    }
    case "where": {
      const { record, holders, ...rest } = shown;
      return { ...rest, record: record === null ? null : readRecord(record), holders };
    }
    case "listed":
      return { ...shown, files: shown.files.map(readListed) };
    default:
      return shown;
  }
}

function readListed({ record, holders }: ShownFile): ListedFile {
  return { record: readRecord(record), holders };
}

export function readEvent(shown: ShownEvent): LoggedEvent {
  return shown.event === "outcome" ? { ...shown, outcome: readOutcome(shown.outcome) } : shown;
}
