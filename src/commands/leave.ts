import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";

/**
 * `p2p leave`. Quit ends a peer for today, and it comes back as the one that it was; this is for good. Both hand on what
 * the peer holds.
 */
export default command({
  name: "leave",
  args: { ...CHOICE_ARGS, ...JSON_ARG },
  forms: [[]],
  examples: [
    ["p2p leave", "hand on what the peer holds, end it, and have its folder forget the ring"],
    ["p2p leave --data .p2p/peer", "the same of the peer in that folder"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { leaveRing, sayLeft } = await import("../actions/leaving.ts");
    const left = await leaveRing(choice);
    if (args.json === true) console.log(JSON.stringify({ v: 1, ...left, sentence: undefined }));
    else sayLeft(left);
    // What nobody else has is still here.
    return left.forgotten && left.kept.length === 0 ? 0 : 1;
  },
});
