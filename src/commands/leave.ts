import { command } from "./cli/command.ts";
import { CHOICE_ARGS, peerChoice } from "./cli/shared.ts";

/** `p2p leave`: Quit ends a peer for today, this for good. */
export default command({
  name: "leave",
  args: CHOICE_ARGS,
  forms: [[]],
  examples: [
    ["p2p leave", "hand on what the peer holds, end it, and have its folder forget the ring"],
    ["p2p leave --data .p2p/peer", "the same of the peer in that folder"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const { leaveRing } = await import("../actions/leaving.ts");
    return await leaveRing(choice);
  },
});
