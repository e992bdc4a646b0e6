/**
 * Fetching one content over a connection of its own: the sink is given bytes as it takes them, the
 * hash is kept on the way, and the end is believed only when size and hash are right.
 */
import { Failure } from "../protocol/model/failure.ts";
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address } from "../protocol/model/member.ts";
import { FrameReader } from "../wire/frame.ts";
import { decode } from "../wire/message.ts";
import { type ConnectionHandler, drop, finish, type Wire } from "./connection.ts";
import { Meter } from "./transfer-rates.ts";
import type { ContentHash } from "./types.ts";
import { type ContentSink, type Fetched, FetchFailure, type FetchTrouble } from "./types.ts";

export type DownloadOptions = {
  readonly address: Address;
  readonly ring: number;
  /** The encoded fetch, first thing to be sent. */
  readonly request: Uint8Array;
  /** The last: encodes what the content came to. */
  verdict(sha256: string): Uint8Array;
  readonly offset: number;
  /** Where a part ends, of which the hash sees nothing, and which has no verdict; null for the whole. */
  readonly until: number | null;
  /** Of the whole, as it was announced; null where nobody has said. */
  readonly size: number | null;
  readonly hash: ContentHash;
  readonly sink: ContentSink;
  /** How long nothing may come. */
  readonly stallMs: number;
  /** Called once. */
  done(result: Fetched | FetchFailure): void;
};

type Stage = "head" | "content" | "tail" | "over";

export class Download implements ConnectionHandler {
  readonly #options: DownloadOptions;
  readonly #reader = new FrameReader();
  #socket: Wire | null = null;
  #stage: Stage = "head";
  #size = 0;
  /** Bytes of the content that are still to come. */
  #left = 0;
  /** Arrived and not worked on: no more than one read of the socket, which is paused meanwhile. */
  #waiting: Uint8Array[] = [];
  #busy = false;
  #ended = false;
  /** How fast it comes. */
  readonly meter: Meter;
  readonly #stall: Deadline;

  constructor(options: DownloadOptions) {
    this.#options = options;
    const silent = () => this.#give("broken", "sent nothing for too long");
    this.#stall = new Deadline(options.stallMs, silent);
    this.meter = new Meter(options.address, true, () => this.#give("broken", "sends too slowly"));
  }

  get address(): Address {
    return this.#options.address;
  }

  /** Takes over a connection that has just been opened. */
  begin(socket: Wire): void {
    if (this.#stage === "over") {
      drop(socket);
      return;
    }
    this.#socket = socket;
    this.#awaitSender();
    // A frame this short always fits a fresh connection's buffer.
    socket.write(this.#options.request);
  }

  opened(): void {}

  drain(): void {}

  data(bytes: Uint8Array): void {
    if (this.#stage === "over") return;
    if (!this.#busy) this.#awaitSender();
    this.meter.moved(bytes.length);
    this.#waiting.push(bytes);
    this.#work();
  }

  closed(): void {
    this.#socket = null;
    this.#ended = true;
    this.#work();
  }

  /** No connection could be had. */
  unreachable(how: Unreachable): void {
    this.#give("unreachable", how === "refused" ? "listens no more" : "cannot be reached");
  }

  /** Ends the fetch without a result, for a reason of this side. */
  giveUp(sentence: string): void {
    this.#finish(new FetchFailure(sentence, "local"));
  }

  /** Takes what has arrived, piece by piece, until something has to be waited for. */
  #work(): void {
    while (!this.#busy && this.#stage !== "over") {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) {
        if (this.#ended) this.#give("broken", "broke off in the middle");
        return;
      }
      try {
        const wait = this.#take(bytes);
        if (wait !== undefined) this.#waitFor(wait);
      } catch (error) {
        this.#failLocally(error);
      }
    }
  }

  #take(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#stage === "content") return this.#content(bytes);
    this.#reader.push(bytes);
    const frame = this.#reader.next();
    if (frame.kind === "more") return undefined;
    const decoded = frame.kind === "message" ? decode(frame.bytes, "peer") : null;
    if (decoded === null || "error" in decoded || decoded.ring !== this.#options.ring) {
      this.#nonsense();
      return undefined;
    }
    const { message } = decoded;
    if (message.tag === "content" && this.#stage === "head") return this.#head(message.size);
    if (message.tag === "content-end" && this.#stage === "tail") return this.#tail(message.sha256);
    if (message.tag === "content-refused" && this.#stage === "head") {
      this.#give("refused", `does not serve it: ${message.why}`);
    } else this.#nonsense();
    return undefined;
  }

  /** Where the end should be, it may be more content than was announced: then none of it is worth keeping. */
  #nonsense(): void {
    this.#give(this.#stage === "tail" ? "mismatch" : "broken", "answered with something else");
  }

  #head(size: number): Promise<void> | undefined {
    const { offset, until, sink, size: announced } = this.#options;
    // What was promised is the limit: a disk must not be filled with what nobody has agreed to take.
    if (announced !== null && size !== announced) {
      this.#give("broken", `has ${size} bytes where ${announced} were announced`);
      return undefined;
    }
    if (offset > size) {
      this.#give("broken", `has ${size} bytes where more were promised`);
      return undefined;
    }
    this.#size = size;
    this.#left = Math.min(size, until ?? size) - offset;
    this.#enter(this.#left > 0 ? "content" : "tail", this.#reader.rest());
    return sink.open(size) ?? undefined;
  }

  #content(bytes: Uint8Array): Promise<void> | undefined {
    const { hash, sink, until } = this.#options;
    const chunk = bytes.subarray(0, this.#left);
    this.#left -= chunk.length;
    if (this.#left === 0) this.#enter("tail", bytes.subarray(chunk.length));
    // Both or none: who goes on from another peer must find that the hash has seen what the sink has.
    const hashed = until === null ? hash.update(chunk) : undefined;
    const written = sink.write(chunk);
    if (hashed === undefined) return written ?? undefined;
    return Promise.all([hashed, written]).then(() => {});
  }

  async #tail(theirs: string | null): Promise<void> {
    if (this.#options.until !== null) {
      this.#finish({ size: this.#size, sha256: "" });
      return;
    }
    const sha256 = await this.#options.hash.digest();
    // The connection may have broken meanwhile, which takes nothing from what has come.
    if (this.#stage === "over") return;
    if (this.#socket !== null) {
      this.#socket.write(this.#options.verdict(sha256));
      finish(this.#socket);
      this.#socket = null;
    }
    if (theirs !== null && theirs !== sha256) {
      this.#give("mismatch", "sent a content that does not match its own hash", sha256);
    } else this.#finish({ size: this.#size, sha256 });
  }

  /** What came behind the piece just taken belongs to the next stage. */
  #enter(stage: Stage, rest: Uint8Array): void {
    this.#stage = stage;
    if (rest.length > 0) this.#waiting.unshift(rest);
  }

  #waitFor(wait: Promise<void>): void {
    this.#busy = true;
    this.#socket?.pause();
    // While the sink is at work it is not the sender who stalls.
    this.#stall.stop();
    this.meter.work(performance.now());
    wait.then(
      () => {
        this.#busy = false;
        if (this.#stage === "over") return;
        this.#awaitSender();
        this.#socket?.resume();
        this.#work();
      },
      (error: unknown) => this.#failLocally(error),
    );
  }

  #awaitSender(): void {
    this.#stall.start();
    this.meter.wait(performance.now());
  }

  #failLocally(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const sentence =
      error instanceof Failure ? why : `Cannot keep what ${this.#options.address} sends: ${why}.`;
    this.giveUp(sentence);
  }

  #give(trouble: FetchTrouble, what: string, came: string | null = null): void {
    const sentence = `The peer at ${this.#options.address} ${what}.`;
    this.#finish(new FetchFailure(sentence, trouble, came));
  }

  #finish(result: Fetched | FetchFailure): void {
    if (this.#stage === "over") return;
    this.#stage = "over";
    this.#waiting = [];
    this.#stall.stop();
    if (this.#socket !== null) {
      if (result instanceof FetchFailure) drop(this.#socket);
      else finish(this.#socket);
    }
    this.#socket = null;
    this.#options.done(result);
  }
}

/** A wait with an end, started again whenever something moves. */
export class Deadline {
  readonly #ms: number;
  readonly #passed: () => void;
  #timer: Timer | null = null;

  constructor(ms: number, passed: () => void) {
    this.#ms = ms;
    this.#passed = passed;
  }

  /** Starts the wait, from the beginning. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#passed, this.#ms);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
