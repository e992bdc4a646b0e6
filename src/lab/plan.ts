/** Which faults befall a ring, whom and when: drawn beforehand, from the seed, the ids and the options alone. Pure. */
import { makeRandom, type Random, randomBelow } from "../protocol/model/random.ts";
import { AFTER_MS, TRAITS, type Trait } from "./fault-traits.ts";
import { MAX_FAULTS } from "./limits.ts";
import type { FaultKind, PlannedFault } from "./run-lines.ts";

export type FaultPlan = {
  /** In [0, 2^32). */
  readonly seed: number;
  readonly ids: readonly number[];
  readonly kinds: readonly FaultKind[];
  /** All faults have ended after so long. */
  readonly forMs: number;
  /** The least time from the begin of a fault to that of the next. */
  readonly everyMs: number;
  /** Several victims of one fault are neighbours on the circle, or any. */
  readonly spread: "adjacent" | "random";
  /** So many run and answer at any time. */
  readonly minAlive: number;
  /** No more than so many are down or frozen at any time. */
  readonly maxDown: number;
  /** Whom faults may strike; null for all. The other side of a cut may be anybody. */
  readonly only: readonly number[] | null;
  readonly protect: readonly number[];
};

/** A fault comes up to this share of `everyMs` later, so that faults meet the pings at any phase. */
const LATE = 2;
/** A ring has ids from 0 up to this. */
const IDS = 256;
/** No fault lasts longer. */
const LONGEST_MS = Math.max(...Object.values(TRAITS).flatMap(({ holdsMs }) => holdsMs));
/** So that these are not the numbers of anything else that is drawn from the seed. */
const SALT = 0x2545f491;

/** The same plan gives the same faults at the same times, always; at most 100,000, in the order of their times. */
export function drawFaults(plan: FaultPlan): PlannedFault[] {
  const drafter = new Drafter(plan);
  for (let at = 0; at <= plan.forMs && drafter.faults.length < MAX_FAULTS; ) {
    at = drafter.draw(at) + plan.everyMs;
  }
  return drafter.faults.map((fault, index) => ({ ...fault, n: index + 1 }));
}

class Drafter {
  readonly faults: PlannedFault[] = [];
  private readonly random: Random;
  private readonly ids: readonly number[];
  private bag: FaultKind[] = [];

  constructor(private readonly plan: FaultPlan) {
    this.random = makeRandom(plan.seed ^ SALT);
    this.ids = [...plan.ids].sort((a, b) => a - b);
  }

  /** Draws the next fault, if any can be, at that time or later. @returns when it is */
  draw(at: number): number {
    const begin = at + randomBelow(this.random, Math.floor(this.plan.everyMs / LATE) + 1);
    if (this.bag.length === 0) this.bag = this.fill();
    for (const kind of this.bag) {
      const when = TRAITS[kind].sort === "careful" ? this.calmFrom(begin) : begin;
      const fault = this.draft(kind, when);
      if (fault === null) continue;
      this.bag.splice(this.bag.indexOf(kind), 1);
      this.faults.push(fault);
      return when;
    }
    // What is left in the bag cannot be in this ring, or not in the time that is left.
    if (this.calmFrom(begin) === begin) this.bag = [];
    return begin;
  }

  /** Each kind comes before one comes anew; those that overlap, which is the point, come twice. */
  private fill(): FaultKind[] {
    const kinds = this.plan.kinds.flatMap((kind) =>
      TRAITS[kind].sort === "careful" ? [kind] : [kind, kind],
    );
    return this.sample(kinds, kinds.length);
  }

  private draft(kind: FaultKind, atMs: number): PlannedFault | null {
    const trait = TRAITS[kind];
    const holds = trait.holdsMs.filter((ms) => atMs + ms <= this.plan.forMs);
    if (holds.length === 0) return null;
    const forMs = this.pick(holds);
    const amount = trait.amounts === undefined ? null : this.pick(trait.amounts);
    const from = { n: 0, kind, atMs, forMs, amount, others: [] };
    if (!this.mayBe(trait, atMs, atMs + forMs)) return null;
    if (kind === "join") {
      const free = this.freeId(atMs);
      return free === null ? null : { ...from, peers: [free] };
    }
    const peers = this.victims(trait, atMs, atMs + forMs);
    if (peers.length === 0) return null;
    if (kind !== "partition" && kind !== "one-way") return { ...from, peers };
    const rest = this.presentIn(atMs, atMs + forMs).filter((id) => !peers.includes(id));
    const all = kind === "partition" || randomBelow(this.random, 2) === 0;
    const others = all ? rest : this.sample(rest, Math.min(rest.length, peers.length));
    if (others.length === 0) return null;
    return { ...from, peers, others: others.sort((a, b) => a - b) };
  }

  /** No hard or careful fault beside a careful one. */
  private mayBe(trait: Trait, from: number, to: number): boolean {
    if (trait.sort === "soft") return true;
    return !this.recent(from).some((other) => {
      const { sort } = TRAITS[other.kind];
      if (sort === "soft" || (sort === "hard" && trait.sort === "hard")) return false;
      return other.atMs <= to + AFTER_MS && other.atMs + other.forMs + AFTER_MS >= from;
    });
  }

  /** Whom a fault strikes, in ascending order; nobody where too many are down already. */
  private victims(trait: Trait, from: number, to: number): number[] {
    const { plan } = this;
    const down = this.downIn(from, to);
    const may = this.ids.filter(
      (id) => !down.has(id) && (plan.only?.includes(id) ?? true) && !plan.protect.includes(id),
    );
    const most = {
      one: 1,
      few: 2,
      some: Math.ceil(this.ids.length / 4),
      side: Math.floor(this.ids.length / 2),
    }[trait.strikes];
    const left = Math.min(plan.maxDown, this.ids.length - plan.minAlive) - down.size;
    const room = Math.min(most, may.length, trait.isDown ? left : most);
    if (room < 1) return [];
    const count = 1 + randomBelow(this.random, room);
    const chosen = plan.spread === "random" ? this.sample(may, count) : this.adjacent(may, count);
    return chosen.sort((a, b) => a - b);
  }

  private downIn(from: number, to: number): Set<number> {
    const down = this.recent(from).filter(
      ({ kind, atMs, forMs }) =>
        TRAITS[kind].isDown && atMs <= to + AFTER_MS && atMs + forMs + AFTER_MS >= from,
    );
    return new Set(down.flatMap(({ peers }) => peers));
  }

  /** All that may run at some time of a span: those that have joined, too. */
  private presentIn(from: number, to: number): number[] {
    const joined = this.recent(from).filter(
      ({ kind, atMs, forMs }) => kind === "join" && atMs <= to && atMs + forMs + AFTER_MS >= from,
    );
    return [...this.ids, ...joined.flatMap(({ peers }) => peers)].sort((a, b) => a - b);
  }

  /** The first time from then on at which nothing hard or careful goes on any more. */
  private calmFrom(begin: number): number {
    const ends = this.recent(begin).map(({ kind, atMs, forMs }) =>
      TRAITS[kind].sort === "soft" ? 0 : atMs + forMs + AFTER_MS + 1,
    );
    return Math.max(begin, ...ends);
  }

  /** Those that may not be over at a time: they are drawn in the order in which they begin. */
  private recent(at: number): PlannedFault[] {
    const first = this.faults.findLastIndex(({ atMs }) => atMs + LONGEST_MS + AFTER_MS < at);
    return this.faults.slice(first + 1);
  }

  private freeId(at: number): number | null {
    const taken = new Set([...this.ids, ...this.presentIn(at, at)]);
    const free = Array.from({ length: IDS }, (_, id) => id).filter((id) => !taken.has(id));
    return free.length === 0 ? null : this.pick(free);
  }

  private adjacent(from: readonly number[], count: number): number[] {
    const start = randomBelow(this.random, from.length);
    return Array.from({ length: count }, (_, i) => from[(start + i) % from.length] ?? 0);
  }

  private sample<T>(from: readonly T[], count: number): T[] {
    const left = [...from];
    return Array.from({ length: count }, () =>
      left.splice(randomBelow(this.random, left.length), 1),
    ).flat();
  }

  private pick<T>(from: readonly T[]): T {
    const [first] = this.sample(from, 1);
    if (first === undefined) throw new Error("nothing to pick from");
    return first;
  }
}
