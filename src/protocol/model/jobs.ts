/**
 * The fetches and merges under way, by number; and what is asked of them at each message, without a walk over them:
 * whether a write is on its way, or a placement's own copy, and how many replicas come from whom.
 */
import { ByWrite } from "./by-write.ts";
import type { FileRecord } from "./files.ts";
import type { Address, Member } from "./member.ts";
import type { RequestId } from "./messages.ts";
import { isSmall } from "./replica-queue.ts";

/** What a content is fetched for: its asker here, a store that waits for it, or a copy. */
export type FetchJob =
  | { readonly kind: "deliver"; readonly request: RequestId }
  | { readonly kind: "placement"; readonly request: RequestId; readonly record: FileRecord }
  | { readonly kind: "replica"; readonly record: FileRecord; readonly from: Member };

/** Replicas under way: all, and the large ones among them. */
export type Replicas = { readonly all: number; readonly large: number };

const NO_REPLICAS: Replicas = Object.freeze({ all: 0, large: 0 });

/** `size` and `values` as in a Map. */
export class Jobs {
  readonly #jobs = new Map<number, FetchJob>();
  /** How many are of a write. */
  readonly #writes = new ByWrite<number>();
  readonly #placements = new Map<RequestId, number>();
  readonly #senders = new Map<Address, Replicas>();
  /** How many replicas are of a name. */
  readonly #names = new Map<string, number>();
  #replicas = NO_REPLICAS;

  get size(): number {
    return this.#jobs.size;
  }

  /** Those of contents of stores and for whoever asked here, and of removals: all but replicas. */
  get contents(): number {
    return this.#jobs.size - this.#replicas.all;
  }

  values(): Iterable<FetchJob> {
    return this.#jobs.values();
  }

  [Symbol.iterator](): Iterator<[number, FetchJob]> {
    return this.#jobs[Symbol.iterator]();
  }

  /** @param number of no job that is under way */
  add(number: number, job: FetchJob): void {
    this.#jobs.set(number, job);
    this.#count(job, 1);
  }

  /** Takes one out. */
  take(number: number): FetchJob | undefined {
    const job = this.#jobs.get(number);
    if (job === undefined) return undefined;
    this.#jobs.delete(number);
    this.#count(job, -1);
    return job;
  }

  /** True if this write is on its way. */
  brings(record: FileRecord): boolean {
    return this.#jobs.size > 0 && this.#writes.get(record) !== undefined;
  }

  /** True while the copy of a placement is on its way. */
  places(request: RequestId): boolean {
    return this.#placements.has(request);
  }

  /** Replicas that are on their way. @param from those from one alone */
  replicas(from?: Address): Replicas {
    return from === undefined ? this.#replicas : (this.#senders.get(from) ?? NO_REPLICAS);
  }

  /** True while a replica of some write of a name is on its way. */
  replicates(name: string): boolean {
    return this.#names.has(name);
  }

  /** One that changes apart from this. */
  copy(): Jobs {
    const made = new Jobs();
    for (const [number, job] of this.#jobs) made.add(number, job);
    return made;
  }

  #count(job: FetchJob, by: 1 | -1): void {
    if (job.kind === "deliver") return;
    const { record } = job;
    const ofWrite = (this.#writes.get(record) ?? 0) + by;
    if (ofWrite === 0) this.#writes.delete(record);
    else this.#writes.set(record, ofWrite);
    if (job.kind === "placement") {
      count(this.#placements, job.request, by);
      return;
    }
    count(this.#names, record.name, by);
    const large = isSmall(record) ? 0 : by;
    this.#replicas = plus(this.#replicas, by, large);
    const sent = plus(this.replicas(job.from.address), by, large);
    if (sent.all === 0) this.#senders.delete(job.from.address);
    else this.#senders.set(job.from.address, sent);
  }
}

/** Counts up or down; what is there no more is forgotten. */
function count<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}

function plus({ all, large }: Replicas, more: number, moreLarge: number): Replicas {
  return { all: all + more, large: large + moreLarge };
}
