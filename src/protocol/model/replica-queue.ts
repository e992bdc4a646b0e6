/**
 * Copies that wait for their turn to be fetched. Those who offer them take turns, each with what it offered
 * first; so what one offers, much or slow as it may be, keeps nobody else's waiting for more than a turn.
 */
import { BODY_BYTES, REPLICAS_QUEUED, REPLICAS_QUEUED_PER_SENDER } from "./config.ts";
import { type FileRecord, writeKey } from "./files.ts";
import type { Address, Member } from "./member.ts";
import type { Replicate } from "./messages.ts";

/** A copy that waits for its turn to be fetched. */
export type QueuedReplica = {
  readonly record: FileRecord;
  readonly from: Member;
  /** The origin of the store, where the one who offers has no copy itself. */
  readonly origin: Replicate["origin"];
};

/** Small ones apart from large ones, by version. */
type Line = {
  readonly small: Map<string, QueuedReplica>;
  readonly large: Map<string, QueuedReplica>;
};

/** Those that wait, by who offers them. */
export class ReplicaQueue {
  /** By who offered them; whose turn is next stands first. */
  readonly #lines = new Map<Address, Line>();
  /** How many of each name. */
  readonly #names = new Map<string, number>();
  #size = 0;

  /** One that changes apart from this. */
  copy(): ReplicaQueue {
    const made = new ReplicaQueue();
    for (const [address, { small, large }] of this.#lines)
      made.#lines.set(address, { small: new Map(small), large: new Map(large) });
    for (const [name, many] of this.#names) made.#names.set(name, many);
    made.#size = this.#size;
    return made;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts a copy in line, unless there are too many. It takes the place of the same one from the same peer. */
  add(copy: QueuedReplica): void {
    const { address } = copy.from;
    const line = this.#lines.get(address) ?? { small: new Map(), large: new Map() };
    const inLine = line.small.size + line.large.size;
    if (this.#size >= REPLICAS_QUEUED || inLine >= REPLICAS_QUEUED_PER_SENDER) return;
    const part = isSmall(copy.record) ? line.small : line.large;
    const key = writeKey(copy.record);
    if (!part.has(key)) {
      this.#size += 1;
      const { name } = copy.record;
      this.#names.set(name, (this.#names.get(name) ?? 0) + 1);
    }
    part.set(key, copy);
    this.#lines.set(address, line);
  }

  /**
   * Takes out the next that may be fetched.
   * @param may whether one more may be fetched of what an address has offered, small or large
   * @param isWanted false of one that waits on, since it is on its way from another
   */
  take(
    may: (from: Address, small: boolean) => boolean,
    isWanted: (record: FileRecord) => boolean,
  ): QueuedReplica | undefined {
    for (const [address, line] of this.#lines) {
      // Large ones may not have all places, so small ones come to theirs.
      for (const part of [line.large, line.small]) {
        if (part.size === 0 || !may(address, part === line.small)) continue;
        for (const [key, copy] of part) {
          if (!isWanted(copy.record)) continue;
          part.delete(key);
          this.#size -= 1;
          this.#forget(copy.record.name);
          // Its next turn comes after the others'.
          this.#lines.delete(address);
          if (line.small.size + line.large.size > 0) this.#lines.set(address, line);
          return copy;
        }
      }
    }
    return undefined;
  }

  /** True where one of a name waits. */
  hasOf(name: string): boolean {
    return this.#names.has(name);
  }

  *values(): Iterable<QueuedReplica> {
    for (const { small, large } of this.#lines.values()) {
      yield* small.values();
      yield* large.values();
    }
  }

  #forget(name: string): void {
    const left = (this.#names.get(name) ?? 1) - 1;
    if (left === 0) this.#names.delete(name);
    else this.#names.set(name, left);
  }
}

/** True of what travels in messages where it can. */
export function isSmall({ size }: FileRecord): boolean {
  return size <= BODY_BYTES;
}
