/** A folder for one test, and the ports of a numbered ring, both given back after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPorts } from "./ports.ts";

/** Runs a test in a new folder, with a base port that nobody else has. */
export async function inFolder(run: (dir: string, base: number) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-test-"));
  const ports = await claimPorts();
  try {
    await run(dir, ports.base);
  } finally {
    ports.release();
    rmSync(dir, { recursive: true, force: true });
  }
}
