import type { ParsedArgs } from "citty";
import type { ChaosOptions } from "../lab/chaos.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { JSON_ARG } from "./cli/shared.ts";
import {
  optional,
  parseBasePort,
  parseDurationMs,
  parseIntervalMs,
  parseWhole,
} from "./cli/values.ts";

const DEFAULT_KILLS = 10;
const MAX_KILLS = 100_000;
const DEFAULT_EVERY_MS = 2000;
const MAX_SEED = 2 ** 32 - 1;

const ARGS = {
  kills: { type: "string", valueHint: "N", description: "how many peers to kill (default 10)" },
  for: { type: "string", valueHint: "SECONDS", description: "go on for that time, instead" },
  every: { type: "string", valueHint: "SECONDS", description: "from kill to kill (default 2)" },
  seed: { type: "string", valueHint: "N", description: "the same victims again (default drawn)" },
  "lose-disks": {
    type: "boolean",
    description: "each victim loses its data folder too, and comes back with an empty one",
  },
  "dry-run": { type: "boolean", description: "show whom it would kill, and kill nobody" },
  ...JSON_ARG,
  own: { type: "boolean", description: "fork a ring of 8 for this, whatever runs here" },
  dir: { type: "string", description: "the folder where the ring runs (default this one)" },
  "base-port": { type: "string", valueHint: "PORT", description: "the ring's base port" },
  // Another program in the peers' place: so a test can plant one that repairs nothing.
  "peer-program": { type: "string" },
} as const;

/** What `p2p chaos` asks of the lab. @throws UsageError */
export function chaosOptions(args: Partial<ParsedArgs<typeof ARGS>>): ChaosOptions {
  if (args.kills !== undefined && args.for !== undefined) {
    throw new UsageError("Give --kills or --for, not both");
  }
  if (args.own === true && args.dir !== undefined) {
    throw new UsageError("--dir names a ring that runs, and --own asks for another: give one");
  }
  const forMs = optional(parseDurationMs, "--for", args.for);
  const kills = optional(
    (what, text) => parseWhole(what, text, 1, MAX_KILLS),
    "--kills",
    args.kills,
  );
  return {
    kills: kills ?? (forMs === null ? DEFAULT_KILLS : null),
    forMs,
    everyMs: optional(parseIntervalMs, "--every", args.every) ?? DEFAULT_EVERY_MS,
    seed: optional((what, text) => parseWhole(what, text, 0, MAX_SEED), "--seed", args.seed),
    loseDisks: args["lose-disks"] === true,
    dryRun: args["dry-run"] === true,
    json: args.json === true,
    dir: args.dir ?? null,
    own: args.own === true,
    basePort: optional(parseBasePort, "--base-port", args["base-port"]),
    peerProgram: args["peer-program"] ?? null,
  };
}

export default command({
  name: "chaos",
  args: ARGS,
  forms: [[]],
  hidden: ["peer-program"],
  examples: [
    ["p2p chaos", "10 kills in the ring that runs in this folder, or else in one of its own"],
    ["p2p chaos --own", "in one of its own, whatever runs here"],
    ["p2p chaos --seed 7 --kills 20", "20 kills, the same each time"],
    ["p2p chaos --lose-disks", "10 kills, with all that the victims had stored"],
    ["p2p chaos --for 60 --every 1 --json", "a kill each second for a minute, as JSON"],
  ],
  async run(args) {
    const options = chaosOptions(args);
    const { runChaos } = await import("../lab/chaos.ts");
    return await runChaos(options);
  },
});
