/**
 * The one outgoing stream to an address: dialled when something is to be sent, or at all times while
 * it is watched. A link that breaks while watched is dialled again at once; if that is refused, nobody
 * listens there any more, and it is known within a millisecond or two.
 */
import type { Unreachable } from "../protocol/io.ts";
import type { Address } from "../protocol/member.ts";
import type { Cancel, Dialer } from "./dial.ts";
import { drop, type Ear, finish, type Wire } from "./ear.ts";
import {
  LINK_IDLE_MS,
  LINK_QUEUE_BYTES,
  QUICK_BREAK_MS,
  QUICK_BREAKS,
  STALL_MS,
  WATCH_RETRY_MS,
} from "./limits.ts";
import { Outbox } from "./outbox.ts";

export type LinkOptions = {
  readonly address: Address;
  readonly dialer: Dialer;
  /** The first frame of a connection. */
  hello(): Uint8Array;
  unreachable(how: Unreachable): void;
  dropped(frames: number): void;
  /** The link has no connection and wants none. */
  ended(): void;
};

export class Link implements Ear {
  readonly #options: LinkOptions;
  readonly #outbox = new Outbox(LINK_QUEUE_BYTES);
  #socket: Wire | null = null;
  #cancelDial: Cancel | null = null;
  #retry: Timer | null = null;
  #watched = false;
  #flushing = false;
  #openedAt = 0;
  #quickBreaks = 0;
  /** When something was last sent, or the socket last took bytes. */
  #movedAt = performance.now();
  /** The frames that wait were already carried over to a new connection once. */
  #carriedOver = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get watched(): boolean {
    return this.#watched;
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
    if (this.#outbox.size === 0) this.#movedAt = performance.now();
    if (!this.#outbox.push(frame)) {
      // What waits for the end of this turn need not: only a slow peer's frames are dropped.
      this.#flush();
      if (!this.#outbox.push(frame)) this.#options.dropped(1);
    }
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

  /** Looks for what is overdue. */
  sweep(now: number): void {
    const still = now - this.#movedAt;
    if (this.#socket === null) return;
    if (this.#outbox.size > 0 && still > STALL_MS) {
      drop(this.#socket);
      this.#socket = null;
      this.#fail("timeout");
    } else if (this.#outbox.size === 0 && !this.#watched && still > LINK_IDLE_MS) {
      this.close();
    }
  }

  /** Writes what can be written at once and closes. */
  close(): void {
    this.#watched = false;
    this.#stopRetry();
    this.#cancelDial?.();
    this.#cancelDial = null;
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

  /** Peers answer on links of their own: nothing is to come on this one. */
  data(): void {
    if (this.#socket !== null) drop(this.#socket);
    this.#options.dropped(1);
    this.closed();
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

  #dial(): void {
    if (this.#cancelDial !== null) return;
    this.#stopRetry();
    this.#cancelDial = this.#options.dialer.dial(this.#options.address, this, (result) => {
      this.#cancelDial = null;
      if (typeof result === "string") return this.#fail(result);
      this.#socket = result;
      this.#openedAt = performance.now();
      this.#movedAt = this.#openedAt;
      this.#outbox.restart(this.#options.hello());
      this.#flush();
    });
  }

  #fail(how: Unreachable): void {
    this.#outbox.clear();
    this.#carriedOver = false;
    if (this.#watched) this.#retryLater();
    else this.#options.ended();
    this.#options.unreachable(how);
  }

  #flush(): void {
    if (this.#socket === null) return;
    if (this.#outbox.flush(this.#socket) > 0) this.#movedAt = performance.now();
    if (this.#outbox.size === 0) this.#carriedOver = false;
  }

  #retryLater(): void {
    this.#stopRetry();
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#dial();
    }, WATCH_RETRY_MS);
  }

  #stopRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }
}
