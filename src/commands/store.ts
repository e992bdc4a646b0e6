import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice, REQUIRE_ARG } from "./cli/shared.ts";
import { checkInput } from "./cli/streams.ts";
import { optional, parseCopies } from "./cli/values.ts";

export default command({
  name: "store",
  args: {
    file: {
      type: "positional",
      required: true,
      description: "the file to store, - for standard input",
    },
    name: { type: "string", description: "its name in the ring (default the file's own)" },
    ...REQUIRE_ARG,
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [["FILE"]],
  examples: [
    ["p2p store 2067.pdf", "store it, and say on which peers it is kept"],
    ["tar c photos | p2p store - --name photos.tar", "store what comes on standard input"],
    ["p2p store deed.pdf --require 3", "acknowledged when three copies are durable, not two"],
    ["p2p store notes.txt --name 2067 --peer 8", "under another name, through peer 8"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const require = optional(parseCopies, "--require", args.require) ?? 0;
    if (args.file === "-") checkInput();
    const { storeFile } = await import("../actions/storing.ts");
    const options = { name: args.name ?? null, require, json: args.json === true };
    return await storeFile(choice, args.file, options);
  },
});
