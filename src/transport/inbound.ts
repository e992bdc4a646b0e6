/** Connections that others open: frames come in on them, or one content goes out. */
import type { Address, Member } from "../protocol/model/member.ts";
import type { Fetch, FetchPart } from "../protocol/model/messages.ts";
import type { Age } from "../wire/age.ts";
import { FrameReader } from "../wire/frame.ts";
import type { WireMessage } from "../wire/table.ts";
import type { Admitted } from "./admission.ts";
import { Echoes } from "./beats.ts";
import { Broken } from "./broken.ts";
import { type ConnectionHandler, drop, type Wire } from "./connection.ts";
import { FRAME_DEADLINE_MS, INBOUND_BUFFERED_BYTES, SILENT_STREAM_MS } from "./limits.ts";

export type InboundOptions = {
  /** Connections at a time. */
  readonly most: number;
  /** @param instance of whom the connection was proved to be; null where it was not */
  admit(bytes: Uint8Array, host: string, instance: string | null): Admitted;
  /** @param heldMs it was under way for at most so long; null where that cannot be told */
  message(from: Member, message: WireMessage, body: Uint8Array | null, heldMs: number | null): void;
  /** A hello, to be sent back. */
  hello(beat: number): Uint8Array;
  /** The connection is handed over: it carries one content. */
  fetch(socket: Wire, from: Member, fetch: Fetch | FetchPart): void;
  /** It is a member's address. */
  isMember(address: Address): boolean;
  /** What came from there was no frame to be taken, or took too long. */
  refused(reason: string, from: Address): void;
  /** A connection was closed, or not taken, because there are too many. */
  crowded(from: Address): void;
};

/** All of them. Strangers are those that have not sent one valid frame yet. */
export class Inbound {
  readonly #options: InboundOptions;
  /** Oldest first. */
  readonly #strangers = new Set<Caller>();
  /** Least recently heard first. */
  readonly #known = new Set<Caller>();
  readonly #broken = new Broken();
  #buffered = 0;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#strangers.size + this.#known.size;
  }

  /**
   * Takes a new connection in. When there are too many, the oldest stranger goes for it, or else the stalest that
   * is no member's; it goes itself where there are members' only.
   * @param instance of whom it was proved to be; null where it was not
   */
  accept(socket: Wire, instance: string | null = null): void {
    if (this.size >= this.#options.most) {
      const victim = this.#leastWanted();
      this.#options.crowded(victim?.name ?? socket.remoteAddress);
      if (victim === null) {
        drop(socket);
        return;
      }
      victim.hangUp();
    }
    const caller: Caller = new Caller(socket, instance, this.#options, {
      named: (before, now) => this.#broken.moved(before, now),
      heard: () => {
        this.#strangers.delete(caller);
        this.#known.delete(caller);
        this.#known.add(caller);
      },
      held: (change) => {
        this.#buffered += change;
        if (this.#buffered > INBOUND_BUFFERED_BYTES) this.#relieve();
      },
      ended: (broke) => {
        this.#strangers.delete(caller);
        this.#known.delete(caller);
        if (caller.address !== null) this.#broken.ended(caller.address, broke, performance.now());
      },
    });
    this.#strangers.add(caller);
    socket.data = caller;
  }

  /** True while a stream from an address is open. */
  hasFrom(address: Address): boolean {
    return this.#broken.isOpen(address);
  }

  /** True if a stream from an address has just ended from there, and none is open. */
  broke(address: Address): boolean {
    return this.#broken.has(address, performance.now());
  }

  /** Closes what comes from an address, unread. */
  sever(address: Address): void {
    for (const caller of [...this.#known]) if (caller.address === address) caller.hangUp();
  }

  sweep(now: number): void {
    for (const caller of [...this.#strangers, ...this.#known]) caller.sweep(now);
    this.#broken.sweep(now);
  }

  /** This very process was asleep: no other is to blame for the silence. */
  woke(now: number): void {
    for (const caller of [...this.#strangers, ...this.#known]) caller.woke(now);
  }

  close(): void {
    for (const caller of [...this.#strangers, ...this.#known]) caller.hangUp();
  }

  #leastWanted(): Caller | null {
    for (const stranger of this.#strangers) return stranger;
    for (const caller of this.#known) {
      if (caller.address === null || !this.#options.isMember(caller.address)) return caller;
    }
    return null;
  }

  /** Closes the connection whose incomplete frame takes the most memory. */
  #relieve(): void {
    let largest: Caller | null = null;
    for (const caller of [...this.#strangers, ...this.#known]) {
      if (caller.buffered > (largest?.buffered ?? 0)) largest = caller;
    }
    largest?.refuse("too much of incomplete frames");
  }
}

type CallerEvents = {
  heard(): void;
  /** Its messages are another address's from here on. */
  named(before: Address | null, now: Address): void;
  held(change: number): void;
  /** @param broke the other side, or the connection, has ended it */
  ended(broke: boolean): void;
};

/** One connection. */
class Caller implements ConnectionHandler {
  readonly #socket: Wire;
  readonly #instance: string | null;
  readonly #options: InboundOptions;
  readonly #events: CallerEvents;
  readonly #host: string;
  readonly #reader = new FrameReader();
  #open = true;
  #stranger = true;
  #held = 0;
  /** Since when a frame is awaited: the first, or the rest of one that has begun. */
  #awaitedSince: number | null = performance.now();
  #heardAt = performance.now();
  readonly #echoes = new Echoes();
  #address: Address | null = null;

  constructor(
    socket: Wire,
    instance: string | null,
    options: InboundOptions,
    events: CallerEvents,
  ) {
    this.#socket = socket;
    this.#instance = instance;
    this.#options = options;
    this.#events = events;
    this.#host = socket.remoteAddress;
  }

  get buffered(): number {
    return this.#held;
  }

  /** What it is called: its address, or its host as long as that is all that is known. */
  get name(): string {
    return this.#address ?? this.#host;
  }

  /** Whose messages come, once one has. */
  get address(): Address | null {
    return this.#address;
  }

  opened(): void {}

  drain(): void {}

  data(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    let whole = false;
    for (let frame = this.#reader.next(); frame.kind !== "more"; frame = this.#reader.next()) {
      if (frame.kind === "broken") {
        this.refuse("malformed");
        return;
      }
      if (!this.#take(frame.bytes, frame.age)) return;
      whole = true;
    }
    if (whole) {
      this.#heardAt = performance.now();
      // What is passed over may be anything, and makes nobody known.
      if (!this.#stranger) this.#events.heard();
    }
    this.#hold(this.#reader.buffered);
    if (whole || this.#awaitedSince === null) {
      this.#awaitedSince = this.#reader.buffered > 0 ? performance.now() : null;
    }
  }

  closed(): void {
    this.#leave(true);
  }

  sweep(now: number): void {
    if (this.#awaitedSince !== null && now - this.#awaitedSince > FRAME_DEADLINE_MS)
      this.refuse("no whole frame in time");
    // A sender says hello while it lives: this one has gone without a word.
    else if (now - this.#heardAt > SILENT_STREAM_MS) this.hangUp();
  }

  woke(now: number): void {
    if (this.#awaitedSince !== null) this.#awaitedSince = now;
    this.#heardAt = now;
  }

  /** Closes and counts it. */
  refuse(reason: string): void {
    this.hangUp();
    this.#options.refused(reason, this.name);
  }

  hangUp(): void {
    drop(this.#socket);
    this.#leave(false);
  }

  /** @returns false where the connection is not ours to read any more */
  #take(bytes: Uint8Array, age: Age): boolean {
    const admitted = this.#options.admit(bytes, this.#host, this.#instance);
    if ("error" in admitted) {
      if (admitted.later === true) this.#options.refused(admitted.error, this.name);
      else this.refuse(admitted.error);
      return admitted.later === true;
    }
    const { from, message, body } = admitted;
    if (message.tag === "fetch" || message.tag === "fetch-part") {
      if (this.#stranger && this.#reader.buffered === 0) this.#handOver(from, message);
      else this.refuse("a fetch amid other messages");
      return false;
    }
    if (this.#stranger) this.#events.heard();
    this.#stranger = false;
    this.#name(from.address);
    if (message.tag === "hello") this.#answer(message.beat);
    else {
      const heldMs = this.#echoes.heldMs(age, performance.now());
      this.#options.message(from, message, body, heldMs);
    }
    return this.#open;
  }

  #answer(beat: number): void {
    if (beat === 0) return;
    const hello = this.#options.hello(beat);
    this.#echoes.sends(beat, performance.now());
    // One that says hello and never reads is not waited for.
    if (this.#socket.write(hello) < hello.length) this.hangUp();
  }

  #name(address: Address): void {
    if (this.#address === address) return;
    this.#events.named(this.#address, address);
    this.#address = address;
  }

  #handOver(from: Member, fetch: Fetch | FetchPart): void {
    this.#leave(false);
    this.#options.fetch(this.#socket, from, fetch);
  }

  #leave(broke: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    this.#hold(0);
    this.#events.ended(broke);
  }

  #hold(bytes: number): void {
    const change = bytes - this.#held;
    this.#held = bytes;
    if (change !== 0) this.#events.held(change);
  }
}
