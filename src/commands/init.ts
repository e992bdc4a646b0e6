import type { ParsedArgs } from "citty";
import type { PeerOptions, PeerStart } from "../daemon/run.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { forgiveOutput } from "./cli/output.ts";
import { peerOptions } from "./cli/peer.ts";
import { PEER_ARGS } from "./cli/shared.ts";
import { optional, parseCopies, parseId, parseIntervalMs, parseWord } from "./cli/values.ts";

const ROUTES = ["successor", "finger", "direct"] as const;

const ARGS = {
  peer: { type: "positional", required: false, description: "its id, 0 to 255" },
  first: { type: "positional", required: false, description: "its first successor's id" },
  second: { type: "positional", required: false, description: "its second successor's id" },
  interval: { type: "positional", required: false, description: "seconds from ping to ping" },
  ...PEER_ARGS,
  route: {
    type: "string",
    valueHint: ROUTES.join("|"),
    description: "how requests find their owner in this ring",
  },
  copies: {
    type: "string",
    valueHint: "N",
    description: "copies kept of each file, 1 to 16 (default 3)",
  },
} as const;

/** What `p2p init` asks of the daemon. @throws UsageError */
export function initOptions(args: Partial<ParsedArgs<typeof ARGS>>): PeerOptions {
  return {
    ...peerOptions(initStart(args), optional(parseIntervalMs, "INTERVAL", args.interval), args),
    route: optional((what, text) => parseWord(what, text, ROUTES), "--route", args.route),
    copies: optional(parseCopies, "--copies", args.copies),
    waitMs: null,
  };
}

function initStart({ peer, first, second }: Partial<ParsedArgs<typeof ARGS>>): PeerStart {
  if (peer === undefined || first === undefined || second === undefined) return { kind: "found" };
  const start = {
    kind: "init",
    id: parseId("PEER", peer),
    first: parseId("FIRST", first),
    second: parseId("SECOND", second),
  } as const;
  // One's own successor is oneself only when alone, and one's second successor only among two.
  if (start.first === start.id && start.second !== start.id) {
    throw new UsageError(
      `FIRST is PEER itself, ${start.id}, as in a ring of one: then SECOND must be too, not ${start.second}`,
    );
  }
  return start;
}

/** @param run what becomes of the peer that a command line asks for; resolves with the exit code */
export const initCommand = (run: (options: PeerOptions) => Promise<number>) =>
  command({
    name: "init",
    args: ARGS,
    forms: [["PEER", "FIRST", "SECOND", "INTERVAL"], []],
    hidden: ["child"],
    examples: [
      ["p2p init 2 4 5 30", "peer 2, whose successors are 4 and 5, pings them every 30 s"],
      ["p2p init 2 4 2 30", "peer 2 in a ring of two"],
      ["p2p init", "the first peer of a new ring; prints how to join it"],
      ["p2p init --host 192.0.2.7", "the same, for other machines; prints an invite to it"],
    ],
    run: (args) => run(initOptions(args)),
  });

export default initCommand(async (options) => {
  forgiveOutput();
  const { runPeer } = await import("../daemon/run.ts");
  return await runPeer(options);
});
