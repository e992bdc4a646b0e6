/** What this peer serves to others: its stored writes, and what it has offered under a request's id. */
import { boundTable } from "../../protocol/model/bounded.ts";
import type { PeerEvent } from "../../protocol/model/events.ts";
import type { WriteId } from "../../protocol/model/files.ts";
import type { Served } from "../../protocol/model/io.ts";
import type { FetchSource, RequestId } from "../../protocol/model/messages.ts";
import type { Content } from "../../store/content.ts";
import { isPassing } from "../../store/disk.ts";
import type { Folder } from "../../store/folder.ts";
import type { RateLimiter } from "../../store/rate-limiter.ts";
import { openLocal } from "../../store/user-files.ts";
import type { ContentDenied, ContentSource } from "../../transport/types.ts";
import { OFFERS_KEPT } from "../limits.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Commands, Given } from "./commands.ts";
import type { Moving } from "./moving.ts";

export type OffersOptions = {
  readonly folder: Folder;
  readonly commands: Commands;
  readonly arrivals: Arrivals;
  /** The working directory, whose `NAME.pdf` stand in for stored copies. */
  readonly cwd: string;
  readonly rateLimiter: RateLimiter;
  readonly moving: Moving;
  /** This peer's id. */
  readonly self: () => { readonly id: number };
  readonly report: (event: PeerEvent) => void;
  readonly served: (request: RequestId, ok: boolean) => void;
  /** What a command brings under this request's id can never be had. */
  readonly spoilt: (request: RequestId) => void;
  /** What is held of this write is not what it was. */
  readonly damaged: (write: WriteId) => void;
};

export type Opened = {
  readonly content: Content;
  readonly file: string;
  /** What it must hash to, where that is known. */
  readonly sha256: string | null;
  /** A write of the store, which may turn out to be damaged. */
  readonly stored: boolean;
  /** To be called if it was read and was another. */
  readonly wrong: () => void;
};

export class Offers {
  readonly #offers = new Map<RequestId, Served>();

  constructor(private readonly options: OffersOptions) {}

  /** Serves a content to whoever names the request's id. */
  serve(request: RequestId, what: Served): void {
    this.#offers.delete(request);
    this.#offers.set(request, what);
    boundTable(this.#offers, OFFERS_KEPT);
  }

  /** Opens what another peer fetches, from the byte `offset` on. */
  openFor(source: FetchSource, offset: number, peer: number): ContentSource | ContentDenied {
    const opened = this.open(source);
    if (opened === null) {
      this.tellSpoilt(source);
      return { refused: "It is not served here." };
    }
    const { content, file, stored } = opened;
    const began = performance.now();
    const move = this.options.moving.begin(file, content.size, offset);
    // Someone waits for what a request asked for, and for what a store brings.
    const awaited = source.kind === "ticket" ? this.options.rateLimiter.awaited() : null;
    let failure: unknown = null;
    return {
      size: content.size,
      sha256: opened.sha256,
      read: (into, at) => {
        move.bytes = at;
        return readOrEnd(content, into, at, (error) => {
          failure ??= error;
        });
      },
      done: (ok, bytes, sha256) => {
        content.close();
        awaited?.();
        this.options.moving.end(move);
        const unreadable = failure !== null && !isPassing(failure);
        const other = opened.sha256 !== null && sha256 !== null && sha256 !== opened.sha256;
        const wrong = stored && (unreadable || other);
        if (wrong || other) opened.wrong();
        this.options.report({
          event: "transfer",
          file,
          size: content.size,
          sha256: opened.sha256 ?? sha256,
          from: this.options.self().id,
          to: peer,
          bytes,
          ms: performance.now() - began,
          outcome: wrong ? "damaged" : ok ? "ok" : "broken",
        });
        if (source.kind === "ticket") this.options.served(source.request, ok);
        this.tellSpoilt(source);
      },
    };
  }

  /** @returns null if it is not served here, or not any more */
  open(source: FetchSource): Opened | null {
    if (source.kind === "write") return this.#openWrite(source.write);
    const what = this.#offers.get(source.request);
    if (what === undefined) return null;
    switch (what.kind) {
      case "write":
        return this.#openWrite(what.write);
      case "arriving": {
        const arrival = this.options.arrivals.get(what.job);
        if (arrival?.kind === "stored") {
          return this.#openWrite(arrival.record);
        }
        if (arrival === undefined) return null;
        return { ...UNKNOWN, content: arrival.open(), file: arrival.file };
      }
      case "local": {
        const content = openLocal(this.options.cwd, what.name);
        return content === null ? null : { ...UNKNOWN, content, file: what.name };
      }
      case "command": {
        const given = this.options.commands.get(what.command);
        const brings = given?.brings ?? null;
        const content = brings?.open() ?? null;
        if (given === undefined || brings === null || content === null) return null;
        const { sha256, wrong } = brings;
        return {
          content: unlessFailed(given, content),
          file: given.name,
          sha256,
          stored: false,
          wrong,
        };
      }
    }
  }

  /** Says so if what a command brings has changed before anybody had it. */
  tellSpoilt(source: FetchSource): void {
    if (source.kind !== "ticket") return;
    const what = this.#offers.get(source.request);
    const given = what?.kind === "command" ? this.options.commands.get(what.command) : undefined;
    if (given?.brings?.spoilt()) this.options.spoilt(source.request);
  }

  #openWrite(id: WriteId): Opened | null {
    const content = this.options.folder.files.open(id);
    if (content === null) return null;
    const wrong = (): void => this.options.damaged(id);
    return { content, file: id.name, sha256: id.sha256, stored: true, wrong };
  }
}

/** What a command brings, to its end or to the command's: a store that has failed must not be done later. */
function unlessFailed(given: Given, content: Content): Content {
  const { size } = content;
  const read: Content["read"] = (into, at) => (given.failed ? 0 : content.read(into, at));
  return { size, read, close: () => content.close() };
}

/** Of a content of which nobody knows yet what it hashes to. */
const UNKNOWN = { sha256: null, stored: false, wrong: () => {} } as const;

/** A disk that will not give a content back is no bug of this program: the content ends there. */
function readOrEnd(
  content: Content,
  into: Uint8Array,
  at: number,
  failed: (error: unknown) => void,
): number | Promise<number> {
  const end = (error: unknown): number => {
    failed(error);
    return 0;
  };
  try {
    const reading = content.read(into, at);
    return typeof reading === "number" ? reading : reading.catch(end);
  } catch (error) {
    return end(error);
  }
}
