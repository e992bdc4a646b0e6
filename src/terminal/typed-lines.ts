/** Lines from standard input where it is no terminal: whatever comes there, memory and patience have an end. */
import { MAX_ENDLESS_BYTES, MAX_LINE_BYTES } from "./limits.ts";

const LINE_END = 10;

/**
 * Reads lines, no faster than they are taken; between any two of them all else has its turn. Of one that
 * is too long only the beginning is kept.
 * @param take is given each line without its end, the last one even if it has none
 * @returns false where it gave up reading, since what came had no end of a line; true at the input's end
 */
export async function readTypedLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void | Promise<void>,
): Promise<boolean> {
  const reader = stream.getReader();
  const line = new OneLine();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    for (let at = 0; at < value.length; ) {
      const end = value.indexOf(LINE_END, at);
      line.add(value.subarray(at, end < 0 ? value.length : end));
      if (end < 0) break;
      await take(line.end());
      await new Promise<void>((resolve) => setImmediate(resolve));
      at = end + 1;
    }
    if (line.bytes <= MAX_ENDLESS_BYTES) continue;
    await reader.cancel();
    return false;
  }
  if (line.bytes > 0) await take(line.end());
  return true;
}

/** For a person, where `readTypedLines` gave up. */
export const ENDLESS =
  "What is typed here has no end of a line, so it is no command: nothing more of it is read.";

/** A line while it comes in: its beginning, and how long it is. */
class OneLine {
  bytes = 0;
  #pieces: Uint8Array[] = [];

  add(piece: Uint8Array): void {
    const left = MAX_LINE_BYTES - this.bytes;
    // A copy: the rest of a large buffer would be kept with it.
    if (left > 0 && piece.length > 0) this.#pieces.push(piece.slice(0, left));
    this.bytes += piece.length;
  }

  /** @returns the line, and begins the next */
  end(): string {
    const text = Buffer.concat(this.#pieces).toString();
    this.#pieces = [];
    this.bytes = 0;
    return text.replace(/\r$/, "");
  }
}
