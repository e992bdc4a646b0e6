/**
 * The members that a peer knows to have gone: kept to refuse stale word of their life, and tried now
 * and then. In a large ring there are thousands, at every peer, so each takes up two numbers' room.
 */
import { DEPARTED_MEMBERS, DEPARTED_MS, DEPARTED_TOLD } from "./config.ts";
import type { Member } from "./member.ts";

/** At most DEPARTED_MEMBERS, none for much longer than DEPARTED_MS. Times are in ms on the peer's own clock. */
export class DepartedTable {
  /** By ascending id, and since when each has been gone. */
  readonly #members: Member[] = [];
  readonly #since: number[] = [];
  /** When those died that were members here until then, by id. */
  readonly #seen = new Map<number, number>();
  /** Those of them that were leaving when they died. */
  readonly #leaving = new Set<number>();
  #last: readonly Member[] = [];
  /** No member has been gone for longer; it may be that of one that has come back. */
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#members.length;
  }

  /** All of them, by ascending id. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** The last DEPARTED_TOLD of them, in the order of their going; an array of its own for each change. */
  get last(): readonly Member[] {
    return this.#last;
  }

  get(id: number): Member | undefined {
    const member = this.#members[this.#indexFrom(id)];
    return member?.id === id ? member : undefined;
  }

  /** Those that died at or after a time. */
  diedSince(time: number): Member[] {
    if (this.#latest < time) return [];
    return this.#members.filter((m, i) => m.state === "dead" && (this.#since[i] ?? 0) >= time);
  }

  /** When a member died; long ago if it did not. */
  diedAt(id: number): number {
    const index = this.#indexFrom(id);
    const member = this.#members[index];
    if (member?.id !== id || member.state !== "dead") return Number.NEGATIVE_INFINITY;
    return this.#since[index] ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Notes that a member which died was one here until now: of others it is not known when they did.
   * @param last what was known of it before its death
   */
  sawDie({ id, state }: Member, now: number): void {
    this.#seen.set(id, now);
    if (state === "leaving") this.#leaving.add(id);
  }

  /** True if one died that was not about to leave anyway, as far as is known here: it may be cut off. */
  get anyLost(): boolean {
    return this.#members.some(({ id, state }) => state === "dead" && !this.#leaving.has(id));
  }

  /** The times at or after one at which members died here, by id. */
  seenDead(since: number): Map<number, number> {
    if (this.#latest < since) return new Map();
    return new Map([...this.#seen].filter(([, at]) => at >= since));
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** Keeps a member in mind as gone since now, and forgets others, within the limits of time and number. */
  add(member: Member, now: number): void {
    this.delete(member.id);
    const index = this.#indexFrom(member.id);
    this.#members.splice(index, 0, member);
    this.#since.splice(index, 0, now);
    this.#last = [...this.#last.slice(1 - DEPARTED_TOLD), member];
    this.#earliest = Math.min(this.#earliest, now);
    this.#latest = now;
    while (this.#isTooMuch(now)) this.#forgetEarliest(now);
  }

  delete(id: number): void {
    const index = this.#indexFrom(id);
    if (this.#members[index]?.id !== id) return;
    this.#members.splice(index, 1);
    this.#since.splice(index, 1);
    this.#seen.delete(id);
    this.#leaving.delete(id);
    if (this.#last.some((m) => m.id === id)) this.#last = this.#lastDeparted();
  }

  /** The last that were lost, not left, since a time; in the order of their going. */
  lostSince(time: number): readonly Member[] {
    return this.#last.filter(({ id, state }) => {
      const since = this.#since[this.#indexFrom(id)] ?? Number.NEGATIVE_INFINITY;
      return state === "dead" && since >= time;
    });
  }

  /** Those with an id in [from, to). */
  between(from: number, to: number): readonly Member[] {
    return this.#members.slice(this.#indexFrom(from), this.#indexFrom(to));
  }

  /** The first with an id above this one, or the first of all; undefined if there is none. */
  after(id: number): Member | undefined {
    return this.#members[this.#indexFrom(id + 1)] ?? this.#members[0];
  }

  /** One that changes apart from this. */
  copy(): DepartedTable {
    const made = new DepartedTable();
    made.#members.push(...this.#members);
    made.#since.push(...this.#since);
    for (const [id, at] of this.#seen) made.#seen.set(id, at);
    for (const id of this.#leaving) made.#leaving.add(id);
    made.#last = this.#last;
    made.#earliest = this.#earliest;
    made.#latest = this.#latest;
    return made;
  }

  #isTooMuch(now: number): boolean {
    return this.size > DEPARTED_MEMBERS || now - this.#earliest > DEPARTED_MS;
  }

  /** Forgets the one that went first, unless those that were deleted have made room already. */
  #forgetEarliest(now: number): void {
    this.#earliest = this.#since.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const member = this.#members[this.#since.indexOf(this.#earliest)];
    if (member !== undefined && this.#isTooMuch(now)) this.delete(member.id);
  }

  #lastDeparted(): readonly Member[] {
    const places = this.#members.map((_, place) => place);
    places.sort((a, b) => (this.#since[a] ?? 0) - (this.#since[b] ?? 0));
    return places.slice(-DEPARTED_TOLD).flatMap((place) => this.#members[place] ?? []);
  }

  #indexFrom(id: number): number {
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#members[middle]?.id ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
