/** A content on its way into the store, in pieces, from one sender or from several. */
import type { FileRecord } from "../protocol/model/files.ts";
import { type Content, openContent } from "./content.ts";
import { explainDisk } from "./disk.ts";
import type { ContentWriter } from "./writer.ts";

/** Exactly one of `commit` and `abort` ends it. */
export type Draft = {
  /** Bytes taken so far, from however many senders. */
  readonly size: number;
  /**
   * Takes a piece, whose bytes are the draft's from here on; wait for the promise, if there is one,
   * before the next.
   * @throws (or rejects with) DiskTrouble
   */
  write(piece: Uint8Array): Promise<void> | undefined;
  /** Reads what is taken as it goes to the disk. @param size that it will have in the end */
  tail(size: number): Content;
  /** The hash of all that was taken. No piece can be taken after. Not for one begun with `hash: false`. */
  sha256(): string;
  /**
   * Makes the content durable, then its row. After a rejection nothing of it is left. The hash of a
   * large draft begun with `hash: false` is taken from the record.
   * @returns false if a write that replaced it is held
   * @throws Failure if the content has not the record's size and hash; DiskTrouble
   */
  commit(record: FileRecord): Promise<boolean>;
  /** Leaves nothing. Never rejects. */
  abort(): Promise<void>;
};

/** @param commit makes what the writer has taken durable, and does with the writer what is to be done */
export function draftOn(
  writer: ContentWriter,
  commit: (record: FileRecord) => Promise<boolean>,
): Draft {
  return {
    get size() {
      return writer.size;
    },
    write: (piece) => {
      try {
        return writer.write(piece)?.catch(explain);
      } catch (error) {
        return explain(error);
      }
    },
    tail: (size) => tailOf(writer, size),
    sha256: () => writer.sha256(),
    commit: (record) => commit(record).catch(explain),
    abort: () => writer.discard(),
  };
}

function explain(error: unknown): never {
  throw explainDisk(error);
}

/**
 * A reader of what is being written, also after it was renamed.
 * @param size of the whole, in bytes; where the writing ends earlier, so does the reading
 */
export function tailOf(writer: ContentWriter, size: number): Content {
  let content: Content | null = null;
  const read = async (into: Uint8Array, at: number): Promise<number> => {
    const written = await writer.reached(at);
    if (written === null) return 0;
    content ??= openContent(writer.path);
    return await content.read(into.subarray(0, Math.min(into.length, written - at)), at);
  };
  return { size, read, close: () => content?.close() };
}
