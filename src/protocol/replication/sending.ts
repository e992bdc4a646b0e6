/**
 * Sending: records go to those that should hold them, in as many messages as they need; who lacks
 * one fetches it.
 */
import { mayGiveTo } from "../membership/late.ts";
import { TOMBSTONE_LAST_MS } from "../model/config.ts";
import { compareVersions, type FileRecord } from "../model/files.ts";
import { inMessages } from "../model/fitting.ts";
import type { BodySource } from "../model/io.ts";
import type { Address } from "../model/member.ts";
import type { Replicate } from "../model/messages.ts";
import { type Peer, send, sendToEach } from "../state.ts";
import { hasConfirmed, otherReplicas } from "./replica-set.ts";

/** Replicates one record to those that have not confirmed it. @param body the content, if it is small */
export function replicateRecord(peer: Peer, record: FileRecord, body: BodySource | null): void {
  const message: Replicate = { tag: "replicate", records: [record], origin: null };
  const mine = peer.replication.files.find(record);
  // What was confirmed of a lesser version says nothing of one that is not durable here yet.
  const known = mine !== undefined && compareVersions(mine.version, record.version) === 0;
  const replicas = otherReplicas(peer, record);
  const without = known ? replicas.filter((h) => !hasConfirmed(peer, record, h)) : replicas;
  sendToEach(peer, without, message, body);
}

/** Replicates many records to one other, in as many messages as they need. */
export function replicateTo(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  if (records.length === 0 || !mayGiveTo(peer, to)) return;
  const given = records.filter((record) => !isTooOld(peer, record, TOMBSTONE_LAST_MS));
  for (const some of inMessages(given)) {
    send(peer, to, "stream", { tag: "replicate", records: some, origin: null });
  }
}

/** True of a removal of at least that age, which is neither given nor taken but by those that were all away. */
export function isTooOld(peer: Peer, { removed, ageMs }: FileRecord, limitMs: number): boolean {
  return removed && !peer.membership.absence.late && ageMs + peer.now >= limitMs;
}
