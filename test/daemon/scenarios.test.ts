import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { canPlayOnProcesses, playOnProcesses } from "../support/scenario-on-processes.ts";

/** The scenarios of the simulator, told by real processes: a line that differs is a difference of drivers. */

const FOLDER = join(import.meta.dir, "..", "transcripts");

describe("with real processes", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
  const scenarios = names
    .map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }))
    .filter(({ text }) => canPlayOnProcesses(text));

  test("most scenarios can be played", () => {
    expect(scenarios.length).toBeGreaterThan(25);
  });

  for (const { name, text } of scenarios) {
    test.concurrent(`${name} is told as written`, async () => {
      expect(await playOnProcesses(text)).toBeNull();
    }, 120_000);
  }
});
