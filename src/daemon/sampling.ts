/**
 * What the log takes of the events of requests: all, up to a number in a second; of those beyond it one event says
 * how many they were. A peer that serves thousands a second would spend a good part of its time on their JSON.
 */
import type { LoggedEvent } from "../control/types.ts";
import { BODY_BYTES } from "../protocol/model/config.ts";
import { REQUEST_EVENTS_LOGGED, REQUEST_EVENTS_MS } from "./limits.ts";

export class RequestSampling {
  #taken = 0;
  #omitted = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** @param tell is given how many events were left out in the last second or so, after each in which some were */
  constructor(private readonly tell: (events: number, ms: number) => void) {}

  /** @returns false of an event that the log is to leave out */
  takes(event: LoggedEvent): boolean {
    if (!isOfRequest(event)) return true;
    this.#timer ??= setTimeout(() => this.#next(), REQUEST_EVENTS_MS);
    this.#taken += 1;
    if (this.#taken <= REQUEST_EVENTS_LOGGED) return true;
    this.#omitted += 1;
    return false;
  }

  /** Tells of what has been left out, and lets the timer go. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#next();
  }

  #next(): void {
    const omitted = this.#omitted;
    this.#timer = null;
    this.#taken = 0;
    this.#omitted = 0;
    if (omitted > 0) this.tell(omitted, REQUEST_EVENTS_MS);
  }
}

/** True of what happens with each small request. What failed, and what is large, is rare and worth its line. */
function isOfRequest(event: LoggedEvent): boolean {
  switch (event.event) {
    case "line":
      return event.request === true;
    case "route":
      return true;
    case "outcome":
      return event.outcome.kind !== "failed";
    case "transfer":
      return event.outcome === "ok" && event.size <= BODY_BYTES;
    default:
      return false;
  }
}
