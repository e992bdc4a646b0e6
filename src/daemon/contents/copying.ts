/** Copying on this very machine, and what must be true of what came. */
import type { Content } from "../../store/content.ts";
import { type Fetched, FetchFailure, inlineHash } from "../../transport/types.ts";
import { COPY_BYTES } from "../limits.ts";
import type { Move } from "./moving.ts";
import type { Taker } from "./resumable.ts";

/** @param wanted what it must hash to; null where nobody knows. @throws FetchFailure if it came to another */
export function check(file: string, wanted: string | null, came: string): void {
  if (wanted === null || wanted === came) return;
  throw new FetchFailure(`What came of ${file} does not match its hash.`, "mismatch", came);
}

/** Copies a content on this very machine, a piece at a time. */
export async function copy(content: Content, taker: Taker, move: Move): Promise<Fetched> {
  const hash = inlineHash();
  let at = 0;
  while (at < content.size) {
    // A new buffer each time: the bytes are the taker's to keep.
    const buffer = new Uint8Array(Math.min(COPY_BYTES, content.size - at));
    const read = await content.read(buffer, at);
    // This disk is not to blame.
    if (read === 0) throw new FetchFailure("The file became shorter while it was read.", "broken");
    const piece = buffer.subarray(0, read);
    await hash.update(piece);
    await taker.write(piece);
    at += read;
    move.bytes = at;
    // Reading and hashing in place would keep all timers waiting.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return { size: at, sha256: await hash.digest() };
}
