/** What was dropped, turned away or broken off: how many of what, why, and whose it was. */
import { DROP_ROWS } from "./limits.ts";

/** A message by datagram or in a stream, a content under way, a connection, a reading or a step of a message. */
export type DropKind = "datagram" | "frame" | "content" | "connection" | "message";

/** `from`: an address, or a host where the port says nothing; null for all that have no row of their own. */
export type DropRow = {
  readonly kind: DropKind;
  readonly reason: string;
  readonly from: string | null;
  readonly count: number;
};

type Row = { readonly row: Omit<DropRow, "count">; count: number };

export class Drops {
  readonly #totals = new Map<DropKind, number>();
  /** By kind, reason and address, as many as there may be; the others by kind alone. */
  readonly #rows = new Map<string, Row>();
  readonly #others = new Map<DropKind, number>();

  /**
   * @param reason one of a few words of this program: nothing that a stranger can choose
   * @param from whose it was; the address to which it was to go, where it was this peer's own
   */
  count(kind: DropKind, reason: string, from: string, many = 1): void {
    this.#totals.set(kind, this.total(kind) + many);
    const key = `${kind} ${reason} ${from}`;
    const known = this.#rows.get(key);
    if (known !== undefined) known.count += many;
    else {
      if (this.#rows.size >= DROP_ROWS) this.#foldRarest();
      this.#rows.set(key, { row: { kind, reason, from }, count: many });
    }
  }

  /** Who comes once makes room: those who come often stay, and senders may be made up without end. */
  #foldRarest(): void {
    let rarest: readonly [string, Row] | null = null;
    for (const entry of this.#rows) {
      if (rarest === null || entry[1].count < rarest[1].count) rarest = entry;
    }
    if (rarest === null) return;
    const [key, { row, count }] = rarest;
    this.#rows.delete(key);
    this.#others.set(row.kind, (this.#others.get(row.kind) ?? 0) + count);
  }

  /** Since the start. */
  total(kind: DropKind): number {
    return this.#totals.get(kind) ?? 0;
  }

  get totals(): { readonly datagrams: number; readonly frames: number } {
    return { datagrams: this.total("datagram"), frames: this.total("frame") };
  }

  /** The most frequent first; those without a row of their own last, one for each kind. */
  rows(): DropRow[] {
    const rows = Array.from(this.#rows.values(), ({ row, count }) => ({ ...row, count }));
    const others = Array.from(
      this.#others,
      ([kind, count]): DropRow => ({ kind, reason: "others", from: null, count }),
    );
    return [...rows.sort((a, b) => b.count - a.count), ...others];
  }
}
