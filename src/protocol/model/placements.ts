/**
 * The placements under way, by request and by name: whatever is heard of a write is looked up here, and
 * there may be many.
 */
import type { FileRecord, Version } from "./files.ts";
import type { Arrival, Body } from "./io.ts";
import type { RequestId } from "./messages.ts";

/** A write that this peer makes durable on a majority: one that it gave its version, or one that it found. */
export type Placement = {
  readonly request: RequestId;
  readonly arrival: Arrival;
  readonly record: FileRecord;
  /** That of the operation: the record's own, unless it has replaced what the operation made. */
  readonly version: Version;
  readonly body: Body | null;
  /** A read that waits for it; else an acknowledgement is given. */
  readonly reading: boolean;
  /** Where it is durable, by instance. */
  readonly durable: Set<string>;
  /** Since when its copies are on their way, and when it is given up. */
  since: number;
  until: number;
  /** Since when it is on enough of them; null if it is not. */
  enoughAt: number | null;
};

const NONE: readonly Placement[] = Object.freeze([]);

/** At most one for each request. `get`, `has`, `keys`, `values` as in a Map, by request. */
export class Placements {
  readonly #requests = new Map<RequestId, Placement>();
  /** The oldest first. A list is replaced and never changed, so that it may be walked meanwhile. */
  readonly #names = new Map<string, readonly Placement[]>();

  get size(): number {
    return this.#requests.size;
  }

  has(request: RequestId): boolean {
    return this.#requests.has(request);
  }

  get(request: RequestId): Placement | undefined {
    return this.#requests.get(request);
  }

  /** All those of writes of a name. */
  of(name: string): readonly Placement[] {
    return this.#requests.size === 0 ? NONE : (this.#names.get(name) ?? NONE);
  }

  /** One that changes apart from this, with placements that do. */
  copy(): Placements {
    const made = new Placements();
    // In the order in which they were added, which is that of the lists of names too.
    for (const placement of this.#requests.values())
      made.add({ ...placement, durable: new Set(placement.durable) });
    return made;
  }

  keys(): Iterable<RequestId> {
    return this.#requests.keys();
  }

  values(): Iterable<Placement> {
    return this.#requests.values();
  }

  /** Takes one in, in the place of any other of its request. */
  add(placement: Placement): void {
    this.delete(placement.request);
    this.#requests.set(placement.request, placement);
    const { name } = placement.record;
    this.#names.set(name, [...this.of(name), placement]);
  }

  delete(request: RequestId): boolean {
    const placement = this.#requests.get(request);
    if (placement === undefined) return false;
    const { name } = placement.record;
    const others = this.of(name).filter((p) => p !== placement);
    if (others.length === 0) this.#names.delete(name);
    else this.#names.set(name, others);
    return this.#requests.delete(request);
  }
}
