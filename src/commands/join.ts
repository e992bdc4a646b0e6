import type { ParsedArgs } from "citty";
import type { PeerOptions, PeerStart } from "../daemon/run.ts";
import { type Invite, isInvite, parseInvite } from "../seal/invite.ts";
import { parseHostPort } from "./cli/address.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { hideWord } from "./cli/hiding.ts";
import { forgiveOutput } from "./cli/output.ts";
import { peerOptions } from "./cli/peer.ts";
import { PEER_ARGS } from "./cli/shared.ts";
import { optional, parseCopies, parseDurationMs, parseId, parseIntervalMs } from "./cli/values.ts";

const ARGS = {
  peer: {
    type: "positional",
    required: true,
    description: "its id, 0 to 255, or else HOST:PORT of a ring elsewhere, or an invite to one",
  },
  known: { type: "positional", required: false, description: "the id of a member to ask" },
  interval: { type: "positional", required: false, description: "seconds from ping to ping" },
  ...PEER_ARGS,
  wait: {
    type: "string",
    valueHint: "SECONDS",
    description: "wait so long for the peer to ask, if it does not run yet",
  },
  copies: {
    type: "string",
    valueHint: "N",
    description: "copies of each file in this numbered ring (default what the known peer says)",
  },
} as const;

/** What `p2p join` asks of the daemon. @throws UsageError */
export function joinOptions(args: Partial<ParsedArgs<typeof ARGS>>): PeerOptions {
  const pingIntervalMs = optional(parseIntervalMs, "INTERVAL", args.interval);
  const invite = inviteIn(args);
  const start = invite === null ? joinStart(args) : enterAt(invite.address);
  const copies = optional(parseCopies, "--copies", args.copies);
  if (start.kind === "enter" && copies !== null) {
    throw new UsageError("--copies was settled when that ring was founded: leave it out");
  }
  const waitMs = optional(parseDurationMs, "--wait", args.wait);
  const peer = peerOptions(start, pingIntervalMs, args, invite !== null);
  if (invite !== null && (peer.insecure || args["key-file"] !== undefined))
    throw new UsageError("An invite brings the ring's key: leave --key-file and --insecure out");
  return { ...peer, route: null, copies, waitMs };
}

/** @throws UsageError for an invite of which something is missing */
function inviteIn({ peer = "", known }: Partial<ParsedArgs<typeof ARGS>>): Invite | null {
  if (!isInvite(peer) || known !== undefined) return null;
  const invite = parseInvite(peer);
  if (invite === null)
    throw new UsageError("This invite is not whole: copy all of it, from p2p1- to its last letter");
  return invite;
}

function enterAt(address: string): PeerStart {
  return { kind: "enter", ...parseHostPort("An invite's address", address) };
}

function joinStart({ peer = "", known }: Partial<ParsedArgs<typeof ARGS>>): PeerStart {
  if (known === undefined) {
    if (/^\d+$/.test(peer)) {
      throw new UsageError("KNOWN and INTERVAL are missing: p2p join takes PEER KNOWN INTERVAL");
    }
    return { kind: "enter", ...parseHostPort("HOST:PORT", peer) };
  }
  const start = {
    kind: "join",
    id: parseId("PEER", peer),
    known: parseId("KNOWN", known),
  } as const;
  if (start.id === start.known) {
    throw new UsageError(`KNOWN must be another peer than PEER, not ${start.known} as well`);
  }
  return start;
}

/** @param run what becomes of the peer that a command line asks for; resolves with the exit code */
export const joinCommand = (run: (options: PeerOptions) => Promise<number>) =>
  command({
    name: "join",
    args: ARGS,
    forms: [["PEER", "KNOWN", "INTERVAL"], ["HOST:PORT"], ["INVITE"]],
    hidden: ["child"],
    examples: [
      [
        "p2p join p2p1-...",
        "join a closed ring with an invite, as p2p init or p2p invite has printed it",
      ],
      ["p2p join 15 4 30", "peer 15 joins through peer 4, and pings every 30 s"],
      ["p2p join 127.0.0.1:12256", "join a ring that p2p init founded"],
    ],
    run: async (args) => {
      const options = joinOptions(args);
      const invite = inviteIn(args);
      if (invite === null) return await run(options);
      // Every user of the machine sees command lines.
      hideWord(args.peer);
      const { welcomed } = await import("../daemon/welcome.ts");
      return await run(await welcomed(options, invite, args.host !== undefined));
    },
  });

export default joinCommand(async (options) => {
  forgiveOutput();
  const { runPeer } = await import("../daemon/run.ts");
  return await runPeer(options);
});
