/** What a peer has in memory: idle, after many puts and gets, and when it has been left alone again. */
import { join } from "node:path";
import { memoryOf } from "./children.ts";
import type { Figures } from "./figures.ts";
import { IN_FLIGHT, KIB, LARGE_PEERS } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { run } from "./rates.ts";
import { openRingSystem } from "./ring-system.ts";
import { gets, puts } from "./system.ts";

/** Of the process that has most. */
export function addMemory(bench: string, pids: readonly number[], figures: Figures): void {
  const all = pids.map(memoryOf).filter((each) => each !== null);
  if (all.length === 0) return;
  const most = (of: (each: { pss: number; own: number }) => number) => Math.max(...all.map(of));
  figures.add(
    { bench, bytes: 0, inFlight: 0 },
    { pssBytes: most(({ pss }) => pss), privateBytes: most(({ own }) => own) },
  );
}

/** A ring of 8 alone on the machine: what is shared is shared by these 8 and by nobody else. */
export async function measureMemory(
  program: readonly string[],
  dir: string,
  { memoryFiles, idleMs }: Plan,
  figures: Figures,
): Promise<void> {
  const system = await openRingSystem(program, join(dir, "memory"), LARGE_PEERS);
  await Bun.sleep(idleMs);
  addMemory("memory idle", system.pids, figures);
  await run(memoryFiles, IN_FLIGHT, puts(system, "memory"));
  await run(memoryFiles, IN_FLIGHT, gets(system, "memory", memoryFiles));
  addMemory("memory loaded", system.pids, figures);
  await Bun.sleep(idleMs);
  addMemory("memory left alone", system.pids, figures);
  figures.note(
    `The memory was loaded with ${memoryFiles.toLocaleString("en-US")} puts and as many gets of ${KIB} bytes, and left alone for ${idleMs / 1_000} s.`,
  );
  await system.close();
}
