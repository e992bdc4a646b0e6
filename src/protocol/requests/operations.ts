/**
 * What a command asks of the ring: a store or a removal is one operation, numbered by its
 * origin, and makes one write.
 */

import type { Write } from "../model/asks.ts";
import { forgetOldest } from "../model/bounded.ts";
import { OPERATIONS_REMEMBERED } from "../model/config.ts";
import { baseName } from "../model/files.ts";
import type { RequestCommand } from "../model/io.ts";
import type { RequestId } from "../model/messages.ts";
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

/** Takes a store or a removal in line: an owner has to take those of a name in their order. @returns whether it waits */
export function takeInLine(peer: Peer, request: RequestId, name: string): boolean {
  const { writes } = peer.requests;
  const before = writes.get(name);
  writes.set(name, [...(before ?? []), request]);
  return before !== undefined;
}

/** One of a name has ended. @returns the first that is left */
export function leaveLine(peer: Peer, request: RequestId, name: string): RequestId | undefined {
  const { writes } = peer.requests;
  const left = (writes.get(name) ?? []).filter((other) => other !== request);
  if (left.length === 0) writes.delete(name);
  else writes.set(name, left);
  return left[0];
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
    againAt: now,
    handed: null,
    waitsFrom: now,
    progressAt: now,
    unavailable: null,
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
