import { INVITE_MS } from "../control/limits.ts";
import { command } from "./cli/command.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";
import { optional, parseDurationMs } from "./cli/values.ts";

export default command({
  name: "invite",
  args: {
    expires: {
      type: "string",
      valueHint: "TIME",
      description: "how long it holds, such as 10m or 2h, a week at most (default 24h)",
    },
    once: { type: "boolean", description: "it lets one peer in, and no second" },
    qr: { type: "boolean", description: "as a QR code, too" },
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [[]],
  examples: [
    ["p2p invite", "print what to type on another machine, within a day"],
    ["p2p invite --once --expires 10m --qr", "for one peer, within ten minutes, to be scanned"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const lastsMs = optional(parseDurationMs, "--expires", args.expires) ?? INVITE_MS;
    const { writeInvite } = await import("../actions/inviting.ts");
    return await writeInvite(choice, {
      lastsMs,
      once: args.once === true,
      qr: args.qr === true,
      json: args.json === true,
    });
  },
});
