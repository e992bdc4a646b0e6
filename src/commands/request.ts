import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";

export default command({
  name: "request",
  args: {
    name: { type: "positional", required: true, description: "the file's name in the ring" },
    output: {
      type: "string",
      alias: "o",
      valueHint: "FILE",
      description:
        "where to put it, - for standard output; what is no file is written into (default NAME, or received_NAME.pdf for four digits)",
    },
    force: { type: "boolean", description: "overwrite a file that is there" },
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [["NAME"]],
  examples: [
    ["p2p request 4103", "writes received_4103.pdf"],
    ["p2p request notes.txt -o copy.txt --force", "writes copy.txt, whatever is there"],
    ["p2p request 2067 --peer 8", "through peer 8, where several run below this folder"],
    ["p2p request photos.tar -o - | tar x", "to standard output, and nothing else there"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { requestFile } = await import("../actions/requesting.ts");
    return await requestFile(choice, args.name, {
      output: args.output ?? null,
      force: args.force === true,
      json: args.json === true,
    });
  },
});
