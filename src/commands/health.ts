import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";

export default command({
  name: "health",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p health", "is the ring of the peer that runs below this folder well?"],
    ["p2p health --data /srv/p2p || alert", "exit code 1: it is not; 3: it could not be told"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { showHealth } = await import("../actions/health.ts");
    return await showHealth(choice, args.json === true);
  },
});
