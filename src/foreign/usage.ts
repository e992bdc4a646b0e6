/** Watches what a program takes of its machine, where all processes but this one are the program's. */
import { readdirSync, readFileSync } from "node:fs";
import { displaySize } from "../terminal/display.ts";
import { MAX_PROCESSES, MEMORY_BYTES, WATCH_MS } from "./limits.ts";

/** The system's unit of memory; larger ones exist, and only make the limit a larger one. */
const PAGE_BYTES = 4_096;

/**
 * Looks again and again until what there is for it is exceeded, once.
 * @param ownWorld see `isOwnWorld`; elsewhere nothing is watched
 * @param tell is told what it did, as in "the program ..."
 * @returns what ends the watch
 */
export function overLimits(ownWorld: boolean, tell: (why: string) => void): () => void {
  if (!ownWorld) return () => {};
  const timer = setInterval(() => {
    const why = excess();
    if (why === null) return;
    clearInterval(timer);
    tell(why);
  }, WATCH_MS);
  return () => clearInterval(timer);
}

function excess(): string | null {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== "1");
  if (processes.length > MAX_PROCESSES) return `started more than ${MAX_PROCESSES} processes`;
  const sum = (of: (pid: string) => number) => processes.reduce((all, pid) => all + of(pid), 0);
  // What forks share is counted once only by the slower way.
  const isTooMuch = sum(memoryOf) > MEMORY_BYTES && sum(shareOf) > MEMORY_BYTES;
  return isTooMuch ? `used more than ${displaySize(MEMORY_BYTES)} of memory` : null;
}

/** The same, what it shares with others being shared out among them. */
function shareOf(pid: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    const kib = /^Pss_Anon:\s+(\d+) kB$/m.exec(text)?.[1];
    return kib === undefined ? memoryOf(pid) : Number(kib) * 1_024;
  } catch {
    return memoryOf(pid);
  }
}

/** What a process holds that it does not share with files: peers that run one program share that. */
function memoryOf(pid: string): number {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
    return (Number(resident) - Number(shared)) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
