/**
 * Who could talk to whom, and when. Time falls into spans in which nothing changes; in each, the peers
 * that run and are not frozen fall into groups: all of one group reach each other, both ways, if need be
 * through others (the strongly connected components).
 */
import { groupsOf, type Pairs, pairsOf } from "./groups.ts";
import { between, HEAL_MS, type Situation } from "./history.ts";

/** A time in which nothing changes: from a time on, until the next span's. */
type Span = {
  readonly from: number;
  readonly situation: Situation;
  /** To whom each peer cannot send. */
  readonly cut: Pairs;
  /** The group of each peer that runs and is not frozen. */
  readonly groups: ReadonlyMap<number, number>;
  /** Groups that have just been healed into one: what was done in one is not known to all of the other. */
  readonly merging: ReadonlySet<number>;
  /** Nobody is frozen, and nobody cut off from anyone or newly healed. */
  readonly whole: boolean;
};

/** A pair that was healed: until when it does not count as connected, and who ran before. */
type Healing = {
  readonly pair: readonly [number, number];
  readonly known: readonly number[];
  readonly until: number;
};

/** What stands for the group of one that is in none. */
export const NOWHERE = -1;

/** Answers, for any time of a run, who was together with whom; times are in milliseconds. */
export class Reach {
  private readonly spans: readonly Span[];

  /** @param situations by ascending time; without any, all peers reach each other always */
  constructor(situations: readonly Situation[]) {
    this.spans = spansOf(situations);
  }

  /** The number of the span that a time is in. */
  spanAt(time: number): number {
    let low = 0;
    let high = this.spans.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.spans[middle]?.from ?? 0) <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How many spans there are. */
  get length(): number {
    return this.spans.length;
  }

  /** The group of a peer in a span. */
  groupOf(span: number, peer: number): number {
    if (this.spans.length === 0) return 0;
    return this.spans[span]?.groups.get(peer) ?? NOWHERE;
  }

  /** All peers that ran, and were not frozen, at some time between two. */
  upBetween(start: number, end: number): readonly number[] {
    const up = new Set<number>();
    for (let at = this.spanAt(start); at <= this.spanAt(end); at++) {
      for (const id of this.spans[at]?.groups.keys() ?? []) up.add(id);
    }
    return [...up];
  }

  /** True if a peer's view is just merging with those of others, in a span: who owns what is in doubt. */
  isMerging(span: number, peer: number): boolean {
    return this.spans[span]?.merging.has(this.groupOf(span, peer)) ?? false;
  }

  /** The group that a majority of some peers is in, in a span. */
  majorityOf(span: number, peers: readonly number[]): number {
    for (const peer of peers) {
      const group = this.groupOf(span, peer);
      if (group === NOWHERE) continue;
      const together = peers.filter((other) => this.groupOf(span, other) === group);
      if (together.length * 2 > peers.length) return group;
    }
    return NOWHERE;
  }

  /**
   * The longest times without any fault: who runs does not change either. When two or more were away
   * together, a majority of some write's copies may have been: those who ran on are then a side by
   * themselves, and with the first that is back again two sides merge, which has the time of a heal.
   */
  wholePeriods(): { readonly from: number; readonly to: number }[] {
    const everything = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
    if (this.spans.length === 0) return [everything];
    const periods: { from: number; to: number; running: readonly number[] }[] = [];
    const lastUp = new Map<number, number>();
    for (const [index, { situation }] of this.spans.entries()) {
      for (const id of upIn(situation)) lastUp.set(id, index);
    }
    let away = new Set<number>();
    let wentAt = Number.NEGATIVE_INFINITY;
    let merged = Number.NEGATIVE_INFINITY;
    for (const [index, span] of this.spans.entries()) {
      const { running } = span.situation;
      const to = this.spans[index + 1]?.from ?? Number.POSITIVE_INFINITY;
      const up = new Set(upIn(span.situation));
      if (away.size > 1 && [...away].some((id) => up.has(id))) merged = span.from + HEAL_MS;
      const were = this.spans[index - 1]?.situation.running ?? [];
      // Who never comes back has left, or is no side that could merge.
      const returns = (id: number) => !up.has(id) && (lastUp.get(id) ?? index) > index;
      const left = were.filter((id) => returns(id) && !away.has(id)).length;
      if (left > 1 || (left === 1 && span.from < wentAt + HEAL_MS)) merged = span.from + HEAL_MS;
      if (left > 0) wentAt = span.from;
      away = new Set([...away, ...were, ...running].filter(returns));
      const from = Math.max(span.from, merged);
      if (!span.whole || from >= to) continue;
      const last = periods.at(-1);
      if (last?.to === from && same(last.running, running)) last.to = to;
      else periods.push({ from, to, running });
    }
    return periods;
  }

  /**
   * All peers that word of something at some peers can have come to between two times. Generous: what a
   * peer has sent may arrive when it is frozen or dead itself, what comes to a frozen one waits there, and
   * of two processes with one id either may have sent and got it.
   */
  wordFrom(peers: readonly number[], start: number, end: number): Set<number> {
    const word = new Set(peers);
    for (let at = this.spanAt(start); at <= this.spanAt(end); at++) {
      const span = this.spans[at];
      if (span === undefined) break;
      const { cut } = span;
      const { running, doubled = [], passing = [] } = span.situation;
      for (const from of word) {
        for (const to of running) {
          const isSevered = cut.get(from)?.has(to) ?? false;
          const passes = passing.some((pair) => pair[0] === from && pair[1] === to);
          const isDoubled = doubled.includes(from) || doubled.includes(to);
          if (!isSevered || passes || isDoubled) word.add(to);
        }
      }
    }
    return word;
  }
}

function upIn({ running, frozen }: Situation): number[] {
  return running.filter((id) => !frozen.includes(id));
}

function spansOf(situations: readonly Situation[]): Span[] {
  const spans: Span[] = [];
  // Pairs that were healed, and until when they do not count as connected yet.
  let healing: Healing[] = [];
  let before: readonly (readonly [number, number])[] = [];
  for (const [index, situation] of situations.entries()) {
    const apartNow = [...situation.severed, ...pairsOfMoved(situation)];
    const start = index === 0 ? Number.NEGATIVE_INFINITY : situation.from;
    const end = situations[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    const cut = pairsOf(situation.severed);
    const still = pairsOf(apartNow);
    const healed = before.filter(([from, to]) => !still.get(from)?.has(to));
    before = apartNow;
    const known = situations[index - 1]?.running ?? [];
    healing.push(...healed.map((pair) => ({ pair, known, until: start + HEAL_MS })));
    const unmet = [...strangersIn(situations, index), ...backIn(situations, index)].map((pair) => ({
      ...{ pair, known: situation.running, until: start + HEAL_MS },
    }));
    const joined = joinedIn(spans.at(-1), situation, still).map((pair) => ({
      ...{ pair, known: upIn(situations[index - 1] ?? situation), until: start + HEAL_MS },
    }));
    healing.push(...unmet, ...joined);
    // One that is frozen or down finds out when it is back.
    const away = (id: number) => situation.frozen.includes(id) || !situation.running.includes(id);
    healing = healing
      .filter(({ until }) => until > start)
      .map((heal) => (heal.pair.some(away) ? { ...heal, until: end + HEAL_MS } : heal));
    for (let from = start; from < end; ) {
      const now = from;
      healing = healing.filter(({ until }) => until > now);
      const apart =
        healing.length === 0 ? still : pairsOf([...apartNow, ...healing.map((h) => h.pair)]);
      const span = spanOf(from, situation, cut, apart, newMembersOf(situation, healing));
      spans.push({ ...span, merging: mergingIn(span.groups, healing) });
      from = Math.min(end, ...healing.map(({ until }) => until));
    }
  }
  return spans;
}

/**
 * Those that are back, each with whoever began while it was away: it cannot know of that one but from others.
 * Where nobody else is there that does, they meet as two sides do after a heal.
 */
function strangersIn(situations: readonly Situation[], index: number): [number, number][] {
  const now = situations[index]?.running ?? [];
  const before = situations[index - 1]?.running ?? now;
  return now.flatMap((id) => {
    if (before.includes(id)) return [];
    const last = situations.findLastIndex((s, i) => i < index && s.running.includes(id));
    if (last < 0) return [];
    const known = new Set(situations.slice(0, last + 1).flatMap(({ running }) => running));
    const unknown = now.filter((other) => !known.has(other));
    return between([id], unknown);
  });
}

/**
 * Two or more that are back within a heal's time, each with whoever ran on: together they may be a majority of a
 * name's replicas, and ask nobody else before they have met the others, as after a cut.
 */
function backIn(situations: readonly Situation[], index: number): [number, number][] {
  const now = situations[index];
  if (now === undefined || startedAgain(situations, index).length === 0) return [];
  const back = new Set<number>();
  let ranOn = now.running;
  for (let at = index; at > 0 && (situations[at]?.from ?? 0) > now.from - HEAL_MS; at--) {
    for (const id of startedAgain(situations, at)) back.add(id);
    ranOn = ranOn.filter((id) => situations[at - 1]?.running.includes(id));
  }
  return back.size < 2 ? [] : between([...back], ranOn);
}

/** Those that run since this situation, and did once before. */
function startedAgain(situations: readonly Situation[], index: number): readonly number[] {
  const before = situations[index - 1]?.running ?? [];
  const started = situations[index]?.running.filter((id) => !before.includes(id)) ?? [];
  return started.filter((id) => situations.slice(0, index).some((s) => s.running.includes(id)));
}

/**
 * Those that were of two groups and are of one: a cut between them was healed, or one is back that reaches
 * both. By that one they meet as two sides do after a heal.
 */
function joinedIn(before: Span | undefined, now: Situation, cut: Pairs): [number, number][] {
  if (before === undefined || new Set(before.groups.values()).size < 2) return [];
  const groups = groupsOf(upIn(now), cut);
  const known = [...groups.keys()].filter((id) => before.groups.has(id));
  const met = (one: number, other: number) =>
    groups.get(one) === groups.get(other) && before.groups.get(one) !== before.groups.get(other);
  return known.flatMap((one) =>
    known.filter((other) => met(one, other)).map((other): [number, number] => [one, other]),
  );
}

/** One that has moved is with nobody for a while. */
function pairsOfMoved({ running, moved = [] }: Situation): [number, number][] {
  return moved.flatMap((id) =>
    between(
      [id],
      running.filter((other) => other !== id),
    ),
  );
}

/** Those that run since a heal: what was apart is not together by them, until the heal has had its time. */
function newMembersOf({ running }: Situation, healing: readonly Healing[]): Set<number> {
  const strangers = healing.flatMap(({ known }) => running.filter((id) => !known.includes(id)));
  return new Set(strangers);
}

/** The groups of pairs that were apart. */
function mergingIn(
  groups: ReadonlyMap<number, number>,
  healing: readonly Healing[],
): ReadonlySet<number> {
  const merging = new Set<number>();
  for (const { pair } of healing) {
    const [one = NOWHERE, other = NOWHERE] = pair.map((id) => groups.get(id) ?? NOWHERE);
    if (one !== other) merging.add(one).add(other);
  }
  return merging;
}

function spanOf(
  from: number,
  situation: Situation,
  cut: Pairs,
  apart: Pairs,
  newMembers: ReadonlySet<number>,
): Omit<Span, "merging"> {
  const { running, frozen } = situation;
  const up = running.filter((id) => !(frozen.includes(id) || newMembers.has(id)));
  const someApart = up.some((id) => up.some((other) => apart.get(id)?.has(other)));
  const groups = someApart ? groupsOf(up, apart) : new Map(up.map((id) => [id, 0]));
  return { from, situation, cut, groups, whole: !someApart && up.length === running.length };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}
