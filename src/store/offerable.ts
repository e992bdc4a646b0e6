/** Whether the wire can carry what the disk says of a file: its own encoder is asked. */
import type { FileRecord } from "../protocol/model/files.ts";
import { Writer } from "../wire/bytes.ts";
import { fileRecord } from "../wire/values.ts";

const scratch = new Writer();

/**
 * False of a record that could never be offered: a name that an earlier version took, or a row that the
 * disk has not kept as it was. One in an offer would keep all the others in it from being sent.
 */
export function isOfferable(record: FileRecord): boolean {
  scratch.reset();
  try {
    fileRecord.write(scratch, record);
    return true;
  } catch {
    return false;
  }
}
