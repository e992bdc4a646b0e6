/** A line on standard error about work that takes a while; in a terminal only. */

import type { Progress } from "../control/types.ts";
import { displayDuration, displaySize } from "../terminal/display.ts";
import { shownLine } from "../terminal/shown.ts";

/** Work that takes longer than this shows how far it is, and so often. */
const PROGRESS_AFTER_MS = 1_000;
const PROGRESS_EVERY_MS = 200;

export type Screen = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
};

/** How far work is, as `Progress` has it. */
export type At = Pick<Progress, "bytes" | "size"> & Partial<Pick<Progress, "doing">>;

/**
 * Does work, and shows how far it is once it takes longer than a second.
 * @param doing what is done, as in "storing film.mkv"
 * @param ask tells how far it is; a failure of its own is no failure of the work
 */
export async function withProgress<T>(
  doing: string,
  ask: () => Promise<At>,
  work: () => Promise<T>,
  screen: Screen = process.stderr,
): Promise<T> {
  if (screen.isTTY !== true) return await work();
  const began = performance.now();
  let asking = false;
  let shown = false;
  let over = false;
  const beat = setInterval(async () => {
    const ms = performance.now() - began;
    if (asking || ms < PROGRESS_AFTER_MS) return;
    asking = true;
    const at = await ask().catch((): At => ({ bytes: null, size: null }));
    asking = false;
    if (over) return;
    shown = true;
    // The last column stays free, lest the line wraps and stays.
    const text = progressLine(doing, at, ms).slice(0, (screen.columns || 80) - 1);
    screen.write(`\r\x1b[K${shownLine(text)}`);
  }, PROGRESS_EVERY_MS);
  try {
    return await work();
  } finally {
    over = true;
    clearInterval(beat);
    if (shown) screen.write("\r\x1b[K");
  }
}

/** `storing film.mkv: 45 %, 540 MB of 1.2 GB, 3.2 s`; before that `storing film.mkv: reading it, 45 %, ...` */
export function progressLine(what: string, at: At, ms: number): string {
  const { bytes, size } = at;
  const doing = at.doing === "reading" ? `${what}: reading it, ` : `${what}: `;
  const took = displayDuration(ms);
  if (bytes === null) return `${what}: ${took}`;
  if (size === null || size === 0) return `${doing}${displaySize(bytes)}, ${took}`;
  const percent = Math.floor((100 * Math.min(bytes, size)) / size);
  return `${doing}${percent} %, ${displaySize(bytes)} of ${displaySize(size)}, ${took}`;
}
