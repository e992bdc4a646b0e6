/** A row of the index: what a write takes in it beside its content, about, and whether it could be sent. */
import { conflictName, type FileRecord } from "../protocol/model/files.ts";
import { Writer } from "../wire/bytes.ts";
import { fileRecord } from "../wire/values.ts";

/** A version held. */
export type Row = {
  /** Never used twice while the store is open. */
  readonly id: number;
  readonly record: FileRecord;
  /** The file below `files/` that has the content; empty if it lies in the index, or there is none. */
  readonly content: string;
};

/** A row: its columns, and a share of a page. */
export const ROW_BYTES = 1_024;
/** A version or a span of what a write carries on. */
const PAST_BYTES = 48;

export function weightOf({ also, versionVector, history, spared }: FileRecord): number {
  const past = also.length + versionVector.length + history.length + spared.length;
  return ROW_BYTES + past * PAST_BYTES;
}

const scratch = new Writer();

/**
 * False of a record that could never be sent: a name that an earlier version took, or a row that the
 * disk has not kept as it was. One in a message would keep all the others in it from being sent.
 */
export function isReplicable(record: FileRecord): boolean {
  scratch.reset();
  try {
    fileRecord.write(scratch, record);
    return true;
  } catch {
    return false;
  }
}

/** What a row is called, and the name that it is apart from. */
export function namesOf(record: FileRecord): readonly [name: string, apart: string] {
  return record.apart ? [conflictName(record), record.name] : [record.name, ""];
}
