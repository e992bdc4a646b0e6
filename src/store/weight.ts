/** What a version takes in the index beside its content, about. */
import type { FileRecord } from "../protocol/model/files.ts";

/** A row: its columns, and a share of a page. */
export const ROW_BYTES = 1_024;
/** A stamp or a span of what a version carries on. */
const PAST_BYTES = 48;

export function weightOf({ also, replaced, history, spared }: FileRecord): number {
  const past = also.length + replaced.length + history.length + spared.length;
  return ROW_BYTES + past * PAST_BYTES;
}
