/**
 * Acknowledgements: a placement ends when its write is durable where it should be, or on enough of these, and its
 * origin is told what has come of it. When that is, verdict.ts says.
 */
import { answer, clockwise } from "../answering.ts";
import { isMember } from "../membership/records.ts";
import { isUnanswering, noteUnanswered } from "../membership/unanswered.ts";
import { forgetOldest } from "../model/bounded.ts";
import {
  HOP_ACK_MS,
  REQUESTS_REMEMBERED,
  SILENT_READ_MS,
  SILENT_REPLICAS_MS,
} from "../model/config.ts";
import {
  compareVersions,
  EMPTY_SHA256,
  type FileRecord,
  type HeldVersion,
  isSameOperation,
  isSameWrite,
} from "../model/files.ts";
import type { Member } from "../model/member.ts";
import type { AnswerOutcome, Ask, RequestId, Routed } from "../model/messages.ts";
import type { Placement } from "../model/placements.ts";
import { sentences } from "../model/sentences.ts";
import { isReplacedBy, NO_LINEAGE } from "../model/siblings.ts";
import type { Peer } from "../state.ts";
import { ownWordUntil } from "./pledging.ts";
import { majority, replicasWanted } from "./quorum.ts";
import { replicaSetOf } from "./replica-set.ts";
import type { Reading } from "./state.ts";
import { type ReplicaSet, verdictOn, type Write } from "./verdict.ts";

/** Copies have become durable: gives the acknowledgements that this completes. */
export function checkAcknowledgements(
  peer: Peer,
  from: Member,
  files: readonly HeldVersion[],
): void {
  if (!isMember(peer, from)) return;
  for (const held of files) {
    for (const placement of peer.replication.placements.of(held.name)) {
      const { record, durable } = placement;
      if (durable.has(from.instance) || !standsFor(peer, record, held)) continue;
      durable.add(from.instance);
      acknowledgeWrite(peer, placement);
    }
  }
}

/** True if a member that holds this write of its name has the record: itself, or what has replaced it since. */
function standsFor(peer: Peer, record: FileRecord, held: HeldVersion): boolean {
  if (isSameWrite(held, record)) return compareVersions(held.version, record.version) >= 0;
  const mine = peer.replication.files.find(held);
  return mine !== undefined && isReplacedBy(record, mine);
}

/** A placement has waited for a while, or for all of its time: those that have not confirmed it are tried. */
export function acknowledgementOverdue(peer: Peer, request: RequestId): void {
  const placement = peer.replication.placements.get(request);
  if (placement === undefined) return;
  const { record, durable, since } = placement;
  if (peer.now - since >= HOP_ACK_MS && !peer.replication.jobs.places(request)) {
    for (const replica of replicaSetOf(peer, record)) {
      if (!durable.has(replica.instance)) noteUnanswered(peer, replica);
    }
  }
  acknowledgeWrite(peer, placement);
}

/** Ends a placement if its copies, or the time, say so; else it waits on. */
export function acknowledgeWrite(peer: Peer, placement: Placement): void {
  const { request, arrival } = placement;
  const { routed } = arrival;
  const write = writeOf(peer, placement);
  const verdict = verdictOn(write, replicasOf(peer, placement), peer.now);
  if (verdict.kind === "wait") {
    placement.until = Math.max(placement.until, verdict.limit);
    placement.enoughAt = verdict.enoughAt;
    const look = write.coming ? verdict.until : peer.now + HOP_ACK_MS;
    peer.deadlines.set("acknowledgement", request, Math.min(verdict.until, look));
    return;
  }
  endPlacement(peer, request);
  const replicas = clockwise(peer, placement.record.key, verdict.replicas);
  const wanted = peer.config.replicationFactor;
  if (verdict.kind === "read") {
    peer.replication.readings.push({ placement, enough: verdict.enough, replicas });
  } else if (verdict.kind === "acknowledged") {
    const record = asExecuted(placement);
    const { withoutReplica } = verdict;
    answerForGood(peer, routed, { kind: "stored", record, replicas, wanted, withoutReplica });
  } else {
    const why = sentences.notConfirmed(whatOf(routed.ask), replicas, wanted);
    answerForGood(peer, routed, { kind: "failed", why, maybe: true });
  }
}

function writeOf(peer: Peer, placement: Placement): Write {
  const { record, request, arrival, durable, reading, since, until: limit, enoughAt } = placement;
  const { ask } = arrival.routed;
  const own = durable.has(peer.self.instance);
  return {
    ...{ reading, durable, limit, enoughAt },
    silentLimit: since + (reading ? SILENT_READ_MS : SILENT_REPLICAS_MS),
    required: ask.kind === "store" || ask.kind === "remove" ? ask.write.require : 0,
    coming: !own && !reading && peer.replication.jobs.places(request),
    promisedUntil: ownWordUntil(peer, record, own),
  };
}

function replicasOf(peer: Peer, { record }: Placement): ReplicaSet {
  const { view } = peer.membership;
  const replicas = replicaSetOf(peer, record);
  const silent = replicas.filter((m) => isUnanswering(peer, m.id)).map((m) => m.instance);
  return {
    members: view.members,
    replicas,
    silent,
    wanted: view.replicaSet(record.key, replicasWanted(peer)),
    majority: majority(peer),
  };
}

/**
 * Tells what has come of a store or a removal, and has the same told of whatever copy of the request is
 * still to come. Of one that was done that says no more than its write does; but one that was refused,
 * or found nothing to remove, has left nothing by which a second copy would be known.
 */
export function answerForGood(peer: Peer, routed: Routed, outcome: AnswerOutcome): void {
  peer.replication.acknowledgements.set(routed.request, answer(peer, routed, outcome));
  forgetOldest(peer.replication.acknowledgements, REQUESTS_REMEMBERED);
}

export function endPlacement(peer: Peer, request: RequestId): void {
  peer.replication.placements.delete(request);
  peer.deadlines.clear("acknowledgement", request);
}

function whatOf(ask: Ask): string {
  if (ask.kind === "remove") return `Removing ${ask.name}`;
  return ask.kind === "store" ? `Storing ${ask.name}` : ask.kind;
}

/** The write that the operation made, also where another has replaced it meanwhile. */
export function asExecuted({ record, version, arrival }: Placement): FileRecord {
  const { ask, origin } = arrival.routed;
  if (ask.kind !== "store" && ask.kind !== "remove") return record;
  const operation = { origin: origin.instance, number: ask.write.number };
  if (isSameOperation(record.operation, operation)) return record;
  const content = ask.kind === "store" ? ask.content : null;
  const { size, sha256 } = content ?? { size: 0, sha256: EMPTY_SHA256 };
  const { name, key, ageMs } = record;
  const removed = ask.kind === "remove";
  const own = {
    name,
    key,
    operation,
    version,
    also: [],
    size,
    sha256,
    removed,
    apart: false,
    ageMs,
  };
  return { ...own, ...NO_LINEAGE };
}

/** The reads that may go on. */
export function takeReadings({ replication: { readings } }: Peer): readonly Reading[] {
  return readings.length === 0 ? readings : readings.splice(0);
}
