/** Seeds that several processes play come to what they come to in one. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { runCrew } from "../../src/sim/crew.ts";
import { PROGRAM, p2p } from "../support/program.ts";

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

/** The processes that one has started. */
function startedBy(pid: number): string[] {
  return readdirSync("/proc").filter((each) => {
    try {
      const fields = readFileSync(`/proc/${each}/stat`, "utf8").split(") ")[1]?.split(" ");
      return fields?.[0] !== "Z" && fields?.[1] === `${pid}`;
    } catch {
      return false;
    }
  });
}

test.skipIf(process.platform !== "linux")(
  "processes that play seeds end with the one that was killed, amid them",
  async () => {
    const command = [PROGRAM, "sim", "--hard", "--seeds", "400", "--jobs", "2"];
    const sim = Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] });
    let hands: string[] = [];
    while (hands.length < 2) {
      await Bun.sleep(20);
      hands = startedBy(sim.pid);
    }
    // Both are at their first seeds by then.
    await Bun.sleep(1_000);
    sim.kill("SIGKILL");
    const began = performance.now();
    const living = () => hands.filter((pid) => /^State:\s+[^Z]/m.test(stateOf(pid)));
    while (living().length > 0 && performance.now() - began < 10_000) await Bun.sleep(20);
    expect(living()).toEqual([]);
  },
  LIMIT_MS,
);

function stateOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
