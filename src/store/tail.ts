/** Reading a content that is still being written: up to where it has got, and then as it goes on. */
import { type Content, openContent } from "./content.ts";
import type { ContentWriter } from "./writer.ts";

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
