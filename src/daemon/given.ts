/** What a command brings from a person's own folder, and where it puts what it fetches. */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { BODY_BYTES, NUMBERED_BITS } from "../protocol/config.ts";
import { isFourDigits } from "../protocol/files.ts";
import { nameForms } from "../protocol/names.ts";
import { type Content, openContent } from "../store/content.ts";
import { deliver, openLocal } from "../store/local.ts";
import type { Taking } from "./commands.ts";

/** A content that a store brings: it may be opened again and again. Null if it is gone. */
export type Opener = () => Content | null;

/** How a typed `Store NAME` finds its content: `NAME.pdf` in a numbered ring, else the file itself. */
export function localOpener(cwd: string, name: string, bits: number): Opener {
  if (bits === NUMBERED_BITS) return () => openLocal(cwd, name);
  // On the disk a name may be in another form than it was typed.
  const forms = new Set([name, ...nameForms(name)]);
  return () => {
    for (const form of forms) {
      const content = openQuietly(join(cwd, basename(form)));
      if (content !== null) return content;
    }
    return null;
  };
}

/** A content in memory. */
export function bytesOpener(bytes: Uint8Array): Opener {
  return () => ({
    size: bytes.length,
    read: (into, at) => {
      const piece = bytes.subarray(at, at + into.length);
      into.set(piece);
      return piece.length;
    },
    close: () => {},
  });
}

/**
 * Looks at what is to be stored. A small content is read, so that it can go with the messages.
 * @returns null if there is none
 */
export function lookAt(open: Opener): { size: number; small: Uint8Array | null } | null {
  const content = open();
  if (content === null) return null;
  try {
    const { size } = content;
    if (size === 0 || size > BODY_BYTES) return { size, small: null };
    const bytes = new Uint8Array(size);
    const read = content.read(bytes, 0);
    // One that grows or shrinks just now is read once more by whoever takes it.
    return { size, small: read === size ? bytes : null };
  } finally {
    content.close();
  }
}

/** Where a typed `Request NAME` leaves a file: the assignment's name is written over, a person's own never. */
export function localDelivery(cwd: string, name: string, bits: number): Taking {
  if (bits === NUMBERED_BITS && isFourDigits(name)) {
    return deliver(join(cwd, `received_${name}.pdf`), "replace", { hash: false });
  }
  return deliver(join(cwd, basename(name)), "refuse", { hash: false });
}

/** Opens a regular file; null if it cannot be read. */
export function openQuietly(path: string): Content | null {
  try {
    // A pipe would wait for its writer.
    return statSync(path).isFile() ? openContent(path) : null;
  } catch {
    return null;
  }
}
