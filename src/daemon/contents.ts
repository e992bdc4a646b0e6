/** File contents on their way in and out of this peer; the protocol names them and this moves them. */
import type { PeerEvent } from "../protocol/events.ts";
import { Failure } from "../protocol/failure.ts";
import type { Effect, Input, Served } from "../protocol/io.ts";
import type { FetchSource, RequestId } from "../protocol/messages.ts";
import type { Content } from "../store/content.ts";
import type { Folder } from "../store/folder.ts";
import { openLocal } from "../store/local.ts";
import {
  type ContentDenied,
  type ContentSink,
  type ContentSource,
  FetchFailure,
  type Transport,
} from "../transport/types.ts";
import type { Commands } from "./commands.ts";

type FetchEffect = Extract<Effect, { type: "fetch" }>;
type FetchResult = Extract<Input, { type: "fetched" }>["result"];

/** Offers under a request's id that are kept at a time; the oldest go first. */
const OFFERS_KEPT = 1_024;
const COPY_BYTES = 262_144;

export type ContentsOptions = {
  readonly folder: Folder;
  readonly commands: Commands;
  /** The working directory, whose `NAME.pdf` stand in for stored copies. */
  readonly cwd: string;
  readonly transport: () => Transport;
  /** This peer's id and address. */
  readonly self: () => { readonly id: number; readonly address: string };
  readonly report: (event: PeerEvent) => void;
  readonly served: (request: RequestId, ok: boolean) => void;
};

/** Where a fetched content goes, and what makes it count. */
type Taker = {
  readonly write: (piece: Uint8Array) => Promise<void> | undefined;
  readonly sha256: () => string;
  readonly finish: (size: number, sha256: string) => Promise<void>;
  readonly abort: () => Promise<void>;
};

export class Contents {
  readonly #offers = new Map<RequestId, Served>();

  constructor(private readonly options: ContentsOptions) {}

  /** Serves a content to whoever names the request's id. */
  serve(request: RequestId, what: Served): void {
    this.#offers.delete(request);
    this.#offers.set(request, what);
    for (const oldest of this.#offers.keys()) {
      if (this.#offers.size <= OFFERS_KEPT) break;
      this.#offers.delete(oldest);
    }
  }

  /** Opens what another peer fetches. */
  open(source: FetchSource, peer: number): ContentSource | ContentDenied {
    const opened = this.#open(source);
    if (opened === null) return { refused: "It is not served here." };
    const { content, file } = opened;
    const began = performance.now();
    return {
      size: content.size,
      read: (into, at) => content.read(into, at),
      done: (ok, bytes) => {
        content.close();
        this.options.report({
          event: "transfer",
          file,
          size: content.size,
          sha256: opened.sha256,
          from: this.options.self().id,
          to: peer,
          bytes,
          ms: performance.now() - began,
          outcome: ok ? "ok" : "broken",
        });
        if (source.kind === "ticket") this.options.served(source.request, ok);
      },
    };
  }

  /** Fetches a content and puts it where it belongs. Never rejects. */
  async fetch(effect: FetchEffect): Promise<FetchResult> {
    const began = performance.now();
    let bytes = 0;
    let result: FetchResult;
    try {
      const taker = this.#takerOf(effect);
      try {
        const sink: ContentSink = {
          open: () => {},
          write: (chunk) => {
            bytes += chunk.length;
            return taker.write(chunk);
          },
        };
        const { size, sha256 } = await this.#move(effect, sink, taker);
        const wanted = effect.into.sha256;
        if (wanted !== null && wanted !== sha256) {
          throw new FetchFailure(
            `What came of ${effect.file} does not match its hash.`,
            "mismatch",
          );
        }
        await taker.finish(size, sha256);
        result = { ok: true, size, sha256 };
      } catch (error) {
        await taker.abort();
        throw error;
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // What fails on the way may come from another holder; what fails here would fail again.
      const onTheWay = error instanceof FetchFailure && error.trouble !== "local";
      result = { ok: false, why, here: !onTheWay };
    }
    const self = this.options.self();
    if (effect.from !== self.address) {
      this.options.report({
        event: "transfer",
        file: effect.file,
        size: result.ok ? result.size : effect.size,
        sha256: result.ok ? result.sha256 : null,
        from: effect.peer,
        to: self.id,
        bytes,
        ms: performance.now() - began,
        outcome: result.ok ? "ok" : result.why,
      });
    }
    return result;
  }

  async #move(effect: FetchEffect, sink: ContentSink, taker: Taker) {
    if (effect.from !== this.options.self().address) {
      return await this.options.transport().fetch(effect.from, effect.source, sink);
    }
    const opened = this.#open(effect.source);
    if (opened === null) throw new FetchFailure(`${effect.file} is not here any more.`, "refused");
    try {
      const size = await copy(opened.content, sink);
      const { source } = effect;
      if (source.kind === "ticket") this.options.served(source.request, true);
      return { size, sha256: taker.sha256() };
    } finally {
      opened.content.close();
    }
  }

  #takerOf({ into }: FetchEffect): Taker {
    if (into.kind === "deliver") {
      const delivery = this.options.commands.get(into.command)?.deliver?.();
      if (delivery === undefined) throw new Failure("Nobody waits for it any more.");
      return delivery;
    }
    const draft = this.options.folder.files.begin();
    const { name, key, stamp } = into;
    return {
      write: (piece) => draft.write(piece),
      sha256: () => draft.sha256(),
      abort: () => draft.abort(),
      finish: async (size, sha256) => {
        await draft.commit({ name, key, stamp, size, sha256 });
      },
    };
  }

  #open(source: FetchSource): { content: Content; file: string; sha256: string | null } | null {
    if (source.kind === "version") return this.#openVersion(source.name, source.stamp);
    const what = this.#offers.get(source.request);
    if (what === undefined) return null;
    switch (what.kind) {
      case "version":
        return this.#openVersion(what.name, what.stamp);
      case "local": {
        const content = openLocal(this.options.cwd, what.name);
        return content === null ? null : { content, file: what.name, sha256: null };
      }
      case "command": {
        const given = this.options.commands.get(what.command);
        const content = given?.open?.() ?? null;
        return content === null ? null : { content, file: given?.name ?? "", sha256: null };
      }
    }
  }

  #openVersion(name: string, stamp: Parameters<Folder["files"]["open"]>[1]) {
    const { files } = this.options.folder;
    const content = files.open(name, stamp);
    if (content === null) return null;
    return { content, file: name, sha256: files.record(name)?.sha256 ?? null };
  }
}

/** Copies a content to a sink on this very machine, a piece at a time. */
async function copy(content: Content, sink: ContentSink): Promise<number> {
  await sink.open(content.size);
  let at = 0;
  while (at < content.size) {
    // A new buffer each time: the bytes are the sink's to keep.
    const buffer = new Uint8Array(Math.min(COPY_BYTES, content.size - at));
    const read = await content.read(buffer, at);
    if (read === 0) throw new Failure("The file became shorter while it was read.");
    await sink.write(buffer.subarray(0, read));
    at += read;
    // Reading and hashing in place would keep all timers waiting.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return at;
}
