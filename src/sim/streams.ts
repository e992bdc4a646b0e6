/**
 * Streams as kernels keep them: what was given to one stays with it while its way is cut or hangs, is
 * sent again, twice as late each time, and arrives late and in order, also after its sender's process
 * has ended. It is lost when the stream is reset, given up, or when the receiver's process is another.
 */
import type { Address } from "../protocol/model/member.ts";
import type { SimContent } from "./bodies.ts";
import type { Host } from "./host.ts";
import type { Link } from "./network.ts";
import type { MessageInput, SimServices } from "./services.ts";

/** What a stream carries: one message with its body. */
export type Frame = {
  readonly input: MessageInput;
  readonly content: SimContent | null;
  readonly sentAt: number;
  /** The first of its connection: its receiver has nothing to compare its time with. */
  readonly first: boolean;
  /** It has arrived before, over a connection that broke. */
  readonly again: boolean;
  arrived: boolean;
  lost: boolean;
};

/** One connection, from the process that dialled it. */
export type Stream = {
  readonly host: Host;
  /** The sender's process, and its address then: without them nothing is told, or sent. */
  readonly run: number;
  readonly source: Address;
  readonly to: Address;
  /** How often its way had been severed when it was dialled. */
  readonly severed: number;
  state: "dialling" | "open" | "ended";
  /** The receiver's process, once something has arrived. */
  toRun: number | null;
  /** When the last frame arrives: the next does not overtake it. */
  lastAt: number;
  /** The last few that were sent, arrived or not. */
  readonly recent: Frame[];
  /** What waits in the kernel, or for the end of a dial. */
  held: Frame[];
  heldSince: number;
  waitMs: number;
  patienceMs: number;
  /** Frames that arrived without the sender hearing so. */
  unheard: number;
};

/** What the streams tell of themselves. */
export type StreamReader = {
  deliver(target: Host, frame: Frame): void;
  /** Nobody listens there. */
  refused(host: Host, to: Address): void;
  timedOut(host: Host, to: Address): void;
};

/** A dial is given up after so long. */
export const DIAL_MS = 1_000;
/** Linux sends again after so long, then twice as late each time up to two minutes. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 120_000;
/** A peer resets a stream on which nothing has moved for so long, or whose hello has not come back. */
const PATIENCE_MS = [10_000, 12_000, 14_000] as const;
/** The kernel of one whose process has ended gives it up after minutes. */
const KERNEL_PATIENCE_MS = 120_000;
/** The first window: so many frames go out before one has been acknowledged. */
const WINDOW = 10;
/** Frames that may be lost or come twice when a stream is reset. */
const RECENT = 4;
/** After a reset it comes twice only if it has arrived so lately that its sender cannot know. */
const UNACKNOWLEDGED_MS = 1_000;

const CUT: Link = { kind: "cut" };

export class Streams {
  readonly #byHost = new WeakMap<Host, Map<Address, Stream>>();
  readonly #severings = new WeakMap<Host, Map<Address, number>>();

  constructor(
    private readonly services: SimServices,
    private readonly reader: StreamReader,
  ) {}

  /** Gives a message to the stream to an address, which is dialled if there is none. */
  send(host: Host, to: Address, input: MessageInput, content: SimContent | null): void {
    const known = this.#of(host).get(to);
    const stream =
      known?.state === "ended" || known?.run !== host.run ? this.#dial(host, to) : known;
    const first = stream.lastAt === 0 && stream.held.length === 0;
    const sentAt = this.services.now;
    this.#put(stream, { input, content, sentAt, first, again: false, arrived: false, lost: false });
  }

  /**
   * The stream to an address breaks under both. What was under way is lost, or goes over a new one,
   * and then perhaps for the second time.
   */
  reset(host: Host, to: Address): void {
    const stream = this.#of(host).get(to);
    if (stream === undefined || stream.state === "ended") return;
    const { generator, now } = this.services;
    const fate = generator.pick(["lost", "carried over", "twice"]);
    const again = [...stream.recent, ...stream.held].filter((frame) => {
      if (!frame.arrived) return fate !== "lost";
      return fate === "twice" && now - frame.sentAt < UNACKNOWLEDGED_MS;
    });
    for (const frame of [...stream.recent, ...stream.held]) frame.lost = true;
    this.#end(stream);
    if (host.peer === null || host.run !== stream.run || again.length === 0) return;
    const anew = this.#dial(host, to);
    for (const frame of again) {
      this.#put(anew, { ...frame, again: frame.arrived, arrived: false, lost: false });
    }
  }

  /** The process that a stream led to has ended, and its kernel says so: the next message dials anew. */
  broken(host: Host, to: Address): void {
    const stream = this.#of(host).get(to);
    if (stream !== undefined && stream.state === "open") this.#end(stream);
  }

  /** Nothing that is under way on any stream to an address arrives, and nothing is told. */
  sever(host: Host, to: Address): void {
    const own = this.#severings.get(host) ?? new Map<Address, number>();
    this.#severings.set(host, own.set(to, this.#severedOf(host, to) + 1));
    const stream = this.#of(host).get(to);
    if (stream !== undefined) this.#end(stream);
  }

  /** The same with every stream that a host has dialled. */
  severAll(host: Host): void {
    for (const to of [...this.#of(host).keys()]) this.sever(host, to);
  }

  #severedOf(host: Host, to: Address): number {
    return this.#severings.get(host)?.get(to) ?? 0;
  }

  /** A machine without power keeps nothing that it wanted to send. */
  losePower(host: Host): void {
    for (const stream of this.#of(host).values()) this.#end(stream);
  }

  /** The stream's way from where it was dialled to where it leads. */
  #way({ host, source, to }: Stream): Link {
    // An address that was left answers nothing, and what was dialled from one is heard no more.
    if (this.services.isLeft(to) || !host.places.includes(source)) return CUT;
    return this.services.network.streamLink(host.address, this.services.at(to)?.address ?? to);
  }

  #dial(host: Host, to: Address): Stream {
    const stream: Stream = {
      host,
      run: host.run,
      source: this.services.sourceOf(host, to),
      to,
      severed: this.#severedOf(host, to),
      state: "open",
      toRun: null,
      lastAt: 0,
      recent: [],
      held: [],
      heldSince: 0,
      waitMs: 0,
      patienceMs: 0,
      unheard: 0,
    };
    this.#of(host).set(to, stream);
    const { kind } = this.#way(stream);
    if (kind === "cut" || kind === "unheard") {
      stream.state = "dialling";
      this.services.queue.plan(this.services.now + DIAL_MS, () => this.#dialled(stream));
    }
    return stream;
  }

  /** What is dialled again and again gets through when the link is mended in time. */
  #dialled(stream: Stream): void {
    if (stream.state !== "dialling") return;
    if (this.#way(stream).kind === "cut" || this.#way(stream).kind === "unheard") {
      this.#fail(stream);
      return;
    }
    stream.state = "open";
    for (const frame of stream.held.splice(0)) this.#put(stream, frame);
  }

  #put(stream: Stream, frame: Frame): void {
    if (stream.state === "dialling" || stream.held.length > 0) {
      this.#hold(stream, frame);
      return;
    }
    const link = this.#way(stream);
    if (link.kind === "open") stream.unheard = 0;
    else if (link.kind === "unheard") stream.unheard += 1;
    if (link.kind === "open" || (link.kind === "unheard" && stream.unheard <= WINDOW)) {
      this.#transmit(stream, frame, link.extraMs);
    } else this.#hold(stream, frame);
  }

  #transmit(stream: Stream, frame: Frame, extraMs: number): void {
    const { network, queue, now } = this.services;
    stream.lastAt = Math.max(now + extraMs + network.delay(), stream.lastAt);
    if (stream.recent.push(frame) > RECENT) stream.recent.shift();
    queue.plan(stream.lastAt, () => this.#arrive(stream, frame));
  }

  #arrive(stream: Stream, frame: Frame): void {
    // One whose process has ended, or that was given up, may have been severed too.
    if (frame.lost || stream.severed !== this.#severedOf(stream.host, stream.to)) return;
    const target = this.services.at(stream.to);
    const { host, to } = stream;
    if (this.services.isLeft(to)) return;
    const other = stream.toRun !== null && stream.toRun !== target?.run;
    if (target === undefined || target.peer === null || other) {
      this.#end(stream);
      const listens = target !== undefined && target.peer !== null;
      if (!listens && host.run === stream.run) this.reader.refused(host, to);
      return;
    }
    stream.toRun = target.run;
    frame.arrived = true;
    this.reader.deliver(target, frame);
  }

  #hold(stream: Stream, frame: Frame): void {
    if (stream.held.length >= stream.host.limits.heldFrames) {
      // Full buffers on both sides: the link sees that nothing moves.
      this.#fail(stream);
      return;
    }
    stream.held.push(frame);
    if (stream.held.length > 1 || stream.state === "dialling") return;
    stream.heldSince = this.services.now;
    stream.waitMs = FIRST_WAIT_MS;
    stream.patienceMs = this.services.generator.pick(PATIENCE_MS);
    this.#retryLater(stream);
  }

  #retryLater(stream: Stream): void {
    const { now, queue } = this.services;
    const next = now + stream.waitMs;
    const end = stream.heldSince + stream.patienceMs;
    queue.plan(end > now ? Math.min(next, end) : next, () => this.#retry(stream));
  }

  #retry(stream: Stream): void {
    if (stream.state !== "open" || stream.held.length === 0) return;
    if (stream.severed !== this.#severedOf(stream.host, stream.to)) {
      this.#end(stream);
      return;
    }
    if (this.#way(stream).kind === "open") {
      for (const frame of stream.held.splice(0)) this.#put(stream, frame);
    } else if (this.services.now - stream.heldSince >= this.#patience(stream)) {
      this.#fail(stream);
    } else {
      stream.waitMs = Math.min(2 * stream.waitMs, LONGEST_WAIT_MS);
      this.#retryLater(stream);
    }
  }

  #patience({ host, run, patienceMs }: Stream): number {
    return host.run === run ? patienceMs : KERNEL_PATIENCE_MS;
  }

  #fail(stream: Stream): void {
    const { host, run, to } = stream;
    this.#end(stream);
    if (host.run === run) this.reader.timedOut(host, to);
  }

  /** Nothing more arrives of what is held; what is on its way does. */
  #end(stream: Stream): void {
    stream.state = "ended";
    stream.held.length = 0;
    const streams = this.#of(stream.host);
    if (streams.get(stream.to) === stream) streams.delete(stream.to);
  }

  /** The streams that a host's process, or the one before it, has dialled. */
  #of(host: Host): Map<Address, Stream> {
    const known = this.#byHost.get(host);
    if (known !== undefined) return known;
    const none = new Map<Address, Stream>();
    this.#byHost.set(host, none);
    return none;
  }
}
