/** What a command brings from a person's own folder, and where it puts what it fetches. */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { NUMBERED_BITS } from "../../protocol/model/config.ts";
import { isFourDigits } from "../../protocol/model/files.ts";
import { nameForms } from "../../protocol/model/names.ts";
import { type FileContent, openContent } from "../../store/content.ts";
import { deliver } from "../../store/user-files.ts";
import type { Taking } from "./commands.ts";

/**
 * The files that a typed `Store NAME` may mean, the likeliest first: `NAME.pdf` in a numbered ring, else
 * the file itself, which on the disk may be in another form than it was typed.
 */
export function localFileNames(name: string, bits: number): readonly string[] {
  if (bits === NUMBERED_BITS) return [`${name}.pdf`];
  return [...new Set([name, ...nameForms(name)])].map((form) => basename(form));
}

/** Where a typed `Request NAME` leaves a file: the assignment's name is written over, a person's own never. */
export function localDelivery(cwd: string, name: string, bits: number): Taking {
  if (bits === NUMBERED_BITS && isFourDigits(name)) {
    return deliver(join(cwd, `received_${name}.pdf`), "replace", { hash: false });
  }
  return deliver(join(cwd, basename(name)), "refuse", { hash: false });
}

/** Opens a regular file; null if it cannot be read. */
export function openQuietly(path: string): FileContent | null {
  try {
    // A pipe would wait for its writer.
    return statSync(path).isFile() ? openContent(path) : null;
  } catch {
    return null;
  }
}
