import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { CHILD_ENV, PEER_ENV } from "../../src/lab/tiers.ts";
import { readLivingProcess } from "../../src/store/process-file.ts";
import { withRing } from "../support/test-ring.ts";

/** A peer goes without the compiler that costs it more than it gains, whoever started it. */

const onLinux = test.skipIf(process.platform !== "linux");

/** What a process was given as its environment, of what is asked for. */
function environmentOf(pid: number, names: readonly string[]): Record<string, string> {
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return Object.fromEntries(
    all.map((entry) => entry.split("=")).filter(([name = ""]) => names.includes(name)),
  );
}

onLinux("a peer that a person starts takes its own place, as the same process", () =>
  withRing(
    async (ring) => {
      for (const id of [2, 4]) {
        const { pid } = ring.peer(id);
        expect(readLivingProcess(ring.folderOf(id))?.pid).toBe(pid);
        expect(environmentOf(pid, Object.keys(CHILD_ENV))).toEqual(PEER_ENV);
      }
    },
    [2, 4],
  ),
);
