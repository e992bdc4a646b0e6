/**
 * One content from several replicas at once, in stripes: each replica brings the next that nobody has begun. They
 * are put in order in memory, so no replica may run far ahead of the slowest. One that has nothing to do takes over
 * what all wait for: so a replica that is slow, frozen or dead is replaced while the others go on.
 */
import type { WriteId } from "../../protocol/model/files.ts";
import type { Replica } from "../../protocol/model/io.ts";
import { Turns } from "../../transport/serve.ts";
import type { Transport } from "../../transport/types.ts";
import { GATHER_AHEAD_BYTES, GATHER_IDLE_MS, HOLDER_STALL_MS, STRIPE_BYTES } from "../limits.ts";

export type GatheringOptions = {
  readonly transport: Pick<Transport, "fetch">;
  readonly write: WriteId;
  /** Of the whole, in bytes, and where to begin. */
  readonly size: number;
  readonly offset: number;
  readonly replicas: readonly Replica[];
  /** Takes the content's bytes in order. What it throws or rejects with ends all. */
  readonly take: (piece: Uint8Array) => void | Promise<void>;
  /** A replica is done: it has brought so many bytes, and was good to the end or not. */
  readonly report: (replica: Replica, bytes: number, ms: number, good: boolean) => void;
  /** How long one that has nothing to do waits before it takes over what all wait for. */
  readonly idleMs?: number;
};

/** One replica's bringing of a stripe, until another does. */
type Turn = { readonly stripe: Stripe; readonly replaced: AbortController };

/** Bytes of the content from one to before another: what has come of them, and is not taken yet. */
class Stripe {
  readonly pieces: Uint8Array[] = [];
  got = 0;
  /** Whoever brings it; null for nobody. */
  turn: Turn | null = null;

  constructor(
    readonly start: number,
    readonly end: number,
  ) {}

  get isWhole(): boolean {
    return this.start + this.got >= this.end;
  }

  /** Has another bring the rest. */
  give(): Turn {
    this.turn?.replaced.abort();
    this.turn = { stripe: this, replaced: new AbortController() };
    return this.turn;
  }

  add(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.got += piece.length;
  }
}

export class Gathering {
  /** Begun, and not taken whole; the first is the one that is being taken. */
  readonly #stripes: Stripe[] = [];
  #begun: number;
  /** Since when the first is what is waited for. */
  #awaitedSince = performance.now();
  #over = false;
  #change = Promise.withResolvers<void>();

  constructor(private readonly options: GatheringOptions) {
    this.#begun = options.offset;
  }

  /**
   * Brings all of it, or as much as there are replicas for.
   * @returns the replicas that were good to the end
   * @throws what `take` did
   */
  async run(): Promise<readonly Replica[]> {
    const { replicas } = this.options;
    const taken = this.#takeAll().catch((error: unknown) => {
      this.#end();
      return { error };
    });
    const good = await Promise.all(replicas.map((replica) => this.#bringBy(replica)));
    this.#end();
    const failed = await taken;
    if (failed !== undefined) throw failed.error;
    return replicas.filter((_, i) => good[i]);
  }

  #end(): void {
    this.#over = true;
    for (const stripe of this.#stripes) stripe.turn?.replaced.abort();
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** In order, as far as it goes. */
  async #takeAll(): Promise<undefined> {
    const turns = new Turns();
    for (;;) {
      const [first] = this.#stripes;
      const piece = first?.pieces.shift();
      if (piece !== undefined) {
        await this.options.take(piece);
        await turns.give();
      } else if (first?.isWhole) {
        this.#stripes.shift();
        this.#awaitedSince = performance.now();
        this.#changed();
      } else if (this.#over) return undefined;
      else await this.#change.promise;
    }
  }

  /** @returns false where the replica failed, or was too slow */
  async #bringBy(replica: Replica): Promise<boolean> {
    const began = performance.now();
    const brought = { bytes: 0 };
    let good = true;
    while (good) {
      const turn = await this.#next();
      if (turn === null) break;
      good = await this.#bring(replica, turn, brought);
      if (turn.stripe.turn === turn) turn.stripe.turn = null;
      this.#changed();
    }
    this.options.report(replica, brought.bytes, performance.now() - began, good);
    return good;
  }

  /** @returns whether what was left of it has come from this replica */
  async #bring(
    replica: Replica,
    { stripe, replaced: { signal } }: Turn,
    brought: { bytes: number },
  ): Promise<boolean> {
    const { transport, write, size } = this.options;
    const take = (piece: Uint8Array): void => {
      if (signal.aborted) return;
      brought.bytes += piece.length;
      stripe.add(piece);
      this.#changed();
    };
    const part = { offset: stripe.start + stripe.got, until: stripe.end, size };
    const options = { ...part, signal, stallMs: HOLDER_STALL_MS };
    const sink = { open: () => {}, write: take };
    try {
      await transport.fetch(replica.address, { kind: "write", write }, sink, options);
      return !signal.aborted && stripe.isWhole;
    } catch {
      // Where all fail, the one that is asked for the whole says why.
      return false;
    }
  }

  /** Waits for something to do. @returns null if there will be nothing */
  async #next(): Promise<Turn | null> {
    const { idleMs: most = GATHER_IDLE_MS } = this.options;
    const idleSince = performance.now();
    while (!this.#over) {
      const open = this.#stripes.filter((stripe) => !stripe.isWhole);
      const free = open.find(({ turn }) => turn === null) ?? this.#begin();
      if (free !== null) return free.give();
      if (open.length === 0 && this.#begun >= this.options.size) return null;
      const idleMs = performance.now() - Math.max(idleSince, this.#awaitedSince);
      const [first] = this.#stripes;
      const isAwaited = first !== undefined && !first.isWhole && first.pieces.length === 0;
      if (isAwaited && idleMs >= most) return first.give();
      await this.#changedWithin(idleMs < most ? most - idleMs : most);
    }
    return null;
  }

  /** @returns null if there is no more, or enough is under way */
  #begin(): Stripe | null {
    const { size } = this.options;
    const from = this.#stripes[0]?.start ?? this.#begun;
    if (this.#begun >= Math.min(size, from + GATHER_AHEAD_BYTES)) return null;
    const stripe = new Stripe(this.#begun, Math.min(size, this.#begun + STRIPE_BYTES));
    this.#begun = stripe.end;
    this.#stripes.push(stripe);
    return stripe;
  }

  async #changedWithin(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#change.promise]);
    clearTimeout(timer);
  }
}
