/** The history of one name: its writes, its reads, which of them are bound, and in which order they are. */
import type { Ending, History, Operation, Value } from "./history.ts";
import { NOWHERE, type Reach } from "./reach.ts";
import { FIRST, isWrite, type Read, readBy, type Write, writeOf } from "./writes.ts";

/** How long an operation stays bound to those that come after it. */
type Bond = {
  /** The peers of which a majority must be together. */
  readonly replicas: readonly number[];
  readonly firstSpan: number;
  /** The first span in which they are not, or in which its own peer is not with them. */
  readonly until: number;
  /** The group of the majority, by span from the first on. */
  readonly groups: readonly number[];
};

/** What is known of one name in a history, worked out once and asked by all its checks. */
export class Register {
  /** By start; the first of all is first. */
  readonly writes: readonly Write[];
  /** By start. */
  readonly reads: readonly Read[];
  /** Stores and removals that were refused. */
  readonly refused: readonly Operation[];
  private readonly byValue = new Map<Value, Write[]>();
  private readonly readsByValue = new Map<Value, Read[]>();
  private readonly rightly = new Map<Read, readonly Write[]>();
  /** By the places of two writes: 1 if the first precedes the second, -1 if not, 0 if nobody has asked. */
  private readonly order: Int8Array;
  private readonly bonds = new Map<Operation, Bond>();

  /** @param operations all of one name, by start */
  constructor(
    readonly name: string,
    operations: readonly Operation[],
    readonly ending: Ending | null,
    readonly reach: Reach,
  ) {
    const written = operations.flatMap(writeOf);
    this.writes = [FIRST, ...written.map((write, index) => ({ ...write, place: index + 1 }))];
    this.order = new Int8Array(this.writes.length ** 2);
    for (const write of this.writes) put(this.byValue, write.value, write);
    this.reads = operations.flatMap((operation) => {
      const value = readBy(operation);
      if (value === undefined || operation.end === null) return [];
      const { start, end } = operation;
      // What had not begun by then was not read.
      const writes = this.writersOf(value).filter((write) => write.start <= end);
      const excused = writes.some((write) => write.excused);
      return [{ operation, value, start, end, writes, excused }];
    });
    for (const read of this.reads) put(this.readsByValue, read.value, read);
    this.refused = operations.filter((o) => isWrite(o) && o.outcome.kind === "refused");
  }

  /** The writes that may have written a value. */
  writersOf(value: Value): readonly Write[] {
    return this.byValue.get(value) ?? [];
  }

  /** The reads that got a value, by start. */
  readersOf(value: Value): readonly Read[] {
    return this.readsByValue.get(value) ?? [];
  }

  /** True if the first, with a majority of its acknowledgement's copies, could not but be known to the second. */
  bound(first: Write, second: Operation | null): boolean {
    if (first.operation === null) return true;
    return second !== null && this.isBound(first.operation, this.replicasOf(first), second);
  }

  /**
   * True if a read could not but get a write that was over, if it had not been replaced. Of one that was not
   * acknowledged nobody knows who holds it: so all that ran at the time have to be with the read.
   */
  isBehind(write: Write, { operation, start, end }: Read): boolean {
    if (!this.bound(write, operation)) return false;
    if (write.acknowledged) return true;
    const { reach } = this;
    const those = reach.upBetween(write.start, write.last);
    for (let span = reach.spanAt(start); span <= reach.spanAt(end); span++) {
      const group = reach.groupOf(span, operation.peer);
      if (!those.every((peer) => reach.groupOf(span, peer) === group)) return false;
    }
    return true;
  }

  /** The same of two reads: the copies are those of what the first has read. */
  readsBound(first: Read, second: Read): boolean {
    return this.viable(first).every((write) => {
      const { peer } = first.operation;
      // That nothing is there nobody has been told: who has seen it knows it.
      if (write.operation === null) return this.isBound(first.operation, [peer], second.operation);
      if (this.hasMovedOn(write, second)) return false;
      const [from, to] = [first.start, second.end].map((time) => this.reach.spanAt(time));
      // Of one that was not acknowledged nobody knows who holds it: so nothing may change between the two.
      if (!write.acknowledged && from !== to) return false;
      const replicas = write.acknowledged ? this.replicasOf(write) : [peer];
      return this.isBound(first.operation, replicas, second.operation);
    });
  }

  /** The writes that a read may rightly have read. */
  viable(read: Read): readonly Write[] {
    const known = this.rightly.get(read);
    if (known !== undefined) return known;
    const asked = new Map<Write, boolean>();
    const writes = read.writes.filter((write) => this.replacedFor(write, read, asked) === null);
    this.rightly.set(read, writes);
    return writes;
  }

  /**
   * The acknowledged write for which a read should not have got an earlier one any more.
   * @param asked remembers of which writes the read must know
   */
  replacedFor(write: Write, read: Read, asked = new Map<Write, boolean>()): Write | null {
    // From the last that may be it backwards: most often that is the one.
    for (let place = this.placeOf(read.start) - 1; place >= 0; place--) {
      const newer = this.writes[place];
      if (newer === undefined || newer.start <= write.last) break;
      // What it replaced may have been destroyed with it.
      if (newer.excused) break;
      if (!newer.acknowledged || newer.last >= read.start) continue;
      if (!this.precedes(write, newer)) continue;
      const bound = asked.get(newer) ?? this.bound(newer, read.operation);
      asked.set(newer, bound);
      if (bound && !this.hasMovedOn(newer, read)) return newer;
    }
    return null;
  }

  /** True if a write was over before another began that knew of it. */
  precedes(first: Write, second: Write): boolean {
    if (first.last >= second.start) return false;
    const at = first.place * this.writes.length + second.place;
    const known = this.order[at];
    if (known !== undefined && known !== 0) return known > 0;
    const precedes = this.bound(first, second.operation);
    this.order[at] = precedes ? 1 : -1;
    return precedes;
  }

  /**
   * True if a write had been replaced, before a read began, by an acknowledged one of which no copy is
   * among those that the read could reach. Who holds a name changes with the ring, and who holds it no
   * more drops its copy: so the copies of the first need not be where its acknowledgement says, and those of the
   * other are beyond a cut. Across disjoint sets of copies nothing is promised.
   */
  private hasMovedOn(write: Write, read: Read): boolean {
    for (let place = this.placeOf(read.start) - 1; place > write.place; place--) {
      const later = this.writes[place];
      if (later === undefined || later.start <= write.last) return false;
      if (!later.acknowledged || later.last >= read.start) continue;
      if (this.isAway(later, read) && this.precedes(write, later)) return true;
    }
    return false;
  }

  /** True if at some time of a read none of a write's copies is among those that it could reach. */
  private isAway(write: Write, { operation, start, end }: Read): boolean {
    const replicas = this.replicasOf(write);
    const { reach } = this;
    for (let span = reach.spanAt(start); span <= reach.spanAt(end); span++) {
      const group = reach.groupOf(span, operation.peer);
      if (!replicas.some((peer) => reach.groupOf(span, peer) === group)) return true;
    }
    return false;
  }

  /** How many writes began before a time. */
  private placeOf(time: number): number {
    let low = 0;
    let high = this.writes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.writes[middle]?.start ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private replicasOf({ operation }: Write): readonly number[] {
    if (operation === null) return [];
    const { outcome, peer } = operation;
    const replicas = outcome.kind === "done" ? outcome.replicas : undefined;
    return replicas === undefined || replicas.length === 0 ? [peer] : replicas;
  }

  private isBound(first: Operation, replicas: readonly number[], second: Operation): boolean {
    const bond = this.bondOf(first, replicas);
    const to = this.reach.spanAt(second.end ?? second.start);
    if (to >= bond.until) return false;
    const from = Math.max(bond.firstSpan, this.reach.spanAt(second.start));
    for (let span = from; span <= to; span++) {
      const group = bond.groups[span - bond.firstSpan];
      // While two sides merge their views do not agree yet on who owns the name.
      if (this.reach.isMerging(span, second.peer)) return false;
      if (this.reach.groupOf(span, second.peer) !== group) return false;
    }
    return true;
  }

  private bondOf(first: Operation, replicas: readonly number[]): Bond {
    const known = this.bonds.get(first);
    // A read may have several writes, and so several bonds: only one of them is kept.
    if (known?.replicas === replicas || (known && same(known.replicas, replicas))) return known;
    const firstSpan = this.reach.spanAt(first.start);
    const lastOwn = this.reach.spanAt(first.end ?? first.start);
    const groups: number[] = [];
    let until = firstSpan;
    for (; until < Math.max(1, this.reach.length); until++) {
      const group = this.reach.majorityOf(until, replicas);
      if (group === NOWHERE) break;
      if (until <= lastOwn && this.reach.groupOf(until, first.peer) !== group) break;
      groups.push(group);
    }
    const bond = { replicas, firstSpan, until, groups };
    this.bonds.set(first, bond);
    return bond;
  }
}

/** The registers of a history, by name. */
export function registersOf({ operations, endings }: History, reach: Reach): Register[] {
  const byName = new Map<string, Operation[]>();
  for (const operation of [...operations].sort((a, b) => a.start - b.start)) {
    put(byName, operation.name, operation);
  }
  for (const { name } of endings) if (!byName.has(name)) byName.set(name, []);
  return [...byName].map(([name, own]) => {
    const ending = endings.find((e) => e.name === name) ?? null;
    return new Register(name, own, ending, reach);
  });
}

function put<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const others = map.get(key);
  if (others === undefined) map.set(key, [value]);
  else others.push(value);
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
