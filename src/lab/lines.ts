/** Cuts a stream of bytes into lines. */
import { MAX_LINE_CHARS } from "./limits.ts";

/**
 * Reads a stream to its end, as fast as it comes.
 * @param take called for each line without its end; one that is too long comes in pieces
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  const takeWhole = (text: string): void => {
    rest += text;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      take(rest.slice(0, end).replace(/\r$/, ""));
      rest = rest.slice(end + 1);
    }
    for (; rest.length > MAX_LINE_CHARS; rest = rest.slice(MAX_LINE_CHARS)) {
      take(rest.slice(0, MAX_LINE_CHARS));
    }
  };
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    takeWhole(decoder.decode(value, { stream: true }));
  }
  takeWhole(decoder.decode());
  if (rest !== "") take(rest);
}
