/**
 * What this peer should have and has not: writes that its disk refused or has lost, or that others have;
 * and copies that are still on their way. Of these names it neither answers alone, nor counts its word for
 * more than it is worth.
 */
import { REPLICAS_QUEUED } from "../model/config.ts";
import {
  conflictName,
  type FileRecord,
  isSameOperation,
  isSameWrite,
  parseConflictName,
} from "../model/files.ts";
import { isReplacedBy, type Siblings } from "../model/siblings.ts";
import type { Peer } from "../state.ts";
import type { Wanting } from "./state.ts";

/** A copy on its way of a write of this age is for repair, not for its store. */
const REPLICATING_MS = 5_000;
/** So many of one name: of more the first are forgotten. */
const WANTED_KEPT = 8;

/**
 * The name whose writes a name is about, as far as this peer can tell: that of a conflict which had to be cut
 * is known also to one whose disk refused that conflict, or lost it.
 */
export function baseOf(
  { replication: { files, refusals, lost, knownStale } }: Peer,
  name: string,
): string {
  const base = files.baseOf(name);
  const conflict = base === name ? parseConflictName(name) : null;
  if (conflict === null || conflict.key === null) return base;
  for (const table of [refusals, lost, knownStale]) {
    for (const siblings of table.values()) {
      for (const v of siblings) {
        if (isSameOperation(v.operation, conflict.operation) && conflictName(v) === name)
          return v.name;
      }
    }
  }
  return base;
}

/** Notes a write that is not here. */
export function noteWanting(table: Wanting, record: FileRecord): void {
  const others = (table.get(record.name) ?? []).filter((v) => !isSameWrite(v, record));
  table.set(record.name, [...others.slice(1 - WANTED_KEPT), record]);
}

/** Writes of a name are held here: what is among them, or was replaced by one of them, is wanted no more. */
export function noteHere(
  { replication: { knownStale, lost, refusals } }: Peer,
  name: string,
  held: Siblings,
): void {
  for (const table of [knownStale, lost, refusals]) {
    const wanted = table.get(name);
    if (wanted === undefined) continue;
    const left = wanted.filter(
      (old) => !held.some((v) => isSameWrite(v, old) || isReplacedBy(old, v)),
    );
    if (left.length === 0) table.delete(name);
    else if (left.length < wanted.length) table.set(name, left);
  }
}

/** True if writes of a name that others have had for a while are still on their way here, or may be. */
export function isReplicating(
  { now, replication: { replicaQueue, jobs } }: Peer,
  name: string,
): boolean {
  if (replicaQueue.size >= REPLICAS_QUEUED) return true;
  const isOld = (record: FileRecord) => record.name === name && record.ageMs + now > REPLICATING_MS;
  if (replicaQueue.hasOf(name)) {
    for (const { record } of replicaQueue.values()) if (isOld(record)) return true;
  }
  if (!jobs.replicates(name)) return false;
  for (const job of jobs.values()) if (job.kind === "replica" && isOld(job.record)) return true;
  return false;
}
