/** How a peer and its ring are: for a person, and for a script. */
import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";
import { optional, parseKeys } from "./cli/values.ts";

export const status = command({
  name: "status",
  args: {
    all: { type: "boolean", description: "all members of its ring, and whether that is right" },
    lookup: {
      type: "string",
      valueHint: "KEY,KEY",
      description: "ask the ring who owns these keys",
    },
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [[]],
  examples: [
    ["p2p status", "the only peer that runs below this folder"],
    ["p2p status --all", "all members of its ring, wherever they run, and its checks"],
    ["p2p status --peer 8 --lookup 7,200 --json", "who owns 7 and 200, for a program to read"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const lookup = optional(parseKeys, "--lookup", args.lookup) ?? [];
    const { showStatus } = await import("../actions/status.ts");
    return await showStatus(choice, { json: args.json === true, all: args.all === true, lookup });
  },
});

export const health = command({
  name: "health",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p health", "is the ring of the peer that runs below this folder well?"],
    ["p2p health --peer 8", "asked of peer 8, where several run here"],
    ["p2p health --data /srv/p2p || alert", "exit code 1: it is not; 3: it could not be told"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { showHealth } = await import("../actions/health.ts");
    return await showHealth(choice, args.json === true);
  },
});
