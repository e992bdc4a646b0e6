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
  | "greeting"
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

/** One that is set, has been moved or cleared, or was met: its place in the heap is found when it is its turn. */
type Entry = Deadline & { readonly order: number; isSet: boolean };

/** Where the heap has so many that are not set any more, and they are the greater part, it is made anew. */
const UNSET_KEPT = 64;

/**
 * The deadlines that are set, each name at most once: by name, and in a binary heap by their times. A peer that
 * deals with a thousand requests has three for each, and sets and clears them at every step.
 */
export class Deadlines {
  readonly #names = new Map<DeadlineKind, Map<number, Entry>>();
  /** Each is no later than its two children, at twice its place and beyond. The first is set. */
  #heap: Entry[] = [];
  #size = 0;
  #order = 0;

  /** How many are set. */
  get size(): number {
    return this.#size;
  }

  /** Sets or moves a deadline. */
  set(kind: DeadlineKind, key: number, at: number): void {
    this.#unset(kind, key);
    // Of equal times, the one that was set first comes first.
    this.#add({ kind, key, at, order: this.#order++, isSet: true });
    this.#tidy();
  }

  /** Sets a deadline, unless it is set for an earlier time already. */
  setEarlier(kind: DeadlineKind, key: number, at: number): void {
    const old = this.#names.get(kind)?.get(key);
    if (old === undefined || old.at > at) this.set(kind, key, at);
  }

  has(kind: DeadlineKind, key: number): boolean {
    return this.#names.get(kind)?.has(key) ?? false;
  }

  clear(kind: DeadlineKind, key: number): void {
    if (this.#unset(kind, key)) this.#tidy();
  }

  /** One that changes apart from this. */
  copy(): Deadlines {
    const made = new Deadlines();
    made.#order = this.#order;
    for (const entry of this.#heap) if (entry.isSet) made.#add({ ...entry });
    return made;
  }

  /** When the next one is due; infinity if there is none. */
  next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out those that are due, earliest first; equal times in the order of setting. */
  takeDue(now: number): readonly Deadline[] {
    if (this.next() > now) return NONE;
    const due: Deadline[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      due.push(first);
      this.#unset(first.kind, first.key);
      this.#tidy();
    }
    return due;
  }

  #unset(kind: DeadlineKind, key: number): boolean {
    const names = this.#names.get(kind);
    const entry = names?.get(key);
    if (names === undefined || entry === undefined) return false;
    names.delete(key);
    entry.isSet = false;
    this.#size -= 1;
    return true;
  }

  #add(entry: Entry): void {
    const { kind, key } = entry;
    const names = this.#names.get(kind) ?? new Map<number, Entry>();
    this.#names.set(kind, names);
    names.set(key, entry);
    this.#size += 1;
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** The first in the heap is one that is set, and most of the others are. */
  #tidy(): void {
    const heap = this.#heap;
    for (let first = heap[0]; first !== undefined && !first.isSet; first = heap[0]) {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
      this.#sink();
    }
    if (heap.length - this.#size <= Math.max(UNSET_KEPT, this.#size)) return;
    // A list in order is a heap.
    this.#heap = heap.filter(({ isSet }) => isSet).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const above = (place - 1) >> 1;
      if (!this.#swap(above, place)) return;
      place = above;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let place = 0; ; ) {
      const left = 2 * place + 1;
      const one = heap[left];
      const other = heap[left + 1];
      if (one === undefined) return;
      const sooner = other !== undefined && isBefore(other, one) ? left + 1 : left;
      if (!this.#swap(place, sooner)) return;
      place = sooner;
    }
  }

  /** Puts two in their order. @returns false where they were */
  #swap(above: number, below: number): boolean {
    const heap = this.#heap;
    const upper = heap[above];
    const lower = heap[below];
    if (upper === undefined || lower === undefined || !isBefore(lower, upper)) return false;
    heap[above] = lower;
    heap[below] = upper;
    return true;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
