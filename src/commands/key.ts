/** The key of a ring: making one, and changing that of a living ring. */

import { KEY_ENDS_MS, LEAST_KEY_MS, MOST_KEY_MS } from "../control/limits.ts";
import { quote } from "../terminal/words.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { CHOICE_ARGS, JSON_ARG, peerChoice } from "./cli/shared.ts";
import { MAX_POSITION, optional, parseDurationMs, parseWhole } from "./cli/values.ts";

export const newKey = command({
  name: "key new",
  args: { file: { type: "positional", required: true, description: "the file to make" } },
  forms: [["FILE"]],
  examples: [["p2p key new ring.key", "then p2p init --host 192.0.2.7 --key-file ring.key"]],
  async run(args) {
    const { makeKeyFile } = await import("../actions/inviting.ts");
    return makeKeyFile(args.file);
  },
});

export const rotate = command({
  name: "key rotate",
  args: {
    without: {
      type: "string",
      valueHint: "IDS",
      description: "members that do not get the new key, with commas between",
    },
    ends: {
      type: "string",
      valueHint: "TIME",
      description: "so long the former key is still taken, 3s to 24h (default 30s)",
    },
    ...CHOICE_ARGS,
    ...JSON_ARG,
  },
  forms: [[]],
  examples: [
    ["p2p key rotate", "all members have a new key in half a minute, and nothing stops"],
    ["p2p key rotate --without 35", "peer 35, on a laptop that was lost, is out then"],
  ],
  async run(args) {
    const choice = peerChoice(args);
    const names = args.without === undefined ? [] : args.without.split(",");
    const without = names.map((id) => parseWhole("An id in --without", id.trim(), 0, MAX_POSITION));
    const { rotateKey } = await import("../actions/inviting.ts");
    const endsMs = optional(parseDurationMs, "--ends", args.ends) ?? KEY_ENDS_MS;
    if (endsMs < LEAST_KEY_MS || endsMs > MOST_KEY_MS)
      throw new UsageError(`--ends must be from 3s to 24h, not ${quote(args.ends ?? "")}`);
    return await rotateKey(choice, { without, endsMs, json: args.json === true });
  },
});
