/**
 * What a request brings for a command at the control socket: small contents stay in memory, larger ones go to the
 * file that the command named, or else to one in the data folder.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Into, Spooled } from "../../control/host.ts";
import { BODY_BYTES } from "../../protocol/model/config.ts";
import { Failure } from "../../protocol/model/failure.ts";
import { errorCode } from "../../store/durable.ts";
import { markOf, notWritten } from "../../store/user-files.ts";
import { ContentWriter } from "../../store/writer.ts";
import type { Taking } from "./commands.ts";

/** A file to be made for a content, and the sentence for an error of writing it. */
export type Spot = { readonly path: string; readonly refusal: (error: unknown) => Failure };

/** A new file in a folder for things on their way. */
export function spoolSpot(dir: string): Spot {
  const path = join(dir, `request-${randomBytes(8).toString("hex")}`);
  // The one who asked never named the file here, and can do nothing about it.
  const sentence =
    "The disk of this peer would not take it: make room in its data folder, or ask another peer.";
  return { path, refusal: () => new Failure(sentence) };
}

/**
 * The file that a command named.
 * @returns null if this process cannot make it, or would make it elsewhere than the command means
 * @throws Failure if something is there already
 */
export function landingSpot({ path, mark, as }: Into): Spot | null {
  if (markOf(dirname(path)) !== mark) return null;
  try {
    // No question about permissions is as sure as trying.
    closeSync(openSync(path, "wx", 0o600));
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") {
      throw new Failure(`${path} exists already: name a file that is still to be made.`);
    }
    return null;
  }
  return { path, refusal: (error) => notWritten(error, as) };
}

export type SpoolDelivery = Taking & {
  /** To be called once it has finished. */
  spooled(): Spooled;
};

/**
 * Begins a delivery for a command at the control socket.
 * @param spot where what is large goes; asked for when that is known
 * @param before kept when an earlier delivery to the same spot has left it
 * @param aborted fires when nobody waits for it any more; asked for likewise
 */
export function spoolDelivery(
  spot: () => Spot,
  before: () => Promise<void>,
  aborted: () => AbortSignal,
): SpoolDelivery {
  const early: Uint8Array[] = [];
  let size = 0;
  let path = "";
  let file: ContentWriter | null = null;
  let over = false;
  let refusal: Spot["refusal"] | null = null;
  const refuse = (error: unknown): never => {
    throw over || refusal === null ? new Failure("Nobody waits for it any more.") : refusal(error);
  };
  const put = (writer: ContentWriter, piece: Uint8Array): Promise<void> | undefined => {
    try {
      return writer.write(piece)?.catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  };
  const abort = async (): Promise<void> => {
    over = true;
    await file?.discard();
  };
  const begin = async (): Promise<void> => {
    const signal = aborted();
    const where = spot();
    refusal = where.refusal;
    over ||= signal.aborted;
    signal.addEventListener("abort", () => void abort(), { once: true });
    await before();
    if (over) refuse(null);
    path = where.path;
    file = new ContentWriter(path, { hash: false });
    // What has come by now is little enough to be taken at once.
    await put(file, Buffer.concat(early.splice(0)));
  };
  return {
    get size() {
      return size;
    },
    write: (piece) => {
      size += piece.length;
      if (file !== null) return put(file, piece);
      early.push(piece);
      return size <= BODY_BYTES ? undefined : begin();
    },
    finish: async () => {
      try {
        await file?.finish(false);
      } catch (error) {
        await file?.discard();
        refuse(error);
      }
    },
    abort,
    spooled: () => (file === null ? { bytes: wholeOf(early) } : { path, size }),
  };
}

/** A small content came in one piece as a rule. */
function wholeOf(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [first] = pieces;
  const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
  return whole.buffer instanceof ArrayBuffer
    ? new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
    : new Uint8Array(whole);
}
