/** The one stream of what happens at a peer, and its readers. */
import { epochNow, type LoggedEvent } from "../control/types.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import type { Address } from "../protocol/model/member.ts";
import { LOST_TOLD_MS, THROWN_KINDS, THROWN_TOLD_MS } from "./limits.ts";
import type { OwnRecord } from "./own-record.ts";

export type Reader = (event: LoggedEvent) => void;

export class EventStream {
  readonly #readers = new Set<Reader>();
  #seq = 0;

  constructor(private readonly own: Pick<OwnRecord, "self">) {}

  /** @returns a function that ends the subscription */
  subscribe(reader: Reader): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  /** Numbers an event and gives it to all readers, in the order in which they came. */
  publish(event: PeerEvent): void {
    const { id, incarnation } = this.own.self;
    this.#seq += 1;
    const at = epochNow();
    const logged = numbered(event, at, this.#seq, id, incarnation);
    for (const reader of this.#readers) reader(logged);
  }
}

function numbered(
  event: PeerEvent,
  at: number,
  seq: number,
  peer: number,
  incarnation: number,
): LoggedEvent {
  if (event.event !== "line") return { v: 1, at, seq, peer, incarnation, ...event };
  // Most are lines, and a spread takes longer.
  const { text, fold } = event;
  if (event.request === undefined)
    return { v: 1, at, seq, peer, incarnation, event: "line", text, fold };
  return { v: 1, at, seq, peer, incarnation, event: "line", text, fold, request: true };
}

/**
 * Says so when events had to be left out of the log, now and then and with their number.
 * @returns a function that ends that
 */
export function tellOfLost(log: { readonly lost: number }, events: EventStream): () => void {
  let told = log.lost;
  const timer = setInterval(() => {
    const left = log.lost - told;
    told = log.lost;
    if (left === 0) return;
    const text = `Events that are not in events.jsonl, since the disk was too slow or too full for them: ${left}.`;
    events.publish({ event: "note", text });
  }, LOST_TOLD_MS);
  return () => clearInterval(timer);
}

/** Says of each kind of message that the wire could not hold, which was left out, that it is: once, and no reason to end. */
export function tellOfUnsent(events: EventStream): (kind: string, why: string) => void {
  const told = new Set<string>();
  return (kind, why) => {
    if (told.has(kind)) return;
    told.add(kind);
    const text = `A message of the kind "${kind}" does not fit the wire (${why}): it is left out, as all others like it (a bug in p2p).`;
    events.publish({ event: "note", text });
  };
}

/**
 * Says of messages over which the peer threw, and of which it has kept nothing, that there were such: each
 * kind once in the log, with the place, and one sentence a minute for people.
 */
export function tellOfThrown(
  events: EventStream,
): (tag: string, from: Address, error: unknown) => void {
  const logged = new Set<string>();
  let saidAt = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return (tag, from, error) => {
    const { what, stack } = causeOf(error);
    const kind = `${tag} ${what}`;
    if (!logged.has(kind) && logged.size < THROWN_KINDS) {
      logged.add(kind);
      events.publish({ event: "thrown", tag, from, why: what, stack });
    }
    unsaid += 1;
    if (performance.now() - saidAt < THROWN_TOLD_MS) return;
    const times = unsaid === 1 ? "" : ` (${unsaid} so far)`;
    saidAt = performance.now();
    const text = `A message of the kind "${tag}" from ${from} was dropped${times}, since dealing with it failed: ${what} (a bug in p2p; events.jsonl in the data folder says where). Nothing of it was kept.`;
    events.publish({ event: "note", text });
  };
}

/** True of the events that the log leaves out: pings, and answers too long for a line. */
export function isFolded(event: LoggedEvent): boolean {
  if (event.event === "line") return event.fold;
  if (event.event !== "outcome") return false;
  return event.outcome.kind === "listed" || event.outcome.kind === "surveyed";
}

/** The event of a crash: one sentence, and where it was. */
export function crashOf(error: unknown): Extract<PeerEvent, { event: "crash" }> {
  const { what, stack } = causeOf(error);
  const text = `Unexpected error: ${what} (a bug in p2p; events.jsonl in the data folder says where)`;
  return { event: "crash", text, stack };
}

/** What was thrown, in one line, and where. */
function causeOf(error: unknown): { readonly what: string; readonly stack: string } {
  const what = error instanceof Error ? error.message || error.name : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return { what: what.trim().replace(/\s*\n\s*/g, " "), stack };
}
