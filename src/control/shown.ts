/**
 * What other programs read of files: the JSON at the control socket, that of commands with `--json`, and
 * events.jsonl. They go by the names here, which are those of the first program that wrote them: so these
 * stay, whatever the ring itself calls the same things (docs/GLOSSARY.md). What goes out is turned into them
 * here, what a client takes in is turned back, and nothing else knows of them.
 */
import type { ListedFile, Outcome } from "../protocol/model/events.ts";
import type { FileRecord, Span, Version } from "../protocol/model/files.ts";
import type { LoggedEvent } from "./types.ts";

/** What orders the writes of a name. */
export type ShownStamp = { readonly counter: number; readonly owner: number; readonly run: number };

type ShownSpan = Omit<Span, "version"> & { readonly stamp: ShownStamp };

export type ShownRecord = Omit<
  FileRecord,
  "version" | "also" | "versionVector" | "history" | "spared"
> & {
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

export function showStamp({ counter, owner, instance }: Version): ShownStamp {
  return { counter, owner, run: instance };
}

function showSpan({ version, ...span }: Span): ShownSpan {
  return { ...span, stamp: showStamp(version) };
}

export function showRecord(record: FileRecord): ShownRecord {
  const { name, key, operation, version, also, size, sha256, removed, apart, ageMs } = record;
  return {
    ...{ name, key, operation },
    stamp: showStamp(version),
    also: also.map(showStamp),
    ...{ size, sha256, removed, apart, ageMs },
    replaced: record.versionVector.map(showStamp),
    history: record.history.map(showSpan),
    spared: record.spared.map(showStamp),
  };
}

export function showOutcome(outcome: Outcome): ShownOutcome {
  switch (outcome.kind) {
    case "stored": {
      const { kind, record, replicas, wanted, withoutReplica, route } = outcome;
      return {
        kind,
        record: showRecord(record),
        copies: replicas,
        wanted,
        lacking: withoutReplica,
        route,
      };
    }
    case "where": {
      const { kind, record, replicas, owner, wanted, route } = outcome;
      const shown = record === null ? null : showRecord(record);
      return { kind, record: shown, holders: replicas, owner, wanted, route };
    }
    case "listed":
      return { ...outcome, files: outcome.files.map(showListed) };
    default:
      return outcome;
  }
}

function showListed({ record, replicas }: ListedFile): ShownFile {
  return { record: showRecord(record), holders: replicas };
}

/** An event as it stands in the log and in the control socket's stream. */
export function showEvent(event: LoggedEvent): ShownEvent {
  return event.event === "outcome" ? { ...event, outcome: showOutcome(event.outcome) } : event;
}

function readStamp({ counter, owner, run }: ShownStamp): Version {
  return { counter, owner, instance: run };
}

function readSpan({ stamp, ...span }: ShownSpan): Span {
  return { ...span, version: readStamp(stamp) };
}

function readRecord(shown: ShownRecord): FileRecord {
  const { name, key, operation, size, sha256, removed, apart, ageMs } = shown;
  return {
    ...{ name, key, operation, size, sha256, removed, apart, ageMs },
    version: readStamp(shown.stamp),
    also: shown.also.map(readStamp),
    versionVector: shown.replaced.map(readStamp),
    history: shown.history.map(readSpan),
    spared: shown.spared.map(readStamp),
  };
}

/** What a peer's control socket has said, as the ring itself calls it. */
export function readOutcome(shown: ShownOutcome): Outcome {
  switch (shown.kind) {
    case "stored": {
      const { record, copies, lacking, ...rest } = shown;
      return { ...rest, record: readRecord(record), replicas: copies, withoutReplica: lacking };
    }
    case "where": {
      const { record, holders, ...rest } = shown;
      return { ...rest, record: record === null ? null : readRecord(record), replicas: holders };
    }
    case "listed":
      return { ...shown, files: shown.files.map(readListed) };
    default:
      return shown;
  }
}

function readListed({ record, holders }: ShownFile): ListedFile {
  return { record: readRecord(record), replicas: holders };
}

export function readEvent(shown: ShownEvent): LoggedEvent {
  return shown.event === "outcome" ? { ...shown, outcome: readOutcome(shown.outcome) } : shown;
}
