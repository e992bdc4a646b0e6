/**
 * What a command asks of the ring: a store or a removal is one operation, numbered by its
 * origin, and makes one write.
 */

import { isWrite, type Write } from "../model/asks.ts";
import { forgetOldest } from "../model/bounded.ts";
import { OPERATIONS_REMEMBERED } from "../model/config.ts";
import { baseName } from "../model/files.ts";
import type { RequestCommand } from "../model/io.ts";
import type { Peer } from "../state.ts";
import type { Pending } from "./state.ts";

/** What goes to the ring of a command, and what stays with this peer. */
export function askOf(
  peer: Peer,
  what: Exclude<RequestCommand, { kind: "list" | "survey" }>,
): Pick<Pending, "ask" | "body"> {
  if (what.kind !== "store" && what.kind !== "remove") return { ask: what, body: null };
  const { name, key } = what;
  const write = { ...nextOperation(peer, baseName(name)), require: what.require };
  if (what.kind === "remove") return { ask: { kind: "remove", name, key, write }, body: null };
  const { size, sha256, body } = what;
  const content = size === null || sha256 === null ? null : { size, sha256 };
  return { ask: { kind: "store", name, key, content, write }, body };
}

/** Numbers an operation, and says which was the one before it on the same name. */
function nextOperation(peer: Peer, name: string): Pick<Write, "number" | "after"> {
  peer.requests.operations += 1;
  const after = peer.requests.lastOn.get(name) ?? 0;
  peer.requests.lastOn.delete(name);
  peer.requests.lastOn.set(name, peer.requests.operations);
  forgetOldest(peer.requests.lastOn, OPERATIONS_REMEMBERED);
  return { number: peer.requests.operations, after };
}

/** True while a store or a removal of this name is under way: an owner has to take them in their order. */
export function writeUnderWay(peer: Peer, name: string): boolean {
  for (const { ask } of peer.requests.pending.values()) {
    if (isWrite(ask) && baseName(ask.name) === name) return true;
  }
  return false;
}

/** A request that has not been sent yet. */
export function newPending(
  command: number,
  ask: Pending["ask"],
  body: Pending["body"],
  now: number,
): Pending {
  return {
    command,
    ask,
    body,
    startedAt: now,
    begun: false,
    sentAt: now,
    progressAt: now,
    unavailableSince: null,
    tries: 0,
    out: false,
    lost: false,
    failures: 0,
    moving: false,
    server: null,
    confirmed: null,
    sources: null,
    route: [],
  };
}
