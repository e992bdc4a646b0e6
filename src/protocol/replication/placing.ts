/**
 * Placements: a write is made durable on a majority of those that should hold it, and then said to be:
 * to its origin by an acknowledgement, or to one who reads it.
 */
import { answer } from "../answering.ts";
import {
  BODY_BYTES,
  FULL_MS,
  HOP_ACK_MS,
  READ_WAIT_MS,
  REPLICAS_AT_ONCE,
  REPLICAS_WAIT_MS,
} from "../model/config.ts";
import type { FileRecord, HeldVersion, Version } from "../model/files.ts";
import type { Arrival, BodySource } from "../model/io.ts";
import { NONE } from "../model/joins.ts";
import type { Replicate, RequestId } from "../model/messages.ts";
import type { Placement } from "../model/placements.ts";
import { randomRequest } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import type { Siblings } from "../model/siblings.ts";
import { type Peer, sendToEach } from "../state.ts";
import { acknowledgeWrite, answerForGood, endPlacement } from "./acknowledging.ts";
import { tellSoon } from "./confirming.ts";
import { beginFetch, beginMerge, fetchQueued } from "./fetching.ts";
import { heardToHave } from "./inquiring.ts";
import { confirm, isOwnReplica, otherReplicas, replicaSetOf, setRejecters } from "./replica-set.ts";
import { holdRecord, noteRejected } from "./replicating.ts";
import { replicateRecord } from "./sending.ts";
import type { Inquiry } from "./state.ts";
import { noteStale } from "./tenure.ts";

/** Begins to make a write durable that was given its version just now, here and elsewhere. */
export function place(peer: Peer, arrival: Arrival, record: FileRecord): void {
  const { body, routed } = arrival;
  // A removal brings nothing: who had no room for the content may well note it.
  if (record.removed) setRejecters(peer, record.name, []);
  const placement = begin(peer, arrival, record, false);
  const job = { kind: "placement", request: routed.request, record } as const;
  if (record.removed) beginMerge(peer, job);
  else if (body === null) fetchAndPassOn(peer, placement);
  else beginFetch(peer, job, routed.origin, { kind: "body", number: body.number }, false);
  if (record.removed || body !== null) replicateRecord(peer, record, bodyOf(placement));
}

/** The writes of a name that this peer is placing: some may not be durable here yet. */
export function underWay(peer: Peer, name: string): Siblings {
  const placements = peer.replication.placements.of(name);
  return placements.length === 0 ? NONE : placements.map(({ record }) => record);
}

/**
 * Has a write that is there copied until a majority has it: that of the operation itself, or what has
 * replaced it. @param version the operation's own
 */
export function finishPlacement(
  peer: Peer,
  arrival: Arrival,
  record: FileRecord,
  version: Version,
  inquiry: Inquiry | null,
): void {
  answer(peer, arrival.routed, { kind: "placed" });
  spread(peer, begin(peer, arrival, record, false, version), inquiry);
}

/**
 * Has a write that was found copied to a majority before it is told of, so that no later reader finds
 * an older one (Attiya, Bar-Noy & Dolev, 1995). @see readPlaced in serving.ts
 */
export function placeForReading(peer: Peer, inquiry: Inquiry, record: FileRecord): void {
  spread(peer, begin(peer, inquiry.arrival, record, true), inquiry);
}

function begin(
  peer: Peer,
  arrival: Arrival,
  record: FileRecord,
  reading: boolean,
  version = record.version,
): Placement {
  const { request } = arrival.routed;
  const { body } = arrival;
  const durable = new Set<string>();
  const until = peer.now + (reading ? READ_WAIT_MS : REPLICAS_WAIT_MS);
  const placement: Placement = {
    ...{ request, arrival, record, version, body, reading, durable },
    ...{ since: peer.now, until, enoughAt: null },
  };
  peer.replication.placements.add(placement);
  peer.deadlines.set("acknowledgement", request, peer.now + HOP_ACK_MS);
  return placement;
}

/** Replicates what is held here, or gets it first from one who was heard to have it. */
function spread(peer: Peer, placement: Placement, inquiry: Inquiry | null): void {
  const { record } = placement;
  const replicas = inquiry === null ? [] : heardToHave(peer, inquiry, record);
  for (const { instance } of replicas) placement.durable.add(instance);
  if (peer.replication.files.find(record) !== undefined) placement.durable.add(peer.self.instance);
  const from = replicas.find((m) => m.instance !== peer.self.instance);
  if (
    !placement.durable.has(peer.self.instance) &&
    from !== undefined &&
    isOwnReplica(peer, record)
  ) {
    const { jobs, replicaQueue } = peer.replication;
    if (!record.removed) replicaQueue.add({ record, from, origin: null });
    else if (jobs.replicas().all < REPLICAS_AT_ONCE)
      beginMerge(peer, { kind: "replica", record, from });
    fetchQueued(peer);
  }
  replicateMissing(peer, placement);
  acknowledgeWrite(peer, placement);
}

/** Fetches a content from its origin; the other replicas have it from here while it comes in. */
function fetchAndPassOn(peer: Peer, { request, record, arrival }: Placement): void {
  const { origin } = arrival.routed;
  const job = { kind: "placement", request, record } as const;
  const number = beginFetch(peer, job, origin, { kind: "ticket", request }, false);
  if (record.size <= BODY_BYTES) return;
  const ticket = randomRequest(peer.random);
  peer.effects.push({ type: "serve", request: ticket, what: { kind: "arriving", job: number } });
  const { id, address } = peer.self;
  const here = { id, address, request: ticket };
  const message: Replicate = { tag: "replicate", records: [record], origin: here };
  sendToEach(peer, otherReplicas(peer, record), message);
}

/** The content of a placed store is durable here: the other replicas shall have it. */
export function contentPlaced(peer: Peer, request: RequestId, record: FileRecord): void {
  holdRecord(peer, record, peer.self);
  const placement = peer.replication.placements.get(request);
  if (placement === undefined) return;
  placement.durable.add(peer.self.instance);
  // Another may have replaced it meanwhile.
  const isHeld = peer.replication.files.find(record) !== undefined;
  for (const replica of isHeld ? replicaSetOf(peer, record) : []) {
    // Those who were faster have said so of a write that was not in the table yet.
    if (placement.durable.has(replica.instance)) confirm(peer, record, replica);
  }
  if (placement.body === null && !record.removed) replicateRecord(peer, record, null);
  tellSoon(peer, record, null);
  placement.since = peer.now;
  placement.until = peer.now + REPLICAS_WAIT_MS;
  acknowledgeWrite(peer, placement);
}

/**
 * The content could not be had here. Others may get it: where this disk failed, from what came with the
 * request; where only this peer cannot reach the origin, from there.
 */
export function placementFailed(peer: Peer, request: RequestId, why: string, here: boolean): void {
  const placement = peer.replication.placements.get(request);
  if (placement === undefined) return;
  const { record, arrival } = placement;
  if (here) {
    peer.replication.fullUntil = peer.now + FULL_MS;
    noteRejected(peer, record, peer.self);
  }
  // Others may have it from here on, under this peer's own version.
  noteStale(peer, record);
  if (otherReplicas(peer, record).length > 0) {
    replicateMissing(peer, placement);
    placement.since = peer.now;
    placement.until = peer.now + REPLICAS_WAIT_MS;
    acknowledgeWrite(peer, placement);
    return;
  }
  endPlacement(peer, request);
  const sentence = sentences.notPlaced(record.name, peer.self.id, why);
  answerForGood(peer, arrival.routed, { kind: "failed", why: sentence, maybe: false });
}

/** A replica cannot keep a placed write: the next one shall. */
export function placeElsewhere(peer: Peer, files: readonly HeldVersion[]): void {
  for (const name of new Set(files.map((f) => f.name))) {
    for (const placement of peer.replication.placements.of(name)) {
      replicateMissing(peer, placement);
      acknowledgeWrite(peer, placement);
    }
  }
}

/** Replicates a placed write to those that have not got it, from wherever it is to be had. */
function replicateMissing(peer: Peer, placement: Placement): void {
  const { record, arrival, durable, body, request } = placement;
  const missing = otherReplicas(peer, record).filter((m) => !durable.has(m.instance));
  const here = durable.has(peer.self.instance) || record.removed || body !== null;
  const replica = peer.membership.view.members.find((m) => durable.has(m.instance));
  // Where nobody has it yet, the one who stores it does.
  const knownStale =
    replica === undefined
      ? { id: arrival.routed.origin.id, address: arrival.routed.origin.address, request }
      : { id: replica.id, address: replica.address, request: null };
  const origin = here ? null : knownStale;
  const message: Replicate = { tag: "replicate", records: [record], origin };
  sendToEach(peer, missing, message, here ? bodyOf(placement) : null);
}

function bodyOf({ body }: Placement): BodySource | null {
  return body === null ? null : { kind: "body", number: body.number };
}
