/**
 * What must hold of files, one named check per function. The disks given are those that may come back;
 * what is on them is known to the one who injects the faults, or asked of the peers.
 */
import { TOMBSTONE_MS } from "../protocol/model/config.ts";
import {
  compareVersions,
  conflictName,
  type FileRecord,
  isSameWrite,
} from "../protocol/model/files.ts";
import { isReplacedBy, merge, type Siblings, winnerOf } from "../protocol/model/siblings.ts";
import type { CheckResult } from "./ring.ts";

/** What one peer's disk has. */
export type DiskSnapshot = {
  readonly id: number;
  /** Its peer runs and is in the ring. */
  readonly lives: boolean;
  /** It takes nothing more. */
  readonly full: boolean;
  /** The writes whose content is what it was, removals too, with their ages as of now. */
  readonly files: readonly FileRecord[];
};

/** What a ring owes under a name: this write, or a newer one. */
export type Owed = { readonly name: string; readonly key: number; readonly least: FileRecord };

/** What a peer was given for a name: the hash of the content, or null if it was told that nobody has it. */
export type FileRead =
  | { readonly kind: "read"; readonly peer: number; readonly sha256: string | null }
  | { readonly kind: "failed"; readonly peer: number; readonly why: string };

const HOLDS = { ok: true } as const;

/** True of a write that is the acknowledged one, or took its place. */
export function standsFor(record: FileRecord, acknowledged: FileRecord): boolean {
  if (record.name !== acknowledged.name) return false;
  return isSameWrite(record, acknowledged) || isReplacedBy(acknowledged, record);
}

/**
 * The writes that stand for an acknowledged one: what took its place, what took the place of that, and
 * so on; itself among them.
 * @param known every write that was ever durable somewhere
 */
export function heirsOf(acknowledged: FileRecord, known: readonly FileRecord[]): FileRecord[] {
  const others = known.filter((v) => v.name === acknowledged.name);
  const heirs = [acknowledged];
  for (const heir of heirs) {
    heirs.push(...others.filter((v) => !heirs.includes(v) && standsFor(v, heir)));
  }
  return heirs;
}

/**
 * What a ring in calm owes for what it has acknowledged: the write that its disks say has the name, and
 * those that lost it to one that knew nothing of them, as conflicts.
 * @param known every write that was ever durable somewhere
 */
export function owedBy(
  acknowledged: readonly FileRecord[],
  known: readonly FileRecord[],
  disks: readonly DiskSnapshot[],
): Owed[] {
  const ring = siblingsOn(disks);
  const owed = new Map<FileRecord, Owed>();
  for (const record of acknowledged) {
    const heirs = heirsOf(record, known);
    const siblings = ring.get(record.name) ?? [];
    const there = siblings.filter((v) => heirs.some((heir) => isSameWrite(v, heir)));
    // What no disk has is owed all the same.
    if (there.length === 0) owed.set(record, { name: record.name, key: record.key, least: record });
    for (const least of there) owed.set(least, owedFor(least, siblings));
  }
  return [...owed.values()];
}

/** D1: every acknowledged write is on some disk, or what took its place is, or a removal did. */
export function storesKept(
  acknowledged: readonly FileRecord[],
  known: readonly FileRecord[],
  disks: readonly DiskSnapshot[],
): CheckResult {
  for (const record of acknowledged) {
    const heirs = heirsOf(record, known);
    if (heirs.some((v) => v.removed && v !== record)) continue;
    if (disks.some(({ files }) => files.some((v) => heirs.some((h) => standsFor(v, h))))) continue;
    return broken([], `no disk has ${told(record)} any more`);
  }
  return HOLDS;
}

/**
 * D1: what a peer got for a name is what is owed, or newer; of a removed one nothing, unless it was
 * stored again.
 */
export function readRight(
  { name, least }: Owed,
  known: readonly FileRecord[],
  read: FileRead,
): CheckResult {
  const { peer } = read;
  if (read.kind === "failed") return broken([peer], `file ${name} at peer ${peer}: ${read.why}`);
  // A conflict is one write, and stays it.
  const siblings = name === least.name ? known.filter((v) => v.name === name) : [least];
  const fits = (v: FileRecord) =>
    read.sha256 === null ? v.removed : !v.removed && v.sha256 === read.sha256;
  if (siblings.some((v) => fits(v) && compareVersions(v.version, least.version) >= 0)) return HOLDS;
  if (read.sha256 === null) return broken([peer], `peer ${peer} was told that nobody has ${name}`);
  if (!siblings.some(fits))
    return broken([peer], `peer ${peer} got another content of file ${name}`);
  return least.removed
    ? broken([peer], `peer ${peer} got file ${name}, which was removed: it was resurrected`)
    : broken(
        [peer],
        `peer ${peer} got a version of file ${name} that is older than the one stored`,
      );
}

/**
 * D2: what is owed is on the first of the living from its key on, as many as there should be; those whose
 * disks are full are passed over, unless they have it. Removals that are old enough to be forgotten are not
 * asked for.
 * @param replicationFactor wanted of each file
 */
export function replicasEnough(
  owed: readonly Owed[],
  disks: readonly DiskSnapshot[],
  replicationFactor: number,
): CheckResult {
  const living = disks.filter((d) => d.lives).sort((a, b) => a.id - b.id);
  const held = new Map(living.map((d) => [d, Map.groupBy(d.files, (v) => v.name)]));
  for (const { name, key, least } of owed) {
    const has = (disk: DiskSnapshot) =>
      (held.get(disk)?.get(least.name) ?? []).some((v) => standsFor(v, least));
    // What its replicas are about to forget, nobody takes any more.
    if (least.removed && !living.some((disk) => disk.files.some((v) => lasts(v, least)))) continue;
    const start = Math.max(
      0,
      living.findIndex((d) => d.id >= key),
    );
    const around = [...living.slice(start), ...living.slice(0, start)];
    const replicaSet = around.filter((disk) => !disk.full || has(disk)).slice(0, replicationFactor);
    const without = replicaSet.find((disk) => !has(disk));
    if (without !== undefined) {
      return broken([without.id], `peer ${without.id} has no copy of ${told({ ...least, name })}`);
    }
  }
  return HOLDS;
}

/** True of a write that stands for a removal, and is not old enough to be forgotten. */
function lasts(record: FileRecord, removal: FileRecord): boolean {
  const old = record.removed && record.ageMs >= TOMBSTONE_MS;
  return !old && standsFor(record, removal);
}

/** What D2 asks for beyond the acknowledged: every write that a living peer holds. */
export function owedByDisks(disks: readonly DiskSnapshot[]): Owed[] {
  return [...siblingsOn(disks).values()].flatMap((siblings) =>
    siblings.map((least) => owedFor(least, siblings)),
  );
}

/** D3: no two contents under one version. @param known writes of the same name */
export function oneContent(known: readonly FileRecord[], record: FileRecord): CheckResult {
  const same = known.find((v) => compareVersions(v.version, record.version) === 0);
  if (same === undefined) return HOLDS;
  if (same.sha256 === record.sha256 && same.removed === record.removed) return HOLDS;
  return broken([], `there are two contents of file ${record.name} under one version`);
}

/** D3: a content that was handed out is one that some write of its name has. */
export function contentKnown(
  known: readonly FileRecord[],
  name: string,
  sha256: string,
): CheckResult {
  if (known.some((v) => v.name === name && !v.removed && v.sha256 === sha256)) return HOLDS;
  return broken([], `a content of file ${name} was handed out that no version of it has`);
}

/** D4: an acknowledgement names durable copies only. @param durableOn the peers where the write has been synced */
export function acknowledgementTrue(
  record: FileRecord,
  replicas: readonly number[],
  durableOn: ReadonlySet<number>,
): CheckResult {
  const without = replicas.filter((id) => !durableOn.has(id));
  if (without.length === 0) return HOLDS;
  return broken(
    without,
    `the acknowledgement of ${told(record)} names peer ${without[0]}, which has no durable copy`,
  );
}

/**
 * D4: what is acknowledged or handed out is on a majority of those that should hold it, so that the next
 * to ask meets it (Attiya, Bar-Noy, Dolev, "Sharing memory robustly", 1995).
 * @param count how many are known to have it
 * @param wanted how many should: as many as copies are wanted, or as there are members that stay
 * @param able how many can: whoever asks hears one of those
 */
export function onMajority(name: string, count: number, wanted: number, able: number): CheckResult {
  const needed = Math.max(1, Math.min(Math.floor(wanted / 2) + 1, able));
  if (count >= needed) return HOLDS;
  return broken([], `file ${name} was told of with ${count} copies, where ${needed} are needed`);
}

/** D4: a store that was not acknowledged is there whole, or not at all. @param contents ever stored so */
export function wholeOrNothing(
  name: string,
  contents: ReadonlySet<string>,
  read: FileRead,
): CheckResult {
  if (read.kind === "failed" || read.sha256 === null || contents.has(read.sha256)) return HOLDS;
  return broken([read.peer], `peer ${read.peer} got a content of file ${name} that nobody stored`);
}

/** D5: a run that injected no fault, or read nothing back, has shown nothing. */
export function conclusive(faults: number, reads: number): CheckResult {
  if (faults === 0) return broken([], "no fault was injected");
  if (reads === 0) return broken([], "nothing was read back");
  return HOLDS;
}

/** The writes of each name that the living have together. */
function siblingsOn(disks: readonly DiskSnapshot[]): Map<string, Siblings> {
  const all = new Map<string, Siblings>();
  for (const { lives, files } of disks) {
    if (!lives) continue;
    for (const record of files) all.set(record.name, merge(all.get(record.name) ?? [], record));
  }
  return all;
}

function owedFor(least: FileRecord, siblings: Siblings): Owed {
  const name = least === winnerOf(siblings) ? least.name : conflictName(least);
  return { name, key: least.key, least };
}

function told({ name, removed, version }: FileRecord): string {
  const { counter, owner, instance } = version;
  return `${removed ? "the removal of file" : "file"} ${name} (version ${counter} of ${owner}.${instance})`;
}

function broken(peers: readonly number[], why: string): CheckResult {
  return { ok: false, peers, why };
}
