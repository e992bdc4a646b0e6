/** Contents on their way in and out, each over a connection of its own. */
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Fetch, FetchPart, FetchSource } from "../protocol/model/messages.ts";
import type { WireMessage } from "../wire/table.ts";
import { finish, hangUp, type Wire } from "./connection.ts";
import type { Dialer } from "./dial.ts";
import { Download } from "./fetch.ts";
import {
  FETCHED_CROWD,
  SERVED_AT_ONCE,
  SERVED_PER_ADDRESS,
  SERVED_TO_STRANGERS,
  STALL_MS,
} from "./limits.ts";
import { serveContent } from "./serve.ts";
import { Meter, TransferRates } from "./transfer-rates.ts";
import {
  type ContentDenied,
  type ContentSink,
  type ContentSource,
  type Fetched,
  FetchFailure,
  type FetchOptions,
  inlineHash,
} from "./types.ts";

export type ContentsOptions = {
  readonly dialer: Dialer;
  ring(): number;
  frame(message: WireMessage): Uint8Array;
  unreachable(address: Address, how: Unreachable): void;
  /** It is a member's address. */
  isMember(address: Address): boolean;
  /** One was broken off for its slowness, or found no slot. */
  turnedAway(reason: string, from: Address): void;
  open(source: FetchSource, offset: number, peer: number): ContentSource | ContentDenied;
  fault(error: unknown): void;
};

export class Contents {
  readonly #options: ContentsOptions;
  readonly #served = new Set<Wire>();
  readonly #serving = new TransferRates();
  readonly #fetching = new TransferRates();
  readonly #fetched = new Set<Download>();

  constructor(options: ContentsOptions) {
    this.#options = options;
  }

  fetch(
    from: Address,
    source: FetchSource,
    sink: ContentSink,
    { offset = 0, size, hash = inlineHash(), until, stallMs, signal }: FetchOptions = {},
  ): Promise<Fetched> {
    const { dialer, ring, frame, unreachable } = this.#options;
    const isPart = until !== undefined && source.kind === "write";
    return new Promise((resolve, reject) => {
      const abort = (): void => download.giveUp(`The fetch from ${from} was given up.`);
      const download: Download = new Download({
        address: from,
        ring: ring(),
        request: frame(
          isPart
            ? { tag: "fetch-part", write: source.write, offset, until }
            : { tag: "fetch", source, offset },
        ),
        verdict: (sha256) => frame({ tag: "content-end", sha256 }),
        offset,
        until: isPart ? until : null,
        size: size ?? null,
        hash,
        sink,
        stallMs: stallMs ?? STALL_MS,
        done: (result) => {
          signal?.removeEventListener("abort", abort);
          this.#fetched.delete(download);
          this.#fetching.end(download.meter);
          if (result instanceof FetchFailure) reject(result);
          else resolve(result);
        },
      });
      this.#fetched.add(download);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) return abort();
      dialer.dial(from, download, (result) => {
        if (typeof result !== "string") {
          if (this.#fetched.has(download)) this.#fetching.begin(download.meter);
          return download.begin(result);
        }
        download.unreachable(result);
        unreachable(from, result);
      });
    });
  }

  /** Takes over a connection on which nothing but this fetch has come. */
  serve(socket: Wire, from: Member, fetch: Fetch | FetchPart): void {
    const source = this.#open(from, fetch);
    const { frame, fault, ring } = this.#options;
    if ("refused" in source) {
      socket.write(frame({ tag: "content-refused", why: source.refused }));
      finish(socket);
      return;
    }
    const { address } = from;
    const meter = new Meter(address, this.#options.isMember(address), () => {
      this.#options.turnedAway("reads too slowly", address);
      this.#serving.end(meter);
      hangUp(socket);
    });
    this.#served.add(socket);
    this.#serving.begin(meter);
    const { offset } = fetch;
    const until = fetch.tag === "fetch-part" ? fetch.until : null;
    const part = { source, offset, until };
    serveContent(socket, { ...part, ring: ring(), frame, fault, meter }).finally(() => {
      this.#served.delete(socket);
      this.#serving.end(meter);
    });
  }

  sweep(now: number): void {
    for (const rates of [this.#serving, this.#fetching]) rates.sweep(now);
    if (this.#fetching.size >= FETCHED_CROWD) this.#fetching.relieve();
  }

  woke(now: number): void {
    for (const rates of [this.#serving, this.#fetching]) rates.woke(now);
  }

  close(): void {
    for (const download of [...this.#fetched]) download.giveUp("This peer has stopped.");
    for (const socket of [...this.#served]) hangUp(socket);
  }

  #open(from: Member, fetch: Fetch | FetchPart): ContentSource | ContentDenied {
    if (!this.#hasSlotFor(from.address)) {
      this.#options.turnedAway("too many are served", from.address);
      return { refused: "too many are served just now" };
    }
    try {
      const { offset } = fetch;
      const isPart = fetch.tag === "fetch-part";
      const what = isPart ? ({ kind: "write", write: fetch.write } as const) : fetch.source;
      const source = this.#options.open(what, offset, from.id);
      const until = isPart ? fetch.until : Number.POSITIVE_INFINITY;
      if ("refused" in source || offset <= Math.min(source.size, until)) return source;
      source.done(false, 0, null);
      return { refused: `it has only ${source.size} bytes` };
    } catch (error) {
      this.#options.fault(error);
      return { refused: "it cannot be read" };
    }
  }

  #hasSlotFor(address: Address): boolean {
    const serving = this.#serving;
    if (serving.count((meter) => meter.address === address) >= SERVED_PER_ADDRESS) return false;
    const isFull =
      serving.size >= SERVED_AT_ONCE ||
      (!this.#options.isMember(address) &&
        serving.count((meter) => !meter.isMember) >= SERVED_TO_STRANGERS);
    return !isFull || serving.relieve();
  }
}
