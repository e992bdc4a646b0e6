import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { mayColor } from "./cli/globals.ts";
import { optional, parseTimes } from "./cli/values.ts";

/** `p2p ring replay LOG`: what a ring has shown, once more. */
export default command({
  name: "ring replay",
  args: {
    log: {
      type: "positional",
      required: true,
      description: "a ring's ring.jsonl, in its folder under .p2p",
    },
    slow: { type: "string", valueHint: "TIMES", description: "so many times slower than it was" },
    speed: { type: "string", valueHint: "TIMES", description: "so many times faster" },
    plain: { type: "boolean", description: "lines, without the picture of a terminal" },
  },
  forms: [["LOG"]],
  examples: [
    ["p2p ring replay .p2p/ring-12000/ring.jsonl", "as it was; space stops, arrows step"],
    ["p2p ring replay ring.jsonl --slow 100", "a heal of 20 ms takes 2 s"],
  ],
  async run(args) {
    if (args.slow !== undefined && args.speed !== undefined) {
      throw new UsageError("Give --slow or --speed, not both");
    }
    const slow = optional(parseTimes, "--slow", args.slow);
    const speed = optional(parseTimes, "--speed", args.speed);
    const { replayRing } = await import("../lab/ring-replay.ts");
    return await replayRing({
      path: args.log ?? "",
      slow: speed === null ? slow : 1 / speed,
      plain: args.plain === true,
      color: mayColor(process.stdout),
    });
  },
});
