/**
 * The named deadlines of one peer. A name is a kind and a number (a member's id, a request's id, or 0),
 * so timers are data: they can be read, compared and replayed, and no closure hides in the state.
 */
export type DeadlineKind =
  | "round"
  | "watch"
  | "lost"
  | "push"
  | "settle"
  | "probe"
  | "awaited"
  | "awaited-notice"
  | "former"
  | "join"
  | "lock"
  | "change"
  | "hop"
  | "acks"
  | "request"
  | "inquiry"
  | "list"
  | "confirm"
  | "survey"
  | "acknowledgement"
  | "withheld"
  | "repair"
  | "drop"
  | "compare"
  | "batched"
  | "leave"
  | "depart"
  | "alive";

/** A name, and when it is due: in milliseconds on the peer's own clock. */
export type Deadline = { readonly kind: DeadlineKind; readonly key: number; readonly at: number };

const NONE: readonly Deadline[] = [];

/** The deadlines that are set, each name at most once. */
export class Deadlines {
  /** Latest first, so that the next one is the last. A peer has few: to look through them is cheap. */
  readonly #list: Deadline[] = [];
  /** The time of the next one, since it is asked for at every step. */
  #next = Number.POSITIVE_INFINITY;

  /** Sets or moves a deadline. */
  set(kind: DeadlineKind, key: number, at: number): void {
    const list = this.#list;
    const set: Deadline = { kind, key, at };
    this.clear(kind, key);
    let index = list.push(set) - 1;
    for (; index > 0; index--) {
      const sooner = list[index - 1];
      // Of equal times, the one that was set first comes first.
      if (sooner === undefined || sooner.at > at) break;
      list[index] = sooner;
    }
    list[index] = set;
    this.#note();
  }

  /** Sets a deadline, unless it is set for an earlier time already. */
  setEarlier(kind: DeadlineKind, key: number, at: number): void {
    const old = this.#list[this.#find(kind, key)];
    if (old === undefined || old.at > at) this.set(kind, key, at);
  }

  has(kind: DeadlineKind, key: number): boolean {
    return this.#find(kind, key) >= 0;
  }

  clear(kind: DeadlineKind, key: number): void {
    const list = this.#list;
    const found = this.#find(kind, key);
    if (found < 0) return;
    list.copyWithin(found, found + 1);
    list.pop();
    this.#note();
  }

  /** One that changes apart from this. */
  copy(): Deadlines {
    const made = new Deadlines();
    for (const deadline of this.#list) made.#list.push(deadline);
    made.#note();
    return made;
  }

  /** When the next one is due; infinity if there is none. */
  next(): number {
    return this.#next;
  }

  /** Takes out those that are due, earliest first; equal times in the order of setting. */
  takeDue(now: number): readonly Deadline[] {
    if (this.#next > now) return NONE;
    const first = this.#list.findIndex(({ at }) => at <= now);
    const due = this.#list.splice(first).reverse();
    this.#note();
    return due;
  }

  #note(): void {
    this.#next = this.#list[this.#list.length - 1]?.at ?? Number.POSITIVE_INFINITY;
  }

  #find(kind: DeadlineKind, key: number): number {
    const list = this.#list;
    for (let i = 0; i < list.length; i++) {
      const set = list[i];
      if (set !== undefined && set.key === key && set.kind === kind) return i;
    }
    return -1;
  }
}
