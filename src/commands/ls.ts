import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";

export default command({
  name: "ls",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p ls", "the files of the only peer that runs below this folder"],
    ["p2p ls --peer 8 --json", "those of peer 8, for a program to read"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { listFiles } = await import("../actions/keeping.ts");
    return await listFiles(choice, args.json === true);
  },
});
