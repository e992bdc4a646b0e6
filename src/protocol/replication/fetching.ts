/** Contents that this peer asks its driver to get: which, from where, and how many at a time. */
import {
  BODY_BYTES,
  FETCHES_AT_ONCE,
  FETCHES_PER_SENDER,
  SMALL_FETCHES_AT_ONCE,
  SMALL_FETCHES_PER_SENDER,
} from "../model/config.ts";
import { type FileRecord, isSameWrite, writeId } from "../model/files.ts";
import type { Body, Effect, FetchInto } from "../model/io.ts";
import type { Address } from "../model/member.ts";
import type { AnswerOutcome, RequestId } from "../model/messages.ts";
import { isSmall } from "../model/replica-queue.ts";
import type { Peer } from "../state.ts";
import type { FetchJob } from "./state.ts";

type FetchEffect = Extract<Effect, { type: "fetch" }>;
type From = { readonly id: number; readonly address: Address };

/** Begins as many of the queued copies as may be fetched at once. */
export function fetchQueued(peer: Peer): void {
  const { replicaQueue, files } = peer.replication;
  if (replicaQueue.size === 0) return;
  const slots = new Slots(peer);
  for (;;) {
    const next = replicaQueue.take(
      (from, small) => slots.areFree(from, small),
      // Should it fail to come from another, this one has it too.
      (record) => !isFetching(peer, record),
    );
    if (next === undefined) return;
    const { record, from, origin } = next;
    if (files.find(record) !== undefined) continue;
    const source =
      origin === null || origin.request === null
        ? ({ kind: "write", write: writeId(record) } as const)
        : ({ kind: "ticket", request: origin.request } as const);
    beginFetch(peer, { kind: "replica", record, from }, origin ?? from, source, origin === null);
    slots.take(from.address, isSmall(record));
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
  from: From,
  source: FetchEffect["source"],
  repair: boolean,
): number {
  const { record } = job;
  const shared = job.kind === "placement" && source.kind === "ticket";
  const into: FetchInto = { kind: "store", record, sha256: record.sha256, shared };
  return begin(peer, job, { from, source, file: record.name, size: record.size, into, repair });
}

/** Has the driver fetch a content for the one who asked for it at this peer. */
export function beginDelivery(
  peer: Peer,
  job: Extract<FetchJob, { kind: "deliver" }>,
  from: From,
  source: FetchEffect["source"],
  content: { readonly file: string; readonly size: number; readonly into: FetchInto },
): void {
  begin(peer, job, { from, source, ...content, repair: false });
}

/** Has the driver make durable what brings no content: a removal, or word of a write held. */
export function beginMerge(peer: Peer, job: Exclude<FetchJob, { kind: "deliver" }>): void {
  const number = peer.replication.nextJob++;
  peer.replication.jobs.set(number, job);
  peer.effects.push({ type: "merge", job: number, record: job.record });
}

/** True if this write is on its way already. */
export function isFetching(peer: Peer, record: FileRecord): boolean {
  for (const job of peer.replication.jobs.values()) {
    if (job.kind !== "deliver" && isSameWrite(job.record, record)) return true;
  }
  return false;
}

function begin(
  peer: Peer,
  job: FetchJob,
  what: Omit<FetchEffect, "type" | "job" | "from" | "peer"> & { readonly from: From },
): number {
  const number = peer.replication.nextJob++;
  peer.replication.jobs.set(number, job);
  const { from, source, file, size, into, repair } = what;
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
    repair,
  });
  return number;
}

/** Places among the fetches, of which no sender may have all. */
class Slots {
  #all = 0;
  #large = 0;
  readonly #bySender = new Map<Address, { all: number; large: number }>();

  constructor(peer: Peer) {
    for (const job of peer.replication.jobs.values()) {
      if (job.kind === "replica") this.take(job.from.address, isSmall(job.record));
    }
  }

  take(from: Address, small: boolean): void {
    const one = this.#bySender.get(from) ?? { all: 0, large: 0 };
    this.#bySender.set(from, one);
    one.all += 1;
    this.#all += 1;
    if (small) return;
    one.large += 1;
    this.#large += 1;
  }

  areFree(from: Address, small: boolean): boolean {
    const { all, large } = this.#bySender.get(from) ?? { all: 0, large: 0 };
    if (this.#all >= SMALL_FETCHES_AT_ONCE || all >= SMALL_FETCHES_PER_SENDER) return false;
    return small || (this.#large < FETCHES_AT_ONCE && large < FETCHES_PER_SENDER);
  }
}

/** Copies that are being fetched, or made durable. */
export function replicasUnderWay(peer: Peer): { readonly all: number; readonly large: number } {
  let all = 0;
  let large = 0;
  for (const job of peer.replication.jobs.values()) {
    if (job.kind !== "replica") continue;
    all += 1;
    if (!isSmall(job.record)) large += 1;
  }
  return { all, large };
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

/** What a fetch that has ended was for. */
export function takeJob({ replication: { jobs } }: Peer, number: number): FetchJob | undefined {
  const job = jobs.get(number);
  jobs.delete(number);
  return job;
}
