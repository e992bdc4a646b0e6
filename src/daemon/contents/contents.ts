/** Contents on their way to this peer, and what goes with its messages; the protocol names them and this moves them. */
import type { PeerEvent } from "../../protocol/model/events.ts";
import { Failure } from "../../protocol/model/failure.ts";
import { EMPTY_SHA256, type FileRecord } from "../../protocol/model/files.ts";
import type { BodySource, Effect, FetchInto, Input } from "../../protocol/model/io.ts";
import type { FetchSource, RequestId } from "../../protocol/model/messages.ts";
import type { Draft } from "../../store/draft.ts";
import type { Folder } from "../../store/folder.ts";
import type { RateLimiter } from "../../store/rate-limiter.ts";
import {
  type ContentSink,
  type Fetched,
  FetchFailure,
  inlineHash,
  type Transport,
} from "../../transport/types.ts";
import { Ahead, alone } from "./ahead.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Bodies, SentBodies } from "./bodies.ts";
import type { Commands } from "./commands.ts";
import { check, copy } from "./copying.ts";
import type { EarlyCopies, ReadyCopy } from "./early.ts";
import type { Last, Move, Moving } from "./moving.ts";
import type { Offers } from "./offers.ts";
import { type Arriving, mayGoOn, placeOf, Resumable, type Taker } from "./resumable.ts";

type FetchEffect = Extract<Effect, { type: "fetch" }>;
type FetchResult = Extract<Input, { type: "fetched" }>["result"];

export type ContentsOptions = {
  readonly folder: Folder;
  readonly bodies: Bodies;
  readonly sent: SentBodies;
  readonly commands: Commands;
  readonly offers: Offers;
  readonly arrivals: Arrivals;
  readonly early: EarlyCopies;
  readonly rateLimiter: RateLimiter;
  readonly moving: Moving;
  readonly transport: Pick<Transport, "fetch">;
  /** This peer's id and address. */
  readonly self: () => { readonly id: number; readonly address: string };
  readonly report: (event: PeerEvent) => void;
  readonly served: (request: RequestId, ok: boolean) => void;
};

export class Contents {
  readonly #resumable = new Resumable();
  readonly #ahead: Ahead;

  constructor(private readonly options: ContentsOptions) {
    this.#ahead = new Ahead(options);
    // What broke off on its way to a command is wanted no more when that has ended.
    options.commands.whenEnded((command) => this.#resumable.drop(command));
  }

  /** The small content that goes with a message; null where there is none, or it cannot be had. */
  bodyOf(source: BodySource | null): Uint8Array | null {
    if (source === null) return null;
    if (source.kind === "body") return this.options.bodies.get(source.number)?.bytes ?? null;
    const { write } = source;
    const { files } = this.options.folder;
    if (files.find(write) === null) return null;
    return this.options.sent.get(write, () => files.bytesOf(write));
  }

  /** Makes durable what brings no content: a removal, or word of a write held. Never rejects. */
  async mergeRecord(record: FileRecord): Promise<FetchResult> {
    try {
      await this.options.folder.files.mergeRecord(record);
      return { ok: true, size: 0, sha256: EMPTY_SHA256 };
    } catch (error) {
      return { ok: false, why: sentenceOf(error), here: true };
    }
  }

  /** Fetches a content and puts it where it belongs. Never rejects. */
  async fetch(effect: FetchEffect): Promise<FetchResult> {
    const { rateLimiter, moving } = this.options;
    const began = performance.now();
    const awaited = effect.repair ? null : rateLimiter.awaited();
    const move = moving.begin(effect.file, effect.size);
    const last: Last = { before: 0, peer: effect.peer };
    let result: FetchResult;
    try {
      const { size, sha256 } = await this.#bring(effect, move, last);
      const { peer } = last;
      result = { ok: true, size, sha256, ...(peer === effect.peer ? {} : { from: peer }) };
    } catch (error) {
      // What fails on the way may come from another replica; what fails here would fail again.
      const onTheWay = error instanceof FetchFailure && error.trouble !== "local";
      result = { ok: false, why: sentenceOf(error), here: !onTheWay };
    }
    awaited?.();
    moving.end(move);
    this.#report(effect, last.peer, result, move.bytes - last.before, performance.now() - began);
    return result;
  }

  /** Leaves nothing that is not whole. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([this.#resumable.clear(), this.options.early.clear()]);
  }

  #report(effect: FetchEffect, from: number, result: FetchResult, bytes: number, ms: number): void {
    const self = this.options.self();
    if (effect.from === self.address) return;
    this.options.report({
      event: "transfer",
      file: effect.file,
      size: result.ok ? result.size : effect.size,
      sha256: result.ok ? result.sha256 : null,
      from,
      to: self.id,
      bytes,
      ms,
      outcome: result.ok ? "ok" : result.why,
    });
  }

  #bring(effect: FetchEffect, move: Move, last: Last): Promise<Fetched> {
    const { source, from, into } = effect;
    if (source.kind === "body") return this.#bringBody(effect, source.number, move);
    const early = into.kind === "store" ? this.options.early.take(into.record) : null;
    if (early !== null) return this.#keepEarly(effect, early, move, last);
    if (from === this.options.self().address) return this.#bringOwn(effect, source, move);
    return this.#bringOver(effect, source, move, last);
  }

  /** A small content that is here already, in memory. */
  async #bringBody(effect: FetchEffect, number: number, move: Move): Promise<Fetched> {
    const { into, file } = effect;
    const body = this.options.bodies.get(number);
    if (body === null) throw new FetchFailure(`${file} is not kept here any more.`, "refused");
    const { bytes, sha256 } = body;
    check(file, into.sha256, sha256);
    move.bytes = bytes.length;
    if (into.kind === "store") {
      await this.options.folder.files.keep(into.record, bytes);
      // Its owner is asked for it, and soon as a rule.
      if (!effect.repair) this.options.sent.get(into.record, () => bytes);
    } else {
      const taker = this.#takerOf(into, effect.job);
      try {
        await taker.write(bytes);
        await taker.finish(bytes.length, sha256);
      } catch (error) {
        await taker.abort();
        throw error;
      }
    }
    return { size: bytes.length, sha256 };
  }

  /** A content of which this peer has a copy ready, wherever else it is to be had. */
  async #keepEarly(
    { into, job }: FetchEffect,
    { draft, sha256 }: ReadyCopy,
    move: Move,
    last: Last,
  ): Promise<Fetched> {
    const { size } = draft;
    last.before = size;
    move.bytes = size;
    const taker = this.#takerOf(into, job, draft);
    try {
      await taker.finish(size, sha256);
    } catch (error) {
      await taker.abort();
      throw error;
    }
    return { size, sha256 };
  }

  /** A content that this very peer offers. */
  async #bringOwn(effect: FetchEffect, source: FetchSource, move: Move): Promise<Fetched> {
    const { into, file } = effect;
    const taker = this.#takerOf(into, effect.job);
    try {
      const opened = this.options.offers.open(source);
      if (opened === null) throw new FetchFailure(`${file} is not here any more.`, "refused");
      const { content } = opened;
      const copied = await copy(content, taker, move).finally(() => content.close());
      const whole = copied.size === content.size;
      if (whole && !opened.stored && opened.sha256 !== copied.sha256) opened.wrong();
      check(file, into.sha256 ?? opened.sha256, copied.sha256);
      await taker.finish(copied.size, copied.sha256);
      if (source.kind === "ticket") this.options.served(source.request, true);
      return copied;
    } catch (error) {
      await taker.abort();
      this.options.offers.tellSpoilt(source);
      throw error;
    }
  }

  /** From another peer; what came of it from a replica that broke off is gone on with. */
  async #bringOver(
    effect: FetchEffect,
    source: FetchSource,
    move: Move,
    last: Last,
  ): Promise<Fetched> {
    const { into } = effect;
    const place = placeOf(into);
    let arriving = this.#resumable.take(place, into.sha256);
    let asked = into.sha256 === null ? alone(effect) : effect;
    for (;;) {
      arriving ??= { taker: this.#takerOf(into, effect.job), hash: inlineHash(), bytes: 0 };
      let resumed = arriving.bytes > 0;
      move.bytes = arriving.bytes;
      try {
        const { hash, taker } = arriving;
        const sink = this.#sinkOf(effect, arriving, move);
        const from = await this.#ahead.bring(asked, source, arriving.bytes, async (piece) => {
          await hash.update(piece);
          await sink.write(piece);
        });
        const { bytes: offset } = arriving;
        resumed = offset > 0;
        last.before = offset;
        last.peer = from.peer;
        const options = { offset, hash, size: effect.size, stallMs: from.stallMs };
        const fetched = await this.options.transport.fetch(
          from.address,
          from.source,
          sink,
          options,
        );
        check(effect.file, into.sha256, fetched.sha256);
        await taker.finish(fetched.size, fetched.sha256);
        return fetched;
      } catch (error) {
        const trouble = error instanceof FetchFailure ? error.trouble : "local";
        if (into.sha256 !== null && arriving.bytes > 0 && mayGoOn(trouble) && this.#wants(into)) {
          this.#resumable.keep(place, into.sha256, arriving);
          throw error;
        }
        await arriving.taker.abort();
        // Two senders' parts do not fit together: this one may still have the whole.
        if (trouble !== "mismatch" || !resumed) throw error;
        if (error instanceof FetchFailure && error.came !== null)
          this.#ahead.tellWrong(asked, error.came);
        arriving = null;
        asked = alone(effect);
      }
    }
  }

  /** False of a command that has ended meanwhile, and of what others wait for while it comes. */
  #wants(into: FetchInto): boolean {
    if (into.kind === "store") return !into.shared;
    return this.options.commands.get(into.command) !== undefined;
  }

  #sinkOf(effect: FetchEffect, arriving: Arriving, move: Move): ContentSink {
    const { rateLimiter } = this.options;
    return {
      open: () => {},
      write: (chunk) => {
        arriving.bytes += chunk.length;
        move.bytes = arriving.bytes;
        const written = arriving.taker.write(chunk);
        const wait = effect.repair ? rateLimiter.take(chunk.length) : undefined;
        if (wait === undefined || written === undefined) return written ?? wait;
        return Promise.all([written, wait]).then(() => {});
      },
    };
  }

  /** @param begun the content, where all of it is here */
  #takerOf(into: FetchInto, job: number, begun?: Draft): Taker {
    if (into.kind === "deliver") {
      const delivery = this.options.commands.get(into.command)?.deliver?.();
      if (delivery === undefined) throw new Failure("Nobody waits for it any more.");
      return delivery;
    }
    const draft = begun ?? this.options.folder.files.begin({ hash: false });
    const { arrivals } = this.options;
    const { record } = into;
    if (into.shared) arrivals.begin(job, record, draft);
    return {
      write: (piece) => draft.write(piece),
      abort: () => {
        arrivals.end(job, null);
        return draft.abort();
      },
      finish: async (size, sha256) => {
        const whole = { ...record, size, sha256 };
        await draft.commit(whole);
        arrivals.end(job, whole);
      },
    };
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
