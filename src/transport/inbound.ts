/** Connections that others open: frames come in on them, or one content goes out. */
import type { Member } from "../protocol/member.ts";
import type { Fetch } from "../protocol/messages.ts";
import { FrameReader } from "../wire/frame.ts";
import type { WireMessage } from "../wire/table.ts";
import { drop, type Ear, type Wire } from "./ear.ts";
import { FRAME_DEADLINE_MS, INBOUND_BUFFERED_BYTES } from "./limits.ts";

/** A message let in, or why it was not. */
export type Admitted =
  | { readonly from: Member; readonly message: WireMessage; readonly body: Uint8Array | null }
  | { readonly error: string };

export type InboundOptions = {
  /** Connections at a time. */
  readonly most: number;
  admit(bytes: Uint8Array, host: string): Admitted;
  message(from: Member, message: WireMessage, body: Uint8Array | null): void;
  /** The connection is handed over: it carries one content. */
  fetch(socket: Wire, from: Member, fetch: Fetch): void;
  refused(): void;
};

/** All of them. Strangers are those that have not sent one valid frame yet. */
export class Inbound {
  readonly #options: InboundOptions;
  /** Oldest first. */
  readonly #strangers = new Set<Caller>();
  /** Least recently heard first. */
  readonly #known = new Set<Caller>();
  #buffered = 0;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#strangers.size + this.#known.size;
  }

  /** Takes a new connection in; when there are too many, the oldest stranger goes, or else the stalest. */
  accept(socket: Wire): void {
    if (this.size >= this.#options.most) {
      const [victim] = this.#strangers.size > 0 ? this.#strangers : this.#known;
      victim?.hangUp();
    }
    const caller: Caller = new Caller(socket, this.#options, {
      heard: () => {
        this.#strangers.delete(caller);
        this.#known.delete(caller);
        this.#known.add(caller);
      },
      held: (change) => {
        this.#buffered += change;
        if (this.#buffered > INBOUND_BUFFERED_BYTES) this.#relieve();
      },
      gone: () => {
        this.#strangers.delete(caller);
        this.#known.delete(caller);
      },
    });
    this.#strangers.add(caller);
    socket.data = caller;
  }

  sweep(now: number): void {
    for (const caller of [...this.#strangers, ...this.#known]) caller.sweep(now);
  }

  close(): void {
    for (const caller of [...this.#strangers, ...this.#known]) caller.hangUp();
  }

  /** Closes the connection whose incomplete frame takes the most memory. */
  #relieve(): void {
    let largest: Caller | null = null;
    for (const caller of [...this.#strangers, ...this.#known]) {
      if (caller.buffered > (largest?.buffered ?? 0)) largest = caller;
    }
    largest?.refuse();
  }
}

type CallerEvents = { heard(): void; held(change: number): void; gone(): void };

/** One connection. */
class Caller implements Ear {
  readonly #socket: Wire;
  readonly #options: InboundOptions;
  readonly #events: CallerEvents;
  readonly #host: string;
  readonly #reader = new FrameReader();
  #open = true;
  #stranger = true;
  #held = 0;
  /** Since when a frame is awaited: the first, or the rest of one that has begun. */
  #awaitedSince: number | null = performance.now();

  constructor(socket: Wire, options: InboundOptions, events: CallerEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    this.#host = socket.remoteAddress;
  }

  get buffered(): number {
    return this.#held;
  }

  opened(): void {}

  drain(): void {}

  data(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    let whole = false;
    for (let frame = this.#reader.next(); frame.kind !== "more"; frame = this.#reader.next()) {
      if (frame.kind === "broken") {
        this.refuse();
        return;
      }
      if (!this.#take(frame.bytes)) return;
      whole = true;
    }
    if (whole) this.#events.heard();
    this.#hold(this.#reader.buffered);
    if (whole || this.#awaitedSince === null) {
      this.#awaitedSince = this.#reader.buffered > 0 ? performance.now() : null;
    }
  }

  closed(): void {
    this.#leave();
  }

  sweep(now: number): void {
    if (this.#awaitedSince !== null && now - this.#awaitedSince > FRAME_DEADLINE_MS) this.refuse();
  }

  /** Closes and counts it. */
  refuse(): void {
    this.hangUp();
    this.#options.refused();
  }

  hangUp(): void {
    drop(this.#socket);
    this.#leave();
  }

  /** @returns false where the connection is not ours to read any more */
  #take(bytes: Uint8Array): boolean {
    const admitted = this.#options.admit(bytes, this.#host);
    if ("error" in admitted) {
      this.refuse();
      return false;
    }
    const { from, message, body } = admitted;
    if (message.tag === "fetch") {
      if (this.#stranger && this.#reader.buffered === 0) this.#handOver(from, message);
      else this.refuse();
      return false;
    }
    if (this.#stranger) this.#events.heard();
    this.#stranger = false;
    if (message.tag !== "hello") this.#options.message(from, message, body);
    return this.#open;
  }

  #handOver(from: Member, fetch: Fetch): void {
    this.#leave();
    this.#options.fetch(this.#socket, from, fetch);
  }

  #leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#hold(0);
    this.#events.gone();
  }

  #hold(bytes: number): void {
    const change = bytes - this.#held;
    this.#held = bytes;
    if (change !== 0) this.#events.held(change);
  }
}
