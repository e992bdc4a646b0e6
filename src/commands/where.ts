import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";

export default command({
  name: "where",
  args: {
    name: { type: "positional", required: true, description: "the file's name in the ring" },
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [["NAME"]],
  examples: [
    ["p2p where report.pdf", "which peers hold it, how large it is, and which version"],
    ["p2p where 2067 --peer 8 --json", "for a program to read"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { whereIsFile } = await import("../actions/keeping.ts");
    return await whereIsFile(choice, args.name, args.json === true);
  },
});
