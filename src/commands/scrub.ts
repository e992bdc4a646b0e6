import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";

export default command({
  name: "scrub",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p scrub", "read back what the only peer below this folder holds"],
    ["p2p scrub --peer 8 --json", "what peer 8 holds, for a program to read"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { scrubPeer } = await import("../actions/keeping.ts");
    return await scrubPeer(choice, args.json === true);
  },
});
