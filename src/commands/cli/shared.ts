import type { PeerChoice } from "../../control/find.ts";
import { UsageError } from "./errors.ts";
import { MAX_POSITION, optional, parseWhole } from "./values.ts";

/** Flags that several commands have, so that they are spelled and explained alike. */

/** For commands that talk to a running peer. */
export const CHOICE_ARGS = {
  peer: {
    type: "string",
    valueHint: "ID",
    description: "which peer, where several run below this folder",
  },
  data: { type: "string", valueHint: "DIR", description: "that peer's data folder" },
} as const;

/** For commands that print something to read. */
export const JSON_ARG = {
  json: { type: "boolean", description: "one JSON document on standard output" },
} as const;

/** For commands that wait for copies. */
export const REQUIRE_ARG = {
  require: {
    type: "string",
    valueHint: "N",
    description: "copies that have to be durable (default most of them)",
  },
} as const;

/** For commands that start peers. */
export const REPAIR_ARG = {
  "repair-rate": {
    type: "string",
    valueHint: "BYTES",
    description: "bytes a second for making copies anew, such as 50M (default 200M)",
  },
} as const;

/** For commands that start a peer. */
export const PEER_ARGS = {
  "base-port": {
    type: "string",
    valueHint: "PORT",
    description: "numbered peers listen on PORT + PEER (default 12000)",
  },
  host: { type: "string", description: "the address to listen on (default 127.0.0.1)" },
  advertise: {
    type: "string",
    valueHint: "HOST[:PORT]",
    description: "the address that others call, if it is another (port forward, container)",
  },
  port: {
    type: "string",
    description: "the port of a peer without a number (default 12256, or the next free one)",
  },
  insecure: {
    type: "boolean",
    description: "a ring without a key: whoever reaches a peer is let in",
  },
  "key-file": {
    type: "string",
    valueHint: "FILE",
    description: "the file with the ring's key, which only you can read",
  },
  data: {
    type: "string",
    valueHint: "DIR",
    description: "the data folder (default .p2p/PEER, or .p2p/peer without a number)",
  },
  ...REPAIR_ARG,
  verbose: {
    type: "boolean",
    description: "print pings and each request too, without a number (with one they always are)",
  },
  // A child of `p2p ring`: it ends when its standard input does.
  child: { type: "boolean" },
} as const;

/** The peer to talk to: by its id or by its data folder, not by both. */
export function peerChoice(args: {
  peer?: string | undefined;
  data?: string | undefined;
}): PeerChoice {
  if (args.peer !== undefined && args.data !== undefined) {
    throw new UsageError("Give --peer or --data, not both");
  }
  const peer = optional(
    (what, text) => parseWhole(what, text, 0, MAX_POSITION),
    "--peer",
    args.peer,
  );
  return { peer, data: args.data ?? null };
}
