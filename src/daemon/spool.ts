/**
 * What a request brings for a command at the door: small contents stay in memory, larger ones go to a
 * file in the data folder.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Spooled } from "../door/host.ts";
import { BODY_BYTES } from "../protocol/config.ts";
import { Failure } from "../protocol/failure.ts";
import { type Delivery, deliver } from "../store/local.ts";
import type { Taking } from "./commands.ts";

export type SpoolDelivery = Taking & {
  /** To be called once it has finished. */
  spooled(): Spooled;
};

/** The one who asked never named the file here, and can do nothing about it. */
function refuse(): never {
  throw new Failure(
    "The disk of this peer would not take it: make room in its data folder, or ask another peer.",
  );
}

/** Begins a delivery into a folder for things on their way. */
export function spoolDelivery(dir: string): SpoolDelivery {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let file: Delivery | null = null;
  const path = join(dir, `request-${randomBytes(8).toString("hex")}`);
  return {
    get size() {
      return size;
    },
    write: (piece) => {
      size += piece.length;
      if (file === null && size <= BODY_BYTES) {
        pieces.push(piece);
        return undefined;
      }
      file ??= deliver(path, "replace", { hash: false });
      // What has come by now is little enough to be taken at once.
      try {
        for (const early of pieces.splice(0)) void file.write(early);
        return file.write(piece)?.catch(refuse);
      } catch {
        return refuse();
      }
    },
    finish: async () => await file?.finish().catch(refuse),
    abort: async () => await file?.abort(),
    spooled: () => (file === null ? { bytes: Buffer.concat(pieces) } : { path, size }),
  };
}
