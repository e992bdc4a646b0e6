import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILT } from "../support/program.ts";
import { playOnProcesses } from "../support/story-on-processes.ts";

/** The stories of the simulator, told by real processes: a line that differs is a difference of drivers. */

const FOLDER = join(import.meta.dir, "..", "transcripts");

describe.skipIf(!BUILT)("with real processes", () => {
  const stories = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
  for (const name of stories) {
    test.concurrent(`${name} is told as written`, async () => {
      const text = readFileSync(join(FOLDER, name), "utf8");
      expect(await playOnProcesses(text)).toBeNull();
    }, 120_000);
  }
});
