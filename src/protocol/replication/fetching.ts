/** Contents that this peer asks its driver to get: which, from where, and how many at a time. */
import {
  BODY_BYTES,
  FETCHES_AT_ONCE,
  FETCHES_PER_SENDER,
  SMALL_FETCHES_AT_ONCE,
  SMALL_FETCHES_PER_SENDER,
} from "../model/config.ts";
import { writeId } from "../model/files.ts";
import type { Body, Effect, FetchInto, Replica } from "../model/io.ts";
import type { FetchJob } from "../model/jobs.ts";
import type { Address } from "../model/member.ts";
import type { AnswerOutcome, RequestId } from "../model/messages.ts";
import type { Peer } from "../state.ts";

type FetchEffect = Extract<Effect, { type: "fetch" }>;

/** Begins as many of the queued copies as may be fetched at once. */
export function fetchQueued(peer: Peer): void {
  const { replicaQueue, files, jobs } = peer.replication;
  if (replicaQueue.size === 0) return;
  for (;;) {
    const next = replicaQueue.take(
      (from, small) => hasSlot(peer, from, small),
      // Should it fail to come from another, this one has it too.
      (record) => !jobs.brings(record),
    );
    if (next === undefined) return;
    const { record, from, origin } = next;
    if (files.find(record) !== undefined) continue;
    const source =
      origin === null || origin.request === null
        ? ({ kind: "write", write: writeId(record) } as const)
        : ({ kind: "ticket", request: origin.request } as const);
    beginFetch(peer, { kind: "replica", record, from }, origin ?? from, source, origin === null);
  }
}

/**
 * Has the driver fetch a content into the store.
 * @param repair nobody waits for it
 * @returns the job's number
 */
export function beginFetch(
  peer: Peer,
  job: Exclude<FetchJob, { kind: "deliver" }>,
  from: Replica,
  source: FetchEffect["source"],
  repair: boolean,
): number {
  const { record } = job;
  const shared = job.kind === "placement" && source.kind === "ticket";
  const into: FetchInto = { kind: "store", record, sha256: record.sha256, shared };
  const { name: file, size } = record;
  return begin(peer, job, { from, source, file, size, into, alternatives: null, repair });
}

/** Has the driver fetch a content for the one who asked for it at this peer. */
export function beginDelivery(
  peer: Peer,
  job: Extract<FetchJob, { kind: "deliver" }>,
  from: Replica,
  source: FetchEffect["source"],
  content: Pick<FetchEffect, "file" | "size" | "into" | "alternatives">,
): void {
  begin(peer, job, { from, source, ...content, repair: false });
}

/** Has the driver make durable what brings no content: a removal, or word of a write held. */
export function beginMerge(peer: Peer, job: Exclude<FetchJob, { kind: "deliver" }>): void {
  const number = peer.replication.nextJob++;
  peer.replication.jobs.add(number, job);
  peer.effects.push({ type: "merge", job: number, record: job.record });
}

function begin(
  peer: Peer,
  job: FetchJob,
  what: Omit<FetchEffect, "type" | "job" | "from" | "peer"> & { readonly from: Replica },
): number {
  const number = peer.replication.nextJob++;
  peer.replication.jobs.add(number, job);
  const { from, source, file, size, into, alternatives, repair } = what;
  const { address, id } = from;
  // Named one by one: there is one for each copy, and a spread takes many times as long.
  peer.effects.push({
    type: "fetch",
    job: number,
    from: address,
    peer: id,
    source,
    file,
    size,
    into,
    alternatives,
    repair,
  });
  return number;
}

/** True while there is a place among the fetches for one more, of which no sender may have all. */
function hasSlot({ replication: { jobs } }: Peer, from: Address, small: boolean): boolean {
  const [all, sent] = [jobs.replicas(), jobs.replicas(from)];
  if (all.all >= SMALL_FETCHES_AT_ONCE || sent.all >= SMALL_FETCHES_PER_SENDER) return false;
  return small || (all.large < FETCHES_AT_ONCE && sent.large < FETCHES_PER_SENDER);
}

/** Where a content that was found is: here already, as the write that it is, or under the request's id. */
export function sourceOf(
  request: RequestId,
  { size, write }: Extract<AnswerOutcome, { kind: "found" }>,
  body: Body | null,
): Parameters<typeof beginDelivery>[3] {
  if (body !== null && body.size === size && body.sha256 === write?.sha256) {
    return { kind: "body", number: body.number };
  }
  // A small content that did not come with the answer is served under no request.
  if (write !== null && size > 0 && size <= BODY_BYTES) return { kind: "write", write };
  return { kind: "ticket", request };
}
