/**
 * The named deadlines of one peer. A name is a kind and a number (a member's id, a request's id, or 0),
 * so timers are data: they can be read, compared and replayed, and no closure hides in the state.
 */
export type DeadlineKind =
  | "round"
  | "push"
  | "settle"
  | "trial"
  | "awaited"
  | "awaited-notice"
  | "join"
  | "lock"
  | "change"
  | "hop"
  | "request"
  | "inquiry"
  | "list"
  | "receipt"
  | "repair"
  | "drop"
  | "leave"
  | "depart";

export type Deadline = { readonly kind: DeadlineKind; readonly key: number; readonly at: number };

export class Deadlines {
  readonly #tables = new Map<DeadlineKind, Map<number, Deadline>>();
  /** The earliest of all, or null when it has to be looked for again. */
  #next: number | null = Number.POSITIVE_INFINITY;

  /** Sets or moves a deadline. */
  set(kind: DeadlineKind, key: number, at: number): void {
    let table = this.#tables.get(kind);
    if (table === undefined) {
      table = new Map();
      this.#tables.set(kind, table);
    }
    const old = table.get(key);
    table.set(key, { kind, key, at });
    if (this.#next === null) return;
    if (at <= this.#next) this.#next = at;
    else if (old !== undefined && old.at === this.#next) this.#next = null;
  }

  /** Sets a deadline, unless it is set for an earlier time already. */
  setEarlier(kind: DeadlineKind, key: number, at: number): void {
    const old = this.#tables.get(kind)?.get(key);
    if (old === undefined || old.at > at) this.set(kind, key, at);
  }

  has(kind: DeadlineKind, key: number): boolean {
    return this.#tables.get(kind)?.has(key) ?? false;
  }

  clear(kind: DeadlineKind, key: number): void {
    const table = this.#tables.get(kind);
    const old = table?.get(key);
    if (table === undefined || old === undefined) return;
    table.delete(key);
    if (old.at === this.#next) this.#next = null;
  }

  /** When the next one is due; infinity if there is none. */
  next(): number {
    if (this.#next === null) {
      let next = Number.POSITIVE_INFINITY;
      for (const table of this.#tables.values()) {
        for (const { at } of table.values()) if (at < next) next = at;
      }
      this.#next = next;
    }
    return this.#next;
  }

  /** Takes out those that are due, earliest first; equal times in a fixed order. */
  takeDue(now: number): Deadline[] {
    if (this.next() > now) return [];
    const due: Deadline[] = [];
    for (const table of this.#tables.values()) {
      for (const [key, deadline] of table) {
        if (deadline.at > now) continue;
        due.push(deadline);
        table.delete(key);
      }
    }
    this.#next = null;
    return due.sort((a, b) => a.at - b.at);
  }
}
