/**
 * What an owner does with a store or a removal: once it knows the name, and that its origin still waits,
 * it gives the version and begins to place the write. An operation that it finds executed it only finishes.
 */
import { answer } from "../answering.ts";
import { withoutRoomFor } from "../membership/room.ts";
import { HIGHEST_COUNTER } from "../model/bounds.ts";
import { COUNTER_LEAP } from "../model/config.ts";
import {
  EMPTY_SHA256,
  type FileRecord,
  isSameOperation,
  type Operation,
  parseConflictName,
  shortInstance,
} from "../model/files.ts";
import type { Arrival } from "../model/io.ts";
import { stays } from "../model/member.ts";
import type { Ask } from "../model/messages.ts";
import { sentences } from "../model/sentences.ts";
import { askedFor, chained, lineage, merge, type Siblings, standingOf } from "../model/siblings.ts";
import { lines } from "../model/transcript.ts";
import { type Peer, requestLine } from "../state.ts";
import { answerForGood } from "./acknowledging.ts";
import { askOrigin, isDue } from "./doubting.ts";
import { beginInquiry, heardToHave } from "./inquiring.ts";
import { finishPlacement, place, underWay } from "./placing.ts";
import { majority } from "./quorum.ts";
import { isHere, isSafe, lostWith, tellDamaged } from "./serving.ts";
import { type Inquiry, witness } from "./state.ts";
import { isAuthoritative } from "./tenure.ts";
import { baseOf } from "./wanting.ts";

type WriteAsk = Extract<Ask, { kind: "store" | "remove" }>;

/** A store or a removal that belongs here. */
export function placeStore(peer: Peer, arrival: Arrival): void {
  const { routed, body, first } = arrival;
  const { ask, request } = routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return;
  const given = peer.replication.acknowledgements.get(request);
  if (given !== undefined) {
    answer(peer, routed, given.outcome);
    return;
  }
  if (first && ask.kind === "store") requestLine(peer, lines.storeAccepted(ask.name));
  const known = isAtWork(peer, arrival);
  // With a content that is here already the acknowledgement follows soon.
  if (body === null || known) answer(peer, routed, { kind: "placed" });
  if (known || (ask.kind === "store" && ask.content === null)) return;
  if (!isDue(peer, arrival)) askOrigin(peer, arrival);
  else {
    const name = baseOf(peer, ask.name);
    if (isAuthoritative(peer, { name, key: ask.key })) {
      execute(peer, arrival, peer.replication.files.siblings(name), null);
      return;
    }
    const inquest = beginInquiry(peer, arrival, name);
    if (inquest !== null) placeFound(peer, inquest.inquiry);
  }
}

/** A quorum has said what it has: the new write's version is above it all. */
export function placeFound(peer: Peer, inquiry: Inquiry): void {
  const { arrival, siblings } = inquiry;
  if (arrival.routed.ask.kind === "remove" && tellDamaged(peer, inquiry)) return;
  if (isDue(peer, arrival)) execute(peer, arrival, siblings, inquiry);
  else askOrigin(peer, arrival);
}

/** True of a request that this peer works on; what comes again may give it more time. */
function isAtWork(peer: Peer, arrival: Arrival): boolean {
  const { request } = arrival.routed;
  const waiting = peer.replication.inquiries.get(request) ?? peer.replication.doubts.get(request);
  if (waiting !== undefined) waiting.arrival = together(waiting.arrival, arrival);
  return waiting !== undefined || peer.replication.placements.has(request);
}

/** Two copies of a request at one peer: what either has of time, content and copies lost on the way. */
function together(one: Arrival, other: Arrival): Arrival {
  const longer = other.validUntil > one.validUntil ? other : one;
  const lost = one.routed.lost || other.routed.lost;
  return { ...longer, body: longer.body ?? one.body, routed: { ...longer.routed, lost } };
}

/** Gives an operation its version, unless it has one, and begins to make it durable here and elsewhere. */
function execute(peer: Peer, arrival: Arrival, found: Siblings, inquiry: Inquiry | null): void {
  const { routed } = arrival;
  const { ask, origin } = routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return;
  const name = found[0]?.name ?? baseOf(peer, ask.name);
  // What is on its way to the disks counts as well: a later version follows it.
  const siblings = underWay(peer, name).reduce(merge, found);
  const operation = { origin: origin.instance, number: ask.write.number };
  const sha256 = ask.kind === "store" ? (ask.content?.sha256 ?? EMPTY_SHA256) : EMPTY_SHA256;
  const standing = standingOf(siblings, operation, sha256);
  if (standing.kind === "alive") {
    finishPlacement(peer, arrival, standing.sibling, standing.sibling.version, inquiry);
  } else if (standing.kind === "replaced") {
    finishPlacement(peer, arrival, standing.by, standing.version, inquiry);
  }
  if (standing.kind !== "new") return;
  const target = targetOf(ask, siblings);
  if (ask.kind === "remove" && (target === undefined || isAlreadyRemoved(peer, target, inquiry))) {
    const lost = target === undefined ? lostWith(peer, routed) : null;
    answerForGood(peer, routed, lost ?? { kind: "missing" });
    return;
  }
  const full = withoutRoom(peer, ask) ?? withoutCounter(peer, ask, siblings);
  if (full !== null) {
    answerForGood(peer, routed, { kind: "failed", why: full, maybe: false });
    return;
  }
  place(peer, arrival, newRecord(peer, ask, siblings, target, operation, sha256));
}

/**
 * True of a removal that no later reader will miss. One that is still on its way to the disks may be missed,
 * and the write before it read: it is removed once more.
 */
function isAlreadyRemoved(peer: Peer, record: FileRecord, inquiry: Inquiry | null): boolean {
  if (!record.removed) return false;
  const heard = inquiry !== null && heardToHave(peer, inquiry, record).length >= majority(peer);
  return heard || (isHere(peer, record) && isSafe(peer, record));
}

/** What an operation takes the place of: the write that has the name, or the conflict that it names. */
function targetOf(ask: WriteAsk, siblings: Siblings): FileRecord | undefined {
  const target = askedFor(ask.name, siblings);
  const conflict = parseConflictName(ask.name);
  if (conflict === null || target?.removed) return target;
  return target !== undefined && isSameOperation(target.operation, conflict.operation)
    ? target
    : undefined;
}

/** Why nothing can be versioned above what a name has: somebody has gone to the end of its counters. */
function withoutCounter(peer: Peer, ask: WriteAsk, siblings: Siblings): string | null {
  const next = nextCounter(peer, siblings);
  return next <= HIGHEST_COUNTER ? null : sentences.noCounter(ask.name);
}

/** Above all that is known of the name, and all that was seen here. */
function nextCounter({ replication }: Peer, siblings: Siblings): number {
  const highest = siblings.reduce(
    (most, { version }) => Math.max(most, version.counter),
    replication.counter,
  );
  return highest + 1 + (replication.leap ? COUNTER_LEAP : 0);
}

function newRecord(
  peer: Peer,
  ask: WriteAsk,
  siblings: Siblings,
  target: FileRecord | undefined,
  operation: Operation,
  sha256: string,
): FileRecord {
  const counter = nextCounter(peer, siblings);
  witness(peer.replication, counter);
  peer.replication.leap = false;
  const follows = target === undefined ? [] : [target];
  const carried = lineage(
    follows,
    siblings.filter((v) => v !== target),
    peer.now,
  );
  const version = { counter, owner: peer.self.id, instance: shortInstance(peer.self) };
  const ageMs = -peer.now;
  return {
    name: target?.name ?? baseOf(peer, ask.name),
    key: ask.key,
    operation,
    version,
    also: [],
    size: ask.kind === "store" ? (ask.content?.size ?? 0) : 0,
    sha256,
    removed: ask.kind === "remove",
    apart: parseConflictName(ask.name) !== null,
    ageMs,
    ...carried,
    history: chained(carried.history, { operation, version, ageMs }, ask.write.after),
  };
}

/** Why it is refused before it is given a version: it cannot have the copies that it needs; null if it can. */
function withoutRoom(peer: Peer, ask: WriteAsk): string | null {
  const required = ask.write.require;
  const { replicationFactor } = peer.config;
  if (required > replicationFactor)
    return sentences.tooManyRequired(ask.name, required, replicationFactor);
  const needed = required > 0 ? required : majority(peer);
  const staying = peer.membership.view.members.filter(stays);
  if (ask.kind === "remove") {
    return staying.length >= needed
      ? null
      : sentences.tooFewToRemove(ask.name, needed, staying.length);
  }
  const full = withoutRoomFor(peer, staying, ask.content?.size ?? 0);
  if (staying.length - full.length >= needed) return null;
  const ids = full.map((m) => m.id);
  return sentences.noRoom(ask.name, needed, staying.length, ids);
}
