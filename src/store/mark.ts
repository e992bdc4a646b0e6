/** Tells whether two processes mean the same thing by a path. */
import { statSync } from "node:fs";

/**
 * A mark of what stands at a path, and of this process's user. Two processes that get the same one mean
 * the same file or folder, as the same user: others may see another disk there, or make what is not ours.
 * @returns null if nothing can be seen there
 */
export function markOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}-${ino}-${process.getuid?.() ?? ""}`;
  } catch {
    return null;
  }
}
