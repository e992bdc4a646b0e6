import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice, REQUIRE_ARG } from "./cli/shared.ts";
import { optional, parseCopies } from "./cli/values.ts";

export default command({
  name: "rm",
  args: {
    name: { type: "positional", required: true, description: "the file's name in the ring" },
    ...REQUIRE_ARG,
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [["NAME"]],
  examples: [
    ["p2p rm report.pdf", "remove it from the ring, and say on which peers it is gone"],
    ["p2p rm 2067 --peer 8", "through peer 8"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const require = optional(parseCopies, "--require", args.require) ?? 0;
    const { removeFile } = await import("../actions/keeping.ts");
    return await removeFile(choice, args.name, { require, json: args.json === true });
  },
});
