/** How many records go into one message: a limit of their number, and one of their bytes. */
import { MESSAGE_BYTES, REPLICATE_RECORDS } from "./config.ts";
import type { FileRecord } from "./files.ts";

/** Of a record without its name and its lists, rounded up; of a version, and of a span. */
const FIXED_BYTES = 128;
const VERSION_BYTES = 18;
const SPAN_BYTES = 44;
/** Bytes of UTF-8 that a unit of UTF-16 may take. */
const UNIT_BYTES = 3;

/** The most bytes that a record takes on the wire. */
export function bytesOf({ name, also, versionVector, history, spared }: FileRecord): number {
  const versions = also.length + versionVector.length + spared.length;
  const lists = versions * VERSION_BYTES + history.length * SPAN_BYTES;
  return FIXED_BYTES + name.length * UNIT_BYTES + lists;
}

/** The first of these records that fit one message: one at least. @param most as its list may have */
export function fitting(records: readonly FileRecord[], most: number): readonly FileRecord[] {
  let bytes = 0;
  let count = 0;
  for (const record of records) {
    bytes += bytesOf(record);
    if (count === most || (count > 0 && bytes > MESSAGE_BYTES)) return records.slice(0, count);
    count += 1;
  }
  return records;
}

/** The records for as many messages as they need. */
export function inMessages(records: readonly FileRecord[]): (readonly FileRecord[])[] {
  const messages: (readonly FileRecord[])[] = [];
  let rest = records;
  while (rest.length > 0) {
    const some = fitting(rest, REPLICATE_RECORDS);
    messages.push(some);
    rest = rest.slice(some.length);
  }
  return messages;
}
