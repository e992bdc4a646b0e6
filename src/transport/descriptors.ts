/**
 * How many connections this process may hold. Without a free descriptor, accepting spins at full
 * speed and dials look refused: so the sockets stay below the system's limit.
 */
import { readFileSync } from "node:fs";
import { INBOUND, LINKS, RESERVED_DESCRIPTORS, SPARE_DESCRIPTORS } from "./limits.ts";

/** What macOS and most shells give; Linux tells its own. */
const USUAL_LIMIT = 1_024;

export type Room = {
  readonly inbound: number;
  readonly links: number;
  /** Kept back for when there are no others. */
  readonly reserved: number;
};

/** Divides so many descriptors: two parts to those who connect, one to links, the rest is spare. */
export function roomFor(descriptors: number): Room {
  const spare = Math.min(SPARE_DESCRIPTORS, Math.floor(descriptors / 2));
  const share = Math.floor((descriptors - spare) / 3);
  return {
    inbound: Math.max(1, Math.min(INBOUND, 2 * share)),
    links: Math.max(1, Math.min(LINKS, share)),
    reserved: Math.min(RESERVED_DESCRIPTORS, Math.floor(spare / 2)),
  };
}

/** @returns the system's limit on open descriptors for this process */
export function descriptorLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return found === null ? USUAL_LIMIT : Number(found[1]);
  } catch {
    return USUAL_LIMIT;
  }
}
