/** Contents through the control socket, with flat memory: in to a spooled file, out of one. */
import { randomBytes } from "node:crypto";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { BODY_BYTES } from "../protocol/model/config.ts";
import { type Content, openContent } from "../store/content.ts";
import { errorCode } from "../store/durable.ts";
import { ContentWriter } from "../store/writer.ts";
import type { Uploaded } from "./host.ts";
import { TRANSFER_STALL_MS } from "./limits.ts";
import { CONTENT_HEADER, type ContentFrom, type ControlErrorKind, SIZE_HEADER } from "./types.ts";
import { inTime } from "./waiting.ts";

/** A whole upload; or why there is none. */
export type Upload =
  | Uploaded
  | { readonly error: string; readonly kind: ControlErrorKind; readonly status: number };

/** One piece of a content going out. */
const PIECE_BYTES = 262_144;

/** How much of an upload has come; `size` is null where it was not announced. */
export type UploadProgress = { bytes: number; readonly size: number | null };

export function uploadProgress(request: Request): UploadProgress {
  const announced = request.headers.get("content-length") ?? request.headers.get(SIZE_HEADER);
  return { bytes: 0, size: announced === null ? null : Number(announced) };
}

/**
 * Takes a request's body: a small one into memory, else into a new file. One that is cut off leaves
 * nothing. Never rejects.
 */
export async function receiveUpload(
  request: Request,
  spoolDir: string,
  progress: UploadProgress,
): Promise<Upload> {
  let writer: ContentWriter | null = null;
  try {
    if (progress.size !== null && progress.size <= BODY_BYTES) {
      return { bytes: await takeSmall(request, progress.size) };
    }
    const path = join(spoolDir, `upload-${randomBytes(8).toString("hex")}`);
    const pieces: Uint8Array[] = [];
    const take = (piece: Uint8Array): Promise<void> | undefined => {
      progress.bytes += piece.length;
      if (writer === null) {
        pieces.push(piece);
        if (progress.bytes <= BODY_BYTES) return undefined;
        writer = new ContentWriter(path);
        return writer.write(Buffer.concat(pieces.splice(0)));
      }
      return writer.write(piece);
    };
    if (request.body !== null) await takeBody(request.body, take);
    const { bytes, size } = progress;
    if (size !== null && size !== bytes) throw new Error("it was cut off");
    if (writer === null) return { bytes: Buffer.concat(pieces) };
    const whole = writer as ContentWriter;
    await whole.finish(false);
    return { path, size: bytes, sha256: whole.sha256() };
  } catch (error) {
    await (writer as ContentWriter | null)?.discard();
    if (["ENOSPC", "EDQUOT"].includes(errorCode(error))) {
      return {
        error: "The disk of this peer is full: make room, or store through another.",
        kind: "refused",
        status: 507,
      };
    }
    return {
      error: `The upload did not arrive whole (${String(error)}): store it again.`,
      kind: "bad-request",
      status: 400,
    };
  }
}

/** What was announced as small has come as a rule when its head is read. @throws Error if it is of another size */
async function takeSmall(request: Request, size: number): Promise<Uint8Array> {
  const late = () => new Error("nothing came for a long time");
  const bytes = await inTime(request.bytes(), TRANSFER_STALL_MS, late);
  if (bytes.length !== size) throw new Error("it was cut off");
  return bytes;
}

async function takeBody(
  body: ReadableStream<Uint8Array>,
  take: (piece: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await inTime(reader.read(), TRANSFER_STALL_MS, () => {
      reader.cancel().catch(() => {});
      return new Error("nothing came for a long time");
    });
    if (done) return;
    const room = take(value);
    if (room !== undefined) await room;
  }
}

/** Sends a small content. @param bytes which nobody may change any more */
export function sendContent(bytes: Uint8Array<ArrayBuffer>, from: ContentFrom): Response {
  return new Response(bytes, { headers: headersOf(from) });
}

function headersOf(from: ContentFrom): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(from.size),
    [CONTENT_HEADER]: JSON.stringify(from),
  };
}

/**
 * Sends a file's content as fast as its reader takes it, and removes the file.
 * @param ended called once when it is sent, or its reader has gone
 */
export async function streamContent(
  path: string,
  from: ContentFrom,
  ended: () => void,
): Promise<Response> {
  let content: Content;
  try {
    content = openContent(path);
  } catch (error) {
    ended();
    throw error;
  } finally {
    // Once open it needs no name, and so nothing is left behind, however this ends.
    await unlink(path).catch(() => {});
  }
  const body = outgoing(content, ended);
  return new Response(body, { headers: headersOf(from) });
}

function outgoing(content: Content, ended: () => void): ReadableStream<Uint8Array> {
  let at = 0;
  let open = true;
  let reading = false;
  let stalled: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    clearTimeout(stalled);
    if (!open) return;
    open = false;
    // A read under way closes when it is done: its descriptor must not become another file's.
    if (!reading) content.close();
    ended();
  };
  const nextPiece = async (): Promise<Uint8Array> => {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, content.size - at));
    reading = true;
    try {
      const bytes = await content.read(piece, at);
      if (bytes === 0 && piece.length > 0) throw new Error("the content is cut short");
      at += bytes;
      return piece.subarray(0, bytes);
    } finally {
      reading = false;
      if (!open) content.close();
    }
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    clearTimeout(stalled);
    try {
      const piece = await nextPiece();
      if (!open) return;
      if (piece.length > 0) controller.enqueue(piece);
      if (at === content.size) {
        end();
        controller.close();
        return;
      }
      stalled = setTimeout(() => {
        end();
        controller.error(new Error("the reader took nothing for a long time"));
      }, TRANSFER_STALL_MS);
    } catch (error) {
      end();
      controller.error(error);
    }
  };
  return new ReadableStream<Uint8Array>({ pull, cancel: end }, { highWaterMark: 0 });
}
