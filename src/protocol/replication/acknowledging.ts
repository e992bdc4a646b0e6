/**
 * Acknowledgements: a placement ends when its version is durable where it should be, or on enough of these, and its
 * origin is told what has come of it.
 */
import { answer, clockwise } from "../answering.ts";
import { forgetOldest } from "../model/bounded.ts";
import { ACKNOWLEDGE_GRACE_MS, COPIES_WAIT_MS, REQUESTS_REMEMBERED } from "../model/config.ts";
import {
  compareStamps,
  EMPTY_SHA256,
  type FileRecord,
  type HeldVersion,
  isSameOperation,
  isSameVersion,
} from "../model/files.ts";
import { type Member, stays } from "../model/member.ts";
import type { AnswerOutcome, Ask, RequestId, Routed } from "../model/messages.ts";
import type { Placement } from "../model/placements.ts";
import { sentences } from "../model/sentences.ts";
import { isReplacedBy, NO_LINEAGE } from "../model/versions.ts";
import type { Peer } from "../state.ts";
import { holdersOf } from "./holders.ts";
import { ownWordUntil } from "./pledging.ts";
import { copiesWanted, majority } from "./quorum.ts";
import type { Reading } from "./state.ts";

/** Copies have become durable: gives the acknowledgements that this completes. */
export function checkAcknowledgements(
  peer: Peer,
  from: Member,
  files: readonly HeldVersion[],
): void {
  for (const held of files) {
    for (const placement of peer.replication.placements.of(held.name)) {
      const { record, durable } = placement;
      if (durable.has(from.instance) || !standsFor(peer, record, held)) continue;
      durable.add(from.instance);
      acknowledgeWrite(peer, placement);
    }
  }
}

/** True if a member that holds this version of its name has the record: itself, or what has replaced it since. */
function standsFor(peer: Peer, record: FileRecord, held: HeldVersion): boolean {
  if (isSameVersion(held, record)) return compareStamps(held.stamp, record.stamp) >= 0;
  const mine = peer.replication.files.find(held);
  return mine !== undefined && isReplacedBy(record, mine);
}

/** The time for copies is over: a majority makes an acknowledgement; less than that may still become one. */
export function acknowledgementOverdue(peer: Peer, request: RequestId): void {
  const placement = peer.replication.placements.get(request);
  if (placement === undefined) return;
  // A content that still comes in has no limit but that of its way.
  if (isComing(peer, request)) {
    placement.until = peer.now + COPIES_WAIT_MS;
    peer.deadlines.set("acknowledgement", request, placement.until);
  } else acknowledgeWrite(peer, placement);
}

/**
 * Ends a placement when all copies are durable, or some time after enough are: a majority of as many as
 * there should be, full disks included, or as many as its origin requires.
 */
export function acknowledgeWrite(peer: Peer, placement: Placement): void {
  const { record, request, arrival, durable, reading, until } = placement;
  const { ask } = arrival.routed;
  const own = durable.has(peer.self.instance);
  const overdue = peer.now >= until;
  // The owner's own content has to be there, or have failed.
  if (!own && !reading && !overdue && isComing(peer, request)) return;
  const promised = ownWordUntil(peer, record, own);
  if (promised > peer.now) {
    peer.deadlines.set("acknowledgement", request, promised);
    return;
  }
  const holders = holdersOf(peer, record);
  // The copy of one that leaves goes with it.
  const durableOn = peer.membership.view.members
    .filter((m) => stays(m) && durable.has(m.instance))
    .map((m) => m.id);
  const required = ask.kind === "store" || ask.kind === "remove" ? ask.write.require : 0;
  // What is read need be on no more than can keep it: whoever asks hears one of those.
  const most = reading ? holders.length : Number.POSITIVE_INFINITY;
  const needed = required > 0 ? required : Math.min(most, majority(peer));
  const enough = durableOn.length >= needed;
  const all = holders.every((h) => durable.has(h.instance));
  // With enough of them the others have a moment more, unless one of these is lost meanwhile.
  placement.enoughAt = enough ? (placement.enoughAt ?? peer.now) : null;
  const graceUntil = (placement.enoughAt ?? Number.POSITIVE_INFINITY) + ACKNOWLEDGE_GRACE_MS;
  const done = reading ? enough : all || peer.now >= graceUntil;
  if (!done && !overdue) {
    peer.deadlines.set("acknowledgement", request, Math.min(until, graceUntil));
    return;
  }
  endPlacement(peer, request);
  const copies = clockwise(peer, record.key, durableOn);
  const wanted = peer.config.copies;
  if (reading) {
    peer.replication.readings.push({ placement, enough, copies });
    return;
  }
  const wantedOn = peer.membership.view.holders(record.key, copiesWanted(peer));
  const lacking = wantedOn.filter((m) => !durable.has(m.instance)).map((m) => m.id);
  const outcome: AnswerOutcome = enough
    ? { kind: "stored", record: asExecuted(placement), copies, wanted, lacking }
    : { kind: "failed", why: sentences.notConfirmed(whatOf(ask), copies, wanted), maybe: true };
  answerForGood(peer, arrival.routed, outcome);
}

/**
 * Tells what has come of a store or a removal, and has the same told of whatever copy of the request is
 * still to come. Of one that was done that says no more than its version does; but one that was refused,
 * or found nothing to remove, has left nothing by which a second copy would be known.
 */
export function answerForGood(peer: Peer, routed: Routed, outcome: AnswerOutcome): void {
  peer.replication.acknowledgements.set(routed.request, answer(peer, routed, outcome));
  forgetOldest(peer.replication.acknowledgements, REQUESTS_REMEMBERED);
}

/** True while this peer's own copy is on its way to its disk. */
function isComing(peer: Peer, request: RequestId): boolean {
  for (const job of peer.replication.jobs.values()) {
    if (job.kind === "placement" && job.request === request) return true;
  }
  return false;
}

export function endPlacement(peer: Peer, request: RequestId): void {
  peer.replication.placements.delete(request);
  peer.deadlines.clear("acknowledgement", request);
}

function whatOf(ask: Ask): string {
  if (ask.kind === "remove") return `Removing ${ask.name}`;
  return ask.kind === "store" ? `Storing ${ask.name}` : ask.kind;
}

/** The version that the operation made, also where another has replaced it meanwhile. */
export function asExecuted({ record, stamp, arrival }: Placement): FileRecord {
  const { ask, origin } = arrival.routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return record;
  const operation = { origin: origin.instance, number: ask.write.number };
  if (isSameOperation(record.operation, operation)) return record;
  const content = ask.kind === "store" ? ask.content : null;
  const { size, sha256 } = content ?? { size: 0, sha256: EMPTY_SHA256 };
  const { name, key, ageMs } = record;
  const removed = ask.kind === "remove";
  const own = { name, key, operation, stamp, also: [], size, sha256, removed, apart: false, ageMs };
  return { ...own, ...NO_LINEAGE };
}

/** The reads that may go on. */
export function takeReadings({ replication: { readings } }: Peer): readonly Reading[] {
  return readings.length === 0 ? readings : readings.splice(0);
}
