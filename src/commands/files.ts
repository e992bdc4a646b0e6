/** What a ring has of its files: who holds one, all of them, whether they are sound; and taking one out of it. */
import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice, REQUIRE_ARG } from "./cli/shared.ts";
import { optional, parseCopies } from "./cli/values.ts";

export const rm = command({
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
    const { removeFile } = await import("../actions/files.ts");
    return await removeFile(choice, args.name, { require, json: args.json === true });
  },
});

export const where = command({
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
    const { whereIsFile } = await import("../actions/files.ts");
    return await whereIsFile(choice, args.name, args.json === true);
  },
});

export const ls = command({
  name: "ls",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p ls", "the files of the only peer that runs below this folder"],
    ["p2p ls --peer 8 --json", "those of peer 8, for a program to read"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { listFiles } = await import("../actions/files.ts");
    return await listFiles(choice, args.json === true);
  },
});

export const scrub = command({
  name: "scrub",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p scrub", "read back what the only peer below this folder holds"],
    ["p2p scrub --peer 8 --json", "what peer 8 holds, for a program to read"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { scrubPeer } = await import("../actions/files.ts");
    return await scrubPeer(choice, args.json === true);
  },
});
