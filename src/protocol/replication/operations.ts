/**
 * What a command asks of the ring: a store or a removal is one operation, numbered by its
 * origin, and makes one version.
 */
import { OPERATIONS_REMEMBERED } from "../model/config.ts";
import { baseName, EMPTY_SHA256, type FileRecord, isSameOperation } from "../model/files.ts";
import type { RequestCommand } from "../model/io.ts";
import type { AnswerOutcome, Ask, Write } from "../model/messages.ts";
import type { Placement } from "../model/placements.ts";
import { NO_LINEAGE } from "../model/versions.ts";
import { forgetOldest, type Peer } from "../state.ts";
import type { Pending } from "../work.ts";

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
  peer.operations += 1;
  const after = peer.lastOn.get(name) ?? 0;
  peer.lastOn.delete(name);
  peer.lastOn.set(name, peer.operations);
  forgetOldest(peer.lastOn, OPERATIONS_REMEMBERED);
  return { number: peer.operations, after };
}

export function isWrite(ask: Ask): ask is Extract<Ask, { kind: "store" | "remove" }> {
  return ask.kind === "store" || ask.kind === "remove";
}

/** True while a store or a removal of this name is under way: an owner has to take them in their order. */
export function writeUnderWay(peer: Peer, name: string): boolean {
  for (const { ask } of peer.pending.values()) {
    if (isWrite(ask) && baseName(ask.name) === name) return true;
  }
  return false;
}

/** True of an answer that says that nothing was done. */
export function isRefusal(outcome: AnswerOutcome): boolean {
  if (outcome.kind === "failed") return !outcome.maybe;
  return outcome.kind === "missing" || outcome.kind === "unavailable";
}

/** A request in words. */
export function whatOf(ask: Ask): string {
  const { kind } = ask;
  return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ${askName(ask)}`.trim();
}

/** The name that is asked for; empty where there is none. */
export function askName(ask: Ask): string {
  return "name" in ask ? ask.name : "";
}

/** The version that the operation made, also where another has replaced it meanwhile. */
export function asExecuted({ record, stamp, arrival }: Placement): FileRecord {
  const { ask, origin } = arrival.routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return record;
  const operation = { origin: origin.birth, number: ask.write.number };
  if (isSameOperation(record.operation, operation)) return record;
  const content = ask.kind === "store" ? ask.content : null;
  const { size, sha256 } = content ?? { size: 0, sha256: EMPTY_SHA256 };
  const { name, key, ageMs } = record;
  const removed = ask.kind === "remove";
  const own = { name, key, operation, stamp, also: [], size, sha256, removed, apart: false, ageMs };
  return { ...own, ...NO_LINEAGE };
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
