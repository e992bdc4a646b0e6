/**
 * What a simulated ring has acknowledged, and which copies of it were destroyed on purpose. A ring owes
 * what it acknowledged as long as no more than a minority of the copies is destroyed before it has had
 * the time to make them good.
 */
import { type DiskSnapshot, heirsOf, standsFor } from "../checks/files.ts";
import { compareStamps, type FileRecord, isSameVersion } from "../protocol/model/files.ts";
import { merge } from "../protocol/model/versions.ts";
import { type Host, localTime } from "./host.ts";
import type { Stage } from "./stage.ts";

type Entry = {
  readonly record: FileRecord;
  /** As many copies as the acknowledgement named, or as there were when last all were there. */
  copies: number;
  /** The hosts whose copies were destroyed since. */
  readonly destroyed: Set<Host>;
  /** The last copy was destroyed, and too many before it: nobody could have kept it. */
  excused: boolean;
};

/** A version that was ever durable, and on the disks of which peers. */
export type Version = { record: FileRecord; readonly on: Set<number> };

/** Actions that destroy copies: a kill does so only for good. */
const DESTRUCTIVE = /^(rot|wipe|power-cut) |^kill .*for good|^restart .*without/;
/** One that is down makes no copy good any more, and its own may be destroyed then. */
const KILL = /^kill /;

export class Ledger {
  readonly #entries: Entry[] = [];
  readonly #versions = new Map<string, Version[]>();
  /** What stands for what, for each name, as long as no version of it comes or changes. */
  readonly #heirs = new Map<string, Map<FileRecord, readonly FileRecord[]>>();
  /** The copies that were destroyed on purpose. */
  readonly #destroyed: { readonly host: Host; readonly record: FileRecord }[] = [];

  constructor(private readonly stage: Stage) {}

  /** Takes down that a version has become durable somewhere. */
  noteVersion({ id }: Host, record: FileRecord): void {
    const versions = this.versionsOf(record.name);
    this.#heirs.delete(record.name);
    const same = versions.find((v) => compareStamps(v.record.stamp, record.stamp) === 0);
    if (same !== undefined) {
      same.on.add(id);
      // One disk may know of more that it has replaced than another.
      same.record = merge([same.record], record)[0] ?? record;
    } else this.#versions.set(record.name, [...versions, { record, on: new Set([id]) }]);
  }

  /** The versions of a name that were ever durable. */
  versionsOf(name: string): readonly Version[] {
    return this.#versions.get(name) ?? [];
  }

  /**
   * The peers where a version was ever durable, or what took its place: that may not know there what all it
   * has replaced elsewhere.
   */
  durableOn(record: FileRecord): Set<number> {
    const heirs = this.#heirsOf(record);
    const isHeir = (v: FileRecord) => heirs.some((heir) => isSameVersion(heir, v));
    const standing = this.versionsOf(record.name).filter((v) => isHeir(v.record));
    return new Set(standing.flatMap((v) => [...v.on]));
  }

  /** Every version that was ever durable somewhere. */
  known(): FileRecord[] {
    return [...this.#versions.values()].flat().map((v) => v.record);
  }

  /** Takes down an acknowledgement. */
  noteAcknowledgement(record: FileRecord, copies: number): void {
    const heirs = this.#heirsOf(record);
    // A copy may have been destroyed before the word of it was here.
    const early = this.#destroyed.filter((d) => heirs.some((heir) => standsFor(d.record, heir)));
    const destroyed = new Set(early.map((d) => d.host));
    const entry: Entry = { record, copies, destroyed, excused: false };
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
    const copies = this.#hosts().flatMap((host) =>
      host.disk.intact().map((record) => ({ host, record })),
    );
    act();
    const there = new Set(this.#hosts());
    const isLost = ({ host, record }: { host: Host; record: FileRecord }) =>
      !there.has(host) || !host.disk.intact().includes(record);
    this.#destroyed.push(...copies.filter(isLost));
    for (const [i, entry] of this.#entries.entries()) {
      const left = this.#hostsOf(entry.record);
      for (const host of before[i] ?? []) if (!left.includes(host)) entry.destroyed.add(host);
      if ((before[i] ?? []).length > 0) this.#excuse(entry);
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
        return !excused.some((version) => heirs.some((heir) => standsFor(version, heir)));
      });
  }

  /** True of a version that was acknowledged, and could not be kept. */
  isExcused(version: FileRecord): boolean {
    return this.#entries.some(({ record, excused }) => excused && isSameVersion(record, version));
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
    if (entry.destroyed.size * 2 > entry.copies) entry.excused = true;
  }

  /** All copies are there that can be: whatever was destroyed before counts no more. */
  #forgiveRepaired(entry: Entry, hosts: readonly Host[]): void {
    const { world } = this.stage;
    const living = hosts.filter((h) => h.peer !== null).length;
    const able = world.living().filter((h) => !h.frozen).length;
    if (living < Math.min(world.config.copies, able)) return;
    entry.destroyed.clear();
    entry.copies = Math.max(1, living);
  }

  #hostsOf(record: FileRecord): Host[] {
    return this.#replicated(this.#hosts(), record);
  }

  #replicated(hosts: readonly Host[], record: FileRecord): Host[] {
    const heirs = this.#heirsOf(record);
    const stands = (version: FileRecord) => heirs.some((heir) => standsFor(version, heir));
    return hosts.filter(({ disk }) => disk.intact().some(stands));
  }

  #heirsOf(record: FileRecord): readonly FileRecord[] {
    const known = this.#heirs.get(record.name) ?? new Map<FileRecord, readonly FileRecord[]>();
    this.#heirs.set(record.name, known);
    const found = known.get(record);
    if (found !== undefined) return found;
    const heirs = heirsOf(
      record,
      this.versionsOf(record.name).map((v) => v.record),
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
