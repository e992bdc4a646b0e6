/** Contents on their way in and out, each over a connection of its own. */
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Fetch, FetchSource } from "../protocol/model/messages.ts";
import type { WireMessage } from "../wire/table.ts";
import { finish, hangUp, type Wire } from "./connection.ts";
import type { Dialer } from "./dial.ts";
import { Download } from "./fetch.ts";
import { SERVED_AT_ONCE } from "./limits.ts";
import { serveContent } from "./serve.ts";
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
  open(source: FetchSource, offset: number, peer: number): ContentSource | ContentDenied;
  fault(error: unknown): void;
};

export class Contents {
  readonly #options: ContentsOptions;
  readonly #served = new Set<Wire>();
  readonly #fetched = new Set<Download>();

  constructor(options: ContentsOptions) {
    this.#options = options;
  }

  fetch(
    from: Address,
    source: FetchSource,
    sink: ContentSink,
    { offset = 0, hash = inlineHash(), signal }: FetchOptions = {},
  ): Promise<Fetched> {
    const { dialer, ring, frame, unreachable } = this.#options;
    return new Promise((resolve, reject) => {
      const abort = (): void => download.giveUp(`The fetch from ${from} was given up.`);
      const download: Download = new Download({
        address: from,
        ring: ring(),
        request: frame({ tag: "fetch", source, offset }),
        verdict: (sha256) => frame({ tag: "content-end", sha256 }),
        offset,
        hash,
        sink,
        done: (result) => {
          signal?.removeEventListener("abort", abort);
          this.#fetched.delete(download);
          if (result instanceof FetchFailure) reject(result);
          else resolve(result);
        },
      });
      this.#fetched.add(download);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) return abort();
      dialer.dial(from, download, (result) => {
        if (typeof result !== "string") return download.begin(result);
        download.unreachable(result);
        unreachable(from, result);
      });
    });
  }

  /** Takes over a connection on which nothing but this fetch has come. */
  serve(socket: Wire, from: Member, fetch: Fetch): void {
    const source = this.#open(from, fetch);
    const { frame, fault, ring } = this.#options;
    if ("refused" in source) {
      socket.write(frame({ tag: "content-refused", why: source.refused }));
      finish(socket);
      return;
    }
    this.#served.add(socket);
    const { offset } = fetch;
    serveContent(socket, { source, offset, ring: ring(), frame, fault }).finally(() =>
      this.#served.delete(socket),
    );
  }

  close(): void {
    for (const download of [...this.#fetched]) download.giveUp("This peer has stopped.");
    for (const socket of [...this.#served]) hangUp(socket);
  }

  #open(from: Member, fetch: Fetch): ContentSource | ContentDenied {
    if (this.#served.size >= SERVED_AT_ONCE) return { refused: "too many are served just now" };
    try {
      const source = this.#options.open(fetch.source, fetch.offset, from.id);
      if ("refused" in source || fetch.offset <= source.size) return source;
      source.done(false, 0, null);
      return { refused: `it has only ${source.size} bytes` };
    } catch (error) {
      this.#options.fault(error);
      return { refused: "it cannot be read" };
    }
  }
}
