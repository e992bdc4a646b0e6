import type { Surroundings } from "../daemon/surroundings.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { forgiveOutput } from "./cli/output.ts";
import { parseWhole } from "./cli/values.ts";
import { initCommand } from "./init.ts";
import { joinCommand } from "./join.ts";

/** The most peers of one process: a ring has no more. */
const MAX_PEERS = 256;

/** Runs the peer of a command line in this process. */
async function runOne(words: readonly string[], around: Surroundings): Promise<number> {
  const { runPeer } = await import("../daemon/run.ts");
  const [name = "", ...rest] = words;
  const make = { init: initCommand, join: joinCommand }[name];
  if (make === undefined) throw new UsageError(`${name} is no peer`);
  return await make((options) => runPeer(options, around)).run(rest);
}

export default command({
  name: "peers",
  args: {
    n: { type: "positional", required: true, description: "how many there will be at most" },
  },
  forms: [["N"]],
  examples: [["p2p peers 64", "several peers in one process: a part of p2p ring 256"]],
  async run({ n = "" }) {
    const peers = parseWhole("N", n, 1, MAX_PEERS);
    forgiveOutput();
    const { dieWithParent } = await import("../daemon/child.ts");
    const { SharedProcess } = await import("../daemon/shared-process.ts");
    const { readTypedLines } = await import("../terminal/typed-lines.ts");
    dieWithParent();
    const out = process.stdout;
    const shared = new SharedProcess(peers, runOne, (news) => {
      out.write(`${JSON.stringify(news)}\n`);
    });
    await readTypedLines(Bun.stdin.stream(), (line) => shared.obey(line));
    // Whoever started them has gone: they go as with its end.
    process.exit(0);
  },
});
