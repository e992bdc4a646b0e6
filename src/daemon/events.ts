/** The one stream of what happens at a peer, and its readers. */
import type { LoggedEvent } from "../door/types.ts";
import type { PeerEvent } from "../protocol/events.ts";

export type Reader = (event: LoggedEvent) => void;

export class EventStream {
  readonly #readers = new Set<Reader>();
  #seq = 0;

  constructor(private readonly self: () => { readonly id: number; readonly incarnation: number }) {}

  /** @returns a function that ends the subscription */
  subscribe(reader: Reader): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  /** Stamps an event and gives it to all readers, in the order in which they came. */
  publish(event: PeerEvent): void {
    const { id, incarnation } = this.self();
    this.#seq += 1;
    const at = performance.timeOrigin + performance.now();
    const logged: LoggedEvent = { v: 1, at, seq: this.#seq, peer: id, incarnation, ...event };
    for (const reader of this.#readers) reader(logged);
  }
}

/** True of the events that the log leaves out: pings, and answers too long for a line. */
export function isFolded(event: LoggedEvent): boolean {
  if (event.event === "line") return event.fold;
  return event.event === "outcome" && event.outcome.kind === "listed";
}
