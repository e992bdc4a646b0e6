/**
 * The one outgoing stream to an address: dialled when something is to be sent, or at all times while
 * it is watched. A link that breaks while watched is dialled again at once; if that is refused, nobody
 * listens there any more, and it is known within a millisecond or two.
 */
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import { type ConnectionHandler, drop, finish, type Wire } from "./connection.ts";
import type { Cancel, Dialer } from "./dial.ts";
import {
  CUT_MS,
  DIAL_OLD_MS,
  LINK_IDLE_MS,
  LINK_QUEUE_BYTES,
  QUICK_BREAK_MS,
  QUICK_BREAKS,
  RENEW_MS,
  SILENCE_MS,
  STALL_MS,
  WATCH_RETRY_MS,
} from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { Pulse } from "./pulse.ts";
import { mayBe } from "./securing.ts";

export type LinkOptions = {
  readonly address: Address;
  readonly dialer: Pick<Dialer, "dial">;
  /** The first frame of a connection, and one now and then: what comes back shows that it is read. */
  hello(beat: number): Uint8Array;
  unreachable(how: Unreachable): void;
  /** Whoever listens here has said who it is, after `greet`. */
  greeted(by: Member): void;
  dropped(frames: number): void;
  /** The link has no connection and wants none. */
  ended(): void;
};

export class Link implements ConnectionHandler {
  readonly #options: LinkOptions;
  readonly #outbox = new Outbox(LINK_QUEUE_BYTES);
  #socket: Wire | null = null;
  #cancelDial: Cancel | null = null;
  #retry: Timer | null = null;
  #watched = false;
  #flushing = false;
  /** It is to be told who says the next hello that comes back. */
  #greets = false;
  #openedAt = 0;
  /** The latest dial: when it began, and whether the system there has answered, and the peer is waited for. */
  #dialled = { at: 0, isAnswered: false };
  #quickBreaks = 0;
  /** When something was last sent here, or it was made; and when the address was last heard. */
  #usedAt = performance.now();
  #heardAt = Number.NEGATIVE_INFINITY;
  /** When the socket last took bytes, or had none to take. */
  #movedAt = performance.now();
  #pulse = new Pulse();
  /** The frames that wait were already carried over to a new connection once. */
  #carriedOver = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get watched(): boolean {
    return this.#watched;
  }

  get address(): Address {
    return this.#options.address;
  }

  /** When something was last sent here. */
  get usedAt(): number {
    return this.#usedAt;
  }

  watch(): void {
    this.#watched = true;
    if (this.#socket === null && this.#retry === null) this.#dial();
  }

  unwatch(): void {
    this.#watched = false;
    this.#stopRetry();
    if (this.#socket === null && this.#cancelDial === null) this.#options.ended();
  }

  /** Queues a frame; it goes out with all others of this turn of the event loop, in one write. */
  send(frame: Uint8Array): void {
    const now = performance.now();
    this.#usedAt = now;
    this.#push(frame, now);
    if (this.#socket === null) this.#dial();
    else if (!this.#flushing) {
      this.#flushing = true;
      // After all that has come in is worked on, and before anything is waited for.
      setImmediate(() => {
        this.#flushing = false;
        this.#flush();
      });
    }
  }

  /** Has whoever listens there say who it is: the next hello that comes back tells. */
  greet(): void {
    this.#greets = true;
    this.#usedAt = performance.now();
    if (this.#socket === null) this.#dial();
    else if (!this.#pulse.isAwaited) this.#beat(this.#usedAt);
  }

  /** Looks for what is overdue. */
  sweep(now: number): void {
    if (this.#socket === null) return;
    const still = this.#outbox.size > 0 && now - this.#movedAt > STALL_MS;
    if (still || this.#pulse.isStalled(now)) {
      this.#hangUp();
      this.#fail("timeout");
    } else if (this.#outbox.size === 0 && !this.#watched && now - this.#usedAt > LINK_IDLE_MS) {
      this.close();
    } else if (this.#pulse.isDue(now)) this.#beat(now);
  }

  /** This very process was asleep: what it waits for has its time anew. */
  woke(now: number): void {
    this.#movedAt = now;
    this.#pulse.woke(now);
  }

  /** The address was just heard from: it can be reached, and there is no use in waiting any longer. */
  heard(now: number): void {
    const silentMs = now - this.#heardAt;
    const silent = silentMs > SILENCE_MS;
    this.#heardAt = now;
    if (this.#socket !== null) {
      // A connection that has carried something since is as good as word.
      if (Math.min(silentMs, now - this.#openedAt) <= CUT_MS || !this.#pulse.isLate(now)) return;
      // What it still has waits for its system; a new one is there within a round trip.
      this.#hangUp();
      this.closed();
      return;
    }
    if (!silent && now - this.#dialled.at < RENEW_MS) return;
    if (this.#cancelDial !== null) {
      if (this.#dialled.isAnswered || now - this.#dialled.at < DIAL_OLD_MS) return;
      this.#stopDial();
    } else if (this.#retry === null) return;
    this.#dial(now);
  }

  /** Goes on by a new connection: the former ends when it has delivered what was written to it. */
  moveOver(): void {
    if (this.#socket !== null && this.#cancelDial === null) this.#reach(performance.now());
  }

  /** Resets the connection, so that what the kernels still have is never delivered; drops what waits. */
  sever(): void {
    this.#hangUp();
    this.#stopDial();
    this.#options.dropped(this.#outbox.size);
    this.#outbox.clear();
    this.#carriedOver = false;
    if (this.#watched) this.#retryLater();
    else this.#options.ended();
  }

  /** Writes what can be written at once and closes. */
  close(): void {
    this.#watched = false;
    this.#stopRetry();
    this.#stopDial();
    if (this.#socket !== null) {
      this.#outbox.flush(this.#socket);
      finish(this.#socket);
      this.#socket = null;
    }
    this.#options.dropped(this.#outbox.size);
    this.#outbox.clear();
    this.#options.ended();
  }

  opened(): void {}

  /** Peers answer on links of their own: nothing is to come on this one but its own hellos. */
  data(bytes: Uint8Array): void {
    const by = this.#pulse.read(bytes, performance.now());
    if (by === false) {
      this.#hangUp();
      this.#options.dropped(1);
      this.closed();
    } else if (by !== null) {
      if (this.#greets && mayBe(this.#socket, by.instance)) this.#options.greeted(by);
      this.#greets = false;
    }
  }

  drain(): void {
    this.#flush();
  }

  closed(): void {
    this.#socket = null;
    const brief = performance.now() - this.#openedAt < QUICK_BREAK_MS;
    this.#quickBreaks = brief ? this.#quickBreaks + 1 : 0;
    if (this.#outbox.size > 0 && this.#carriedOver) {
      this.#options.dropped(this.#outbox.size);
      this.#outbox.clear();
    }
    this.#carriedOver = this.#outbox.size > 0;
    if (this.#watched && this.#quickBreaks >= QUICK_BREAKS) this.#retryLater();
    else if (this.#watched || this.#carriedOver) this.#dial();
    else this.#options.ended();
  }

  #dial(now = performance.now()): void {
    if (this.#cancelDial !== null) return;
    this.#stopRetry();
    this.#reach(now);
  }

  #reach(now: number): void {
    const dialled = { at: now, isAnswered: false };
    this.#dialled = dialled;
    const done = (result: Wire | Unreachable): void => {
      this.#cancelDial = null;
      if (typeof result !== "string") {
        if (this.#socket !== null) finish(this.#socket);
        this.#begin(result);
      } else if (this.#socket === null) this.#fail(result);
    };
    this.#cancelDial = this.#options.dialer.dial(this.#options.address, this, done, () => {
      dialled.isAnswered = true;
    });
  }

  #begin(socket: Wire): void {
    this.#socket = socket;
    this.#openedAt = performance.now();
    this.#movedAt = this.#openedAt;
    this.#pulse = new Pulse();
    this.#outbox.restart(this.#options.hello(this.#pulse.begin(this.#openedAt)));
    this.#flush();
  }

  #fail(how: Unreachable): void {
    this.#outbox.clear();
    this.#carriedOver = false;
    if (this.#watched) this.#retryLater();
    else this.#options.ended();
    this.#options.unreachable(how);
  }

  #beat(now: number): void {
    const beat = this.#pulse.begin(now, this.#outbox.bytes);
    this.#push(this.#options.hello(beat), now);
    this.#flush();
  }

  #flush(): void {
    if (this.#socket === null) return;
    const taken = this.#outbox.flush(this.#socket);
    this.#pulse.sent(taken);
    if (taken > 0) this.#movedAt = performance.now();
    if (this.#outbox.size === 0) this.#carriedOver = false;
  }

  #retryLater(): void {
    this.#stopRetry();
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#dial();
    }, WATCH_RETRY_MS);
  }

  #push(frame: Uint8Array, now: number): void {
    if (this.#outbox.size === 0) this.#movedAt = now;
    const age = this.#pulse.age(now);
    if (this.#outbox.push(frame, age)) return;
    // What waits for the end of this turn need not: only a slow peer's frames are dropped.
    this.#flush();
    if (!this.#outbox.push(frame, age)) this.#options.dropped(1);
  }

  #hangUp(): void {
    if (this.#socket !== null) drop(this.#socket);
    this.#socket = null;
  }

  #stopDial(): void {
    this.#cancelDial?.();
    this.#cancelDial = null;
  }

  #stopRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }
}
