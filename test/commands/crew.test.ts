/** Seeds that several processes play come to what they come to in one. */
import { expect, test } from "bun:test";
import { runCrew } from "../../src/sim/crew.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 120_000;

test(
  "what is played by two processes is what one plays",
  async () => {
    const seeds = ["sim", "--seeds", 6, "--from", 30, "--json"] as const;
    const [two, one] = await Promise.all(
      [2, 1].map((jobs) => p2p([...seeds, "--jobs", jobs], ".", LIMIT_MS)),
    );
    const told = [two, one].map((ended) => {
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      return { ...JSON.parse(ended?.stdout ?? ""), realMs: 0 };
    });
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject({ first: 30, count: 6, failures: [] });
  },
  LIMIT_MS,
);

test("a process that ends before its seeds are played is no success", async () => {
  const options = { first: 1, count: 40, twice: false, hard: false, hands: 2, progress: () => {} };
  const program = [
    process.execPath,
    "-e",
    "process.send('ready'); process.on('message', () => process.exit(9))",
  ];
  expect(runCrew({ ...options, program: [...program, "--"] })).rejects.toThrow(
    /^The process that played seeds \d+ to \d+ ended with code 9\.$/,
  );
});
