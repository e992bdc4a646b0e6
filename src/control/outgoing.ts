/**
 * A file whose bytes a command sends to a peer that cannot open it itself. It arrives as it was when it
 * was opened, or the upload breaks off before its end.
 */
import { BODY_BYTES } from "../protocol/model/config.ts";
import { Failure } from "../protocol/model/failure.ts";
import { type FileContent, openContent } from "../store/content.ts";

/** One piece going out. */
const PIECE_BYTES = 262_144;

export type Outgoing = {
  readonly size: number;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  /** Why it broke off; null where it did not. */
  failure(): Failure | null;
  /** To be called once, when nothing reads it any more. */
  close(): void;
};

/**
 * Opens a file to be sent.
 * @throws Failure if it cannot be read, or a small one changes while it is
 */
export async function outgoingFile(path: string): Promise<Outgoing> {
  const content = opened(path);
  const before = content.mark();
  const changed = (): boolean => content.mark() !== before;
  const failure = new Failure(`${path} changed while it was being stored: store it once more.`);
  if (content.size > BODY_BYTES) return streamed(content, changed, failure);
  try {
    const body = new Uint8Array(content.size);
    const read = await content.read(body, 0);
    if (read < content.size || changed()) throw failure;
    return { size: content.size, body, failure: () => null, close: () => {} };
  } finally {
    content.close();
  }
}

function opened(path: string): FileContent {
  try {
    return openContent(path);
  } catch {
    throw new Failure(`There is no file ${path} that can be read: check its path.`);
  }
}

function streamed(content: FileContent, changed: () => boolean, failure: Failure): Outgoing {
  const { size } = content;
  let broken = false;
  let at = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, size - at));
    const read = await content.read(piece, at);
    at += read;
    // The last piece goes out only if all of it is of one file.
    if (read === 0 || (at === size && changed())) {
      broken = true;
      controller.error(failure);
      return;
    }
    controller.enqueue(piece.subarray(0, read));
    if (at === size) controller.close();
  };
  const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  return { size, body, failure: () => (broken ? failure : null), close: () => content.close() };
}
