/**
 * What a simulated ring has acknowledged, and which copies of it were destroyed on purpose. A ring owes
 * what it acknowledged as long as no more than a minority of the copies is destroyed before it has had
 * the time to make them good.
 */
import { type DiskSnapshot, heirsOf, standsFor } from "../checks/files.ts";
import { compareVersions, type FileRecord, isSameWrite } from "../protocol/model/files.ts";
import { merge } from "../protocol/model/siblings.ts";
import { type Host, localTime } from "./host.ts";
import type { Stage } from "./stage.ts";

type Entry = {
  readonly record: FileRecord;
  /** As many copies as the acknowledgement named, or as there were when last all were there. */
  replicas: number;
  /** The hosts whose copies were destroyed since. */
  readonly destroyed: Set<Host>;
  /** The last copy was destroyed, and too many before it: nobody could have kept it. */
  excused: boolean;
};

/** A write that was ever durable, and on the disks of which peers. */
export type DurableWrite = { record: FileRecord; readonly on: Set<number> };

/** Actions that destroy copies: a kill does so only for good. */
const DESTRUCTIVE = /^(rot|wipe|power-cut) |^kill .*for good|^restart .*without/;
/** One that is down makes no copy good any more, and its own may be destroyed then. */
const KILL = /^kill /;

export class Ledger {
  readonly #entries: Entry[] = [];
  readonly #writes = new Map<string, DurableWrite[]>();
  /** What stands for what, for each name, as long as no write of it comes or changes. */
  readonly #heirs = new Map<string, Map<FileRecord, readonly FileRecord[]>>();
  /** The copies that were destroyed on purpose. */
  readonly #destroyed: { readonly host: Host; readonly record: FileRecord }[] = [];

  constructor(private readonly stage: Stage) {}

  /** Takes down that a write has become durable somewhere. */
  noteWrite({ id }: Host, record: FileRecord): void {
    const writes = this.writesOf(record.name);
    this.#heirs.delete(record.name);
    const same = writes.find((v) => compareVersions(v.record.version, record.version) === 0);
    if (same !== undefined) {
      same.on.add(id);
      // One disk may know of more that it has replaced than another.
      same.record = merge([same.record], record)[0] ?? record;
    } else this.#writes.set(record.name, [...writes, { record, on: new Set([id]) }]);
  }

  /** The writes of a name that were ever durable. */
  writesOf(name: string): readonly DurableWrite[] {
    return this.#writes.get(name) ?? [];
  }

  /**
   * The peers where a write was ever durable, or what took its place: that may not know there what all it
   * has replaced elsewhere.
   */
  durableOn(record: FileRecord): Set<number> {
    const heirs = this.#heirsOf(record);
    const isHeir = (v: FileRecord) => heirs.some((heir) => isSameWrite(heir, v));
    const standing = this.writesOf(record.name).filter((v) => isHeir(v.record));
    return new Set(standing.flatMap((v) => [...v.on]));
  }

  /** Every write that was ever durable somewhere. */
  known(): FileRecord[] {
    return [...this.#writes.values()].flat().map((v) => v.record);
  }

  /** Takes down an acknowledgement. */
  noteAcknowledgement(record: FileRecord, replicas: number): void {
    const heirs = this.#heirsOf(record);
    // A copy may have been destroyed before the word of it was here.
    const early = this.#destroyed.filter((d) => heirs.some((heir) => standsFor(d.record, heir)));
    const destroyed = new Set(early.map((d) => d.host));
    const entry: Entry = { record, replicas, destroyed, excused: false };
    this.#entries.push(entry);
    this.#excuse(entry);
  }

  /** Does an action, and takes down which copies it destroys. */
  witness(action: string, act: () => void): void {
    const destroys = DESTRUCTIVE.test(action);
    if (!destroys && !KILL.test(action)) {
      act();
      return;
    }
    const before = this.#entries.map((entry) => this.#hostsOf(entry.record));
    for (const [i, entry] of this.#entries.entries()) this.#forgiveRepaired(entry, before[i] ?? []);
    if (!destroys) {
      act();
      return;
    }
    // The disk of one that a twin has taken the id from is a disk, too, when it is destroyed.
    const all = [...this.stage.world.hosts.values()];
    const counted = new Set(this.#hosts());
    const copies = all.flatMap((host) => host.disk.intact().map((record) => ({ host, record })));
    const held = this.#entries.map((entry) => this.#replicated(all, entry.record));
    act();
    const there = new Set(this.#hosts());
    const isOut = (host: Host) => counted.has(host) && !there.has(host);
    const isLost = ({ host, record }: { host: Host; record: FileRecord }) =>
      isOut(host) || !host.disk.intact().includes(record);
    this.#destroyed.push(...copies.filter(isLost));
    for (const [i, entry] of this.#entries.entries()) {
      const kept = this.#replicated(all, entry.record);
      const lost = (held[i] ?? []).filter((host) => isOut(host) || !kept.includes(host));
      for (const host of lost) entry.destroyed.add(host);
      if (lost.length > 0 || (before[i] ?? []).length > 0) this.#excuse(entry);
    }
  }

  /** What is owed: all that was acknowledged, but for what could not be kept. */
  owed(): FileRecord[] {
    for (const entry of this.#entries) this.#countTwins(entry);
    const excused = this.#entries.filter((e) => e.excused).map((e) => e.record);
    return this.#entries
      .map((e) => e.record)
      .filter((record) => {
        const heirs = this.#heirsOf(record);
        return !excused.some((record) => heirs.some((heir) => standsFor(record, heir)));
      });
  }

  /** True of a write that was acknowledged, and could not be kept. */
  isExcused(sibling: FileRecord): boolean {
    return this.#entries.some(({ record, excused }) => excused && isSameWrite(record, sibling));
  }

  /** What is on the disks that are there, or may come back. */
  disks(): DiskSnapshot[] {
    return this.#hosts().map((host) => ({
      id: host.id,
      lives: host.peer?.phase === "in",
      full: host.disk.full,
      files: host.disk.intact().map((record) => this.#asOfNow(host, record)),
    }));
  }

  /** On a disk ages are as of the zero of the machine's clock. */
  #asOfNow(host: Host, record: FileRecord): FileRecord {
    return { ...record, ageMs: record.ageMs + localTime(host, this.stage.world.now) };
  }

  /** One that has given up keeps its folder, but does not come back with it. */
  #countTwins(entry: Entry): void {
    const ended = [...this.stage.world.hosts.values()].filter((h) => this.#gaveUp(h));
    const lost = this.#replicated(ended, entry.record);
    if (lost.length === 0) return;
    for (const host of lost) entry.destroyed.add(host);
    this.#excuse(entry);
  }

  #excuse(entry: Entry): void {
    if (this.#hostsOf(entry.record).length > 0) return;
    if (entry.destroyed.size * 2 > entry.replicas) entry.excused = true;
  }

  /** All copies are there that can be: whatever was destroyed before counts no more. */
  #forgiveRepaired(entry: Entry, hosts: readonly Host[]): void {
    const { world } = this.stage;
    const living = hosts.filter((h) => h.peer !== null).length;
    const able = world.living().filter((h) => !h.frozen).length;
    if (living < Math.min(world.config.replicationFactor, able)) return;
    entry.destroyed.clear();
    entry.replicas = Math.max(1, living);
  }

  #hostsOf(record: FileRecord): Host[] {
    return this.#replicated(this.#hosts(), record);
  }

  #replicated(hosts: readonly Host[], record: FileRecord): Host[] {
    const heirs = this.#heirsOf(record);
    const stands = (record: FileRecord) => heirs.some((heir) => standsFor(record, heir));
    return hosts.filter(({ disk }) => disk.intact().some(stands));
  }

  #heirsOf(record: FileRecord): readonly FileRecord[] {
    const known = this.#heirs.get(record.name) ?? new Map<FileRecord, readonly FileRecord[]>();
    this.#heirs.set(record.name, known);
    const found = known.get(record);
    if (found !== undefined) return found;
    const heirs = heirsOf(
      record,
      this.writesOf(record.name).map((v) => v.record),
    );
    known.set(record, heirs);
    return heirs;
  }

  /** Those that were killed for good, or left, do not come back; nor does a twin that gave up. */
  #hosts(): Host[] {
    const { world, killedForGood } = this.stage;
    return [...world.hosts.values()].filter((host) => {
      if (host.peer !== null) return true;
      return !(killedForGood.has(host.id) || this.#gaveUp(host) || host.exitCode === 0);
    });
  }

  /** Of two processes with one id the one that ended, or that nobody starts again. */
  #gaveUp(host: Host): boolean {
    const { world } = this.stage;
    if (host.peer !== null) return false;
    const claimants = [...world.hosts.values()].filter((h) => h !== host && h.id === host.id);
    return world.addressOf(host.id) !== host.address || claimants.some((h) => h.peer !== null);
  }
}
