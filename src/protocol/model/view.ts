/**
 * One peer's table of present members: successors, predecessors, owners, replicas and routes are derived
 * from it, so there is no second record that could disagree.
 */
import { SYNC_BUCKETS } from "./config.ts";
import { addHash, removeHash } from "./digest.ts";
import { type Address, compareMembers, isExpected, type Member, stays } from "./member.ts";
import { type Random, randomBelow, randomSample } from "./random.ts";

/** Up to this size a sample is drawn from a list made for it; above, by trying, which may find fewer. */
const SAMPLED_WHOLE = 64;
const SAMPLE_TRIES = 32;

/** Views that are shared: so many of the last ones. */
const RECENT_VIEWS = 256;

/**
 * The last views of several peers in one process, by digest, held weakly: those that come to know the
 * same share one table, so that thousands of peers fit one simulator. It saves memory and changes no
 * answer. Whoever drives the peers makes it and hands it in; a peer by itself needs none.
 */
export class SharedViews {
  readonly #recent = new Map<number, WeakRef<View>>();

  /** A view of that digest and size made lately, or the one made now. */
  share(size: number, digest: number, make: () => View): View {
    const known = this.#recent.get(digest)?.deref();
    if (known !== undefined && known.size === size) return known;
    const made = make();
    this.#recent.delete(digest);
    this.#recent.set(digest, new WeakRef(made));
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= RECENT_VIEWS) break;
      this.#recent.delete(oldest);
    }
    return made;
  }
}

/** Sorted by id; an immutable value, copied on write, whose records are shared with other views. */
export class View {
  #ids: Float64Array | null = null;
  #buckets: readonly number[] | null = null;
  /** Those that were asked for: all keys of one owner have the same. */
  readonly #replicaSets = new Map<number, readonly Member[]>();
  #staying: number | null = null;

  private constructor(
    /** Present members (alive, leaving or expected) by ascending id. */
    readonly members: readonly Member[],
    /** Set hash over all members but the expected ones, in [0, 2^52). */
    readonly digest: number,
    /** How many of them are only expected, and so not in the digest. */
    readonly expected: number,
    /** Where views made from this one are shared with other peers', if they are. */
    private readonly shared: SharedViews | null,
  ) {}

  get size(): number {
    return this.members.length;
  }

  /** The present member of this id. */
  find(id: number): Member | undefined {
    const member = this.members[this.#indexFrom(id)];
    return member?.id === id ? member : undefined;
  }

  /** The view of all these members, whatever their order, and of no other of their ids. */
  static of(members: readonly Member[], shared: SharedViews | null = null): View {
    const digest = members.reduce((sum, m) => withMember(sum, m), 0);
    const expected = members.filter(isExpected).length;
    return View.#made(shared, members.length, digest, expected, () =>
      [...members].sort((a, b) => a.id - b.id),
    );
  }

  /** The view with this member in it, in place of any other of its id. */
  with(member: Member): View {
    const index = this.#indexFrom(member.id);
    const old = this.members[index];
    const replaces = old?.id === member.id;
    if (replaces && compareMembers(old, member) === 0) return this;
    const rest = replaces ? withoutMember(this.digest, old) : this.digest;
    const expected =
      this.expected - Number(replaces && isExpected(old)) + Number(isExpected(member));
    const size = replaces ? this.size : this.size + 1;
    return View.#made(this.shared, size, withMember(rest, member), expected, () =>
      this.members.toSpliced(index, replaces ? 1 : 0, member),
    );
  }

  /** The view without the member of this id. */
  without(id: number): View {
    const index = this.#indexFrom(id);
    const old = this.members[index];
    if (old?.id !== id) return this;
    const expected = this.expected - Number(isExpected(old));
    return View.#made(this.shared, this.size - 1, withoutMember(this.digest, old), expected, () =>
      this.members.toSpliced(index, 1),
    );
  }

  /** The present member at an address. */
  at(address: Address): Member | undefined {
    return this.members.findLast((m) => m.address === address);
  }

  /** Up to `count` different members but for those of these ids, drawn at random. */
  sample(random: Random, count: number, but: (member: Member) => boolean): Member[] {
    if (this.size <= SAMPLED_WHOLE) {
      return randomSample(
        random,
        this.members.filter((m) => !but(m)),
        count,
      );
    }
    const drawn = new Set<Member>();
    for (let tries = 0; drawn.size < count && tries < SAMPLE_TRIES; tries++) {
      const member = this.members[randomBelow(random, this.size)];
      if (member !== undefined && !but(member)) drawn.add(member);
    }
    return [...drawn];
  }

  /** Up to `count` members after `position`, clockwise, nearest first; never one at the position itself. */
  after(position: number, count: number): Member[] {
    return this.#walk(this.#indexFrom(position + 1), 1, position, count);
  }

  /** Up to `count` members before `position`, counter-clockwise, nearest first; never one at it. */
  before(position: number, count: number): Member[] {
    return this.#walk(this.#indexFrom(position) - 1, -1, position, count);
  }

  /** How many places clockwise from one member to another; 0 if there is no such member. */
  placesTo(from: number, id: number): number {
    const index = this.#indexFrom(id);
    if (this.members[index]?.id !== id) return 0;
    return (index - this.#indexFrom(from) + this.size) % this.size;
  }

  /** The member so many places clockwise from the member `id`; undefined if that is once around. */
  ahead(id: number, places: number): Member | undefined {
    if (places >= this.size) return undefined;
    return this.members[(this.#indexFrom(id) + places) % this.size];
  }

  /** The next member after `id`, clockwise; `id` itself when it is alone. */
  successor(id: number): number {
    return this.after(id, 1)[0]?.id ?? id;
  }

  /** The two successors of `id`. With two members the second is `id` itself; alone, both are. */
  successorPair(id: number): readonly [number, number] {
    const [first, second] = this.after(id, 2);
    return [first?.id ?? id, second?.id ?? id];
  }

  /** The member before `position`, counter-clockwise; undefined if there is no other. */
  predecessor(position: number): Member | undefined {
    return this.before(position, 1)[0];
  }

  /** All members clockwise, beginning with the first at or after a position. */
  *from(position: number): Generator<Member> {
    const start = this.#indexFrom(position);
    for (let i = 0; i < this.size; i++) {
      const member = this.members[(start + i) % this.size];
      if (member !== undefined) yield member;
    }
  }

  /** The owner of a key, and the members after it that keep copies: `count` of those that stay. */
  replicaSet(key: number, count: number): readonly Member[] {
    const first = this.#indexFrom(key) % this.size;
    const place = count * this.size + first;
    const known = this.#replicaSets.get(place);
    if (known !== undefined) return known;
    const replicas = this.#replicaSetAt(first, count);
    this.#replicaSets.set(place, replicas);
    return replicas;
  }

  /** How many members stay: all but those that are leaving. */
  get staying(): number {
    this.#staying ??= this.members.filter(stays).length;
    return this.#staying;
  }

  /** The closest successor of a key; a member that is leaving owns nothing any more. */
  owner(key: number): Member | undefined {
    return this.replicaSet(key, 1)[0];
  }

  /** The digests of SYNC_BUCKETS equal parts of a circle of 2^bits. */
  bucketDigests(bits: number): readonly number[] {
    if (this.#buckets !== null) return this.#buckets;
    const digests = new Array<number>(SYNC_BUCKETS).fill(0);
    for (const member of this.members) {
      const bucket = bucketOf(member.id, bits);
      digests[bucket] = withMember(digests[bucket] ?? 0, member);
    }
    this.#buckets = digests;
    return digests;
  }

  /** The members with an id in [from, to). */
  between(from: number, to: number): readonly Member[] {
    return this.members.slice(this.#indexFrom(from), this.#indexFrom(to));
  }

  /**
   * A free position in the middle of the widest gap between members.
   * @param aside so much beside the middle, as a share of the gap: from -1/4 to 1/4
   */
  widestGapMiddle(bits: number, aside = 0): number {
    const circle = 2 ** bits;
    let best = { from: 0, width: 0 };
    this.members.forEach((member, i) => {
      const next = this.members[(i + 1) % this.size] ?? member;
      const width = (next.id - member.id + circle) % circle || circle;
      if (width > best.width) best = { from: member.id, width };
    });
    return (best.from + Math.floor(best.width * (0.5 + aside))) % circle;
  }

  /** Index of the first member whose id is at or above `id`; the size if there is none. */
  #indexFrom(id: number): number {
    this.#ids ??= idsOf(this.members);
    const ids = this.#ids;
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** One with expected members, which no digest covers, is never shared. */
  static #made(
    shared: SharedViews | null,
    size: number,
    digest: number,
    expected: number,
    members: () => Member[],
  ): View {
    const make = () => new View(members(), digest, expected, shared);
    return shared === null || expected > 0 ? make() : shared.share(size, digest, make);
  }

  #replicaSetAt(first: number, count: number): readonly Member[] {
    const replicas: Member[] = [];
    for (let i = 0; i < this.size && replicas.length < count; i++) {
      const member = this.members[(first + i) % this.size];
      if (member !== undefined && stays(member)) replicas.push(member);
    }
    return replicas;
  }

  #walk(start: number, direction: 1 | -1, position: number, count: number): Member[] {
    const found: Member[] = [];
    const size = this.size;
    for (let i = 0; i < size && found.length < count; i++) {
      const member = this.members[(((start + direction * i) % size) + size) % size];
      if (member === undefined || member.id === position) break;
      found.push(member);
    }
    return found;
  }
}

/** Which of SYNC_BUCKETS equal parts of the circle a position is in. */
export function bucketOf(id: number, bits: number): number {
  return Math.floor((id / 2 ** bits) * SYNC_BUCKETS);
}

/** The first position in one of SYNC_BUCKETS equal parts of the circle, and the first after it. */
export function boundsOf(bucket: number, bits: number): [from: number, to: number] {
  const width = 2 ** bits / SYNC_BUCKETS;
  return [Math.ceil(bucket * width), Math.ceil((bucket + 1) * width)];
}

/** The ids alone, side by side: a search reads no member. */
function idsOf(members: readonly Member[]): Float64Array {
  const ids = new Float64Array(members.length);
  for (let i = 0; i < ids.length; i++) ids[i] = members[i]?.id ?? 0;
  return ids;
}

/** Expected members are nobody else's business, and count for nothing. */
function withMember(digest: number, member: Member): number {
  return isExpected(member) ? digest : addHash(digest, member.hash);
}

function withoutMember(digest: number, member: Member): number {
  return isExpected(member) ? digest : removeHash(digest, member.hash);
}
