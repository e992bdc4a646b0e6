/**
 * The ready file: what a script waits for. It is there, whole, as long as the ring stands, and says by which
 * process: one that its ring could not remove is known by that, and in the way of nobody.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isLiving, processStart, readSmall, removeQuietly, replaceSmall } from "../control/own.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { NetworkPeer } from "./network.ts";

/** What it says. `start` tells when the process started: no other process of that number has the same. */
type Ready = {
  readonly v: 1;
  readonly name: string | null;
  readonly pid: number;
  readonly start: string;
  readonly basePort: number;
  readonly dir: string;
  readonly peers: readonly {
    readonly id: number;
    readonly port: number;
    readonly pid: number;
    readonly dir: string;
  }[];
};

export type ReadyFile = {
  /** The ring stands. @throws Failure if it cannot be written */
  write(ring: Pick<Ready, "name" | "basePort" | "dir">, peers: readonly NetworkPeer[]): void;
  /** The ring is about to end. Never throws. */
  remove(): void;
};

/**
 * Takes the place of a ready file for a ring of this process; what a dead ring has left there is removed.
 * @throws Failure if there is another file, or that of a ring that lives
 */
export function readyFile(path: string): ReadyFile {
  const file = resolve(path);
  if (existsSync(file)) {
    const former = readReady(file);
    if (former === null) {
      throw new Failure(`${file} is there, and is no ready file of a ring: choose another name.`);
    }
    if (isLiving(former.pid, former.start)) {
      throw new Failure(
        `${file} is that of a ring that runs, as process ${former.pid}: choose another name, or stop that ring.`,
      );
    }
    removeQuietly(file);
  }
  const { pid } = process;
  const start = processStart(pid) ?? "";
  return {
    write: ({ name, basePort, dir }, peers) => {
      const places = peers.map((peer) => {
        return { id: peer.id, port: basePort + peer.id, pid: peer.pid, dir: peer.dir };
      });
      const ready: Ready = { v: 1, name, pid, start, basePort, dir, peers: places };
      try {
        replaceSmall(file, `${JSON.stringify(ready)}\n`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Failure(`The ready file ${file} cannot be written (${why}): choose another.`);
      }
    },
    remove: () => {
      const now = readReady(file);
      if (now?.pid === pid && now.start === start) removeQuietly(file);
    },
  };
}

function readReady(file: string): Pick<Ready, "pid" | "start"> | null {
  try {
    const value: unknown = JSON.parse(readSmall(file));
    if (typeof value !== "object" || value === null) return null;
    const { v, pid, start } = value as Partial<Ready>;
    return v === 1 && typeof pid === "number" && typeof start === "string" ? { pid, start } : null;
  } catch {
    return null;
  }
}
