/** What a ring without a terminal has to say: a file in its folder, and the one before it. */
import { appendFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { RING_LOG_BYTES } from "./limits.ts";

const FILE = "ring.log";
const OLDER = "ring.1.log";

/** The log of a ring's folder. */
export function ringLogPath(dir: string): string {
  return join(dir, FILE);
}

export class RingLog {
  private size: number;

  /** Goes on with the file that is there. */
  constructor(private readonly dir: string) {
    this.size = statSync(ringLogPath(dir), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Never throws: a ring goes on where the disk takes no more. */
  write(line: string): void {
    try {
      const path = ringLogPath(this.dir);
      if (this.size > RING_LOG_BYTES) {
        renameSync(path, join(this.dir, OLDER));
        this.size = 0;
      }
      appendFileSync(path, line, { mode: 0o600 });
      this.size += Buffer.byteLength(line);
    } catch {
      // The next line may find room.
    }
  }
}
