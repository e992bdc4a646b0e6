/** How a content that several hold is begun: from all of them, as far as they bring it. */
import type { PeerEvent } from "../../protocol/model/events.ts";
import type { Effect, Replica } from "../../protocol/model/io.ts";
import type { FetchSource } from "../../protocol/model/messages.ts";
import type { Transport } from "../../transport/types.ts";
import { GATHER_BYTES, GATHER_HOLDERS, GATHERED_AT_ONCE, HOLDER_STALL_MS } from "../limits.ts";
import { Gathering } from "./gathering.ts";

type FetchEffect = Extract<Effect, { type: "fetch" }>;

/** Who is to be asked for the rest. */
export type From = {
  readonly peer: number;
  readonly address: string;
  readonly source: FetchSource;
  /** How long it may be silent; undefined where nobody else is known. */
  readonly stallMs: number | undefined;
};

export type AheadOptions = {
  readonly transport: Pick<Transport, "fetch">;
  readonly self: () => { readonly id: number };
  readonly report: (event: PeerEvent) => void;
};

export class Ahead {
  #underWay = 0;

  constructor(private readonly options: AheadOptions) {}

  /**
   * Brings what several replicas have of a content, if that is worth it.
   * @param offset how much is here already
   * @param take is given what comes, in order
   * @returns who is to be asked for the rest, of which there may be nothing: whoever served the request, if that
   *   has not failed
   * @throws what `take` did
   */
  async bring(
    effect: FetchEffect,
    source: FetchSource,
    offset: number,
    take: (piece: Uint8Array) => void | Promise<void>,
  ): Promise<From> {
    const { from: address, peer, alternatives, size } = effect;
    if (alternatives === null) return { peer, address, source, stallMs: undefined };
    const first: From = { peer, address, source, stallMs: HOLDER_STALL_MS };
    if (size - offset < GATHER_BYTES || this.#underWay >= GATHERED_AT_ONCE) return first;
    const { transport } = this.options;
    const { write } = alternatives;
    const replicas = [{ id: peer, address }, ...alternatives.replicas].slice(0, GATHER_HOLDERS);
    const report = (replica: Replica, bytes: number, ms: number, good: boolean): void =>
      this.#report(effect, replica, bytes, ms, good);
    this.#underWay += 1;
    try {
      const gathering = new Gathering({ transport, write, size, offset, replicas, take, report });
      const [best] = await gathering.run();
      if (best === undefined || best.address === address) return first;
      const { id, address: at } = best;
      return { ...first, peer: id, address: at, source: { kind: "write", write } };
    } finally {
      this.#underWay -= 1;
    }
  }

  /**
   * What came from several was wrong. Whoever serves the request has heard so; the others hear it, too, and
   * each reads its own copy again: so the one that is damaged is found and mended.
   * @param came what the whole came to
   */
  tellWrong({ alternatives, from, size }: FetchEffect, came: string): void {
    if (alternatives === null) return;
    const { write, replicas } = alternatives;
    const sink = { open: () => {}, write: () => {} };
    const hash = { update: () => {}, digest: () => came };
    for (const { address } of replicas.slice(0, GATHER_HOLDERS - 1)) {
      if (address === from) continue;
      const source = { kind: "write", write } as const;
      // It is known to be wrong, and to end so.
      this.options.transport
        .fetch(address, source, sink, { offset: size, size, hash })
        .catch(() => {});
    }
  }

  #report({ file, size }: FetchEffect, replica: Replica, bytes: number, ms: number, good: boolean) {
    const to = this.options.self().id;
    const outcome = good ? "ok" : "broken";
    const moved = { file, size, sha256: null, from: replica.id, to, bytes, ms, outcome };
    this.options.report({ event: "transfer", ...moved });
  }
}

/** Asks nobody but the one that serves it. */
export function alone(effect: FetchEffect): FetchEffect {
  return { ...effect, alternatives: null };
}
