/** Word that writes are durable here, for those who count copies; where a promise keeps it back, later. */
import { BATCH_SPACING_MS, REPLICATE_RECORDS } from "../model/config.ts";
import {
  type FileRecord,
  type HeldVersion,
  heldVersion,
  isSameWrite,
  type WriteId,
} from "../model/files.ts";
import { BATCHED_MEMBERS } from "../model/limits.ts";
import type { Address } from "../model/member.ts";
import { type Peer, send } from "../state.ts";
import { tellInquired } from "./inquiring.ts";
import { takeWithheld, withhold } from "./pledging.ts";
import { otherReplicas } from "./replica-set.ts";

/**
 * Has the other replicas hear soon, with other news of the kind, that a record is durable here: they would replicate it otherwise. @param but knows it already; null for none
 */
export function tellSoon(peer: Peer, record: FileRecord, but: Address | null): void {
  const held = heldVersion(record);
  for (const { address } of otherReplicas(peer, record)) {
    if (address === but || withhold(peer, { kind: "replicated", to: address, record })) continue;
    const batched = peer.replication.batched.get(address) ?? [];
    batched.push(held);
    peer.replication.batched.set(address, batched);
    peer.deadlines.setEarlier("batched", 0, peer.now + BATCH_SPACING_MS);
    const isFull = peer.replication.batched.size >= BATCHED_MEMBERS;
    if (isFull || batched.length >= REPLICATE_RECORDS) tellBatched(peer);
  }
}

/** Tells the other replicas what has become durable here of late. */
export function tellBatched(peer: Peer): void {
  for (const [address, files] of peer.replication.batched) {
    if (files.length > 0) sendReplicated(peer, address, files);
  }
  peer.replication.batched.clear();
}

/** Says that writes are durable here, but for what a promise keeps back for a moment. */
export function tellHeld(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  const told = records.filter((record) => !withhold(peer, { kind: "replicated", to, record }));
  if (told.length > 0) sendReplicated(peer, to, told.map(heldVersion));
}

/** Says what a promise has kept back. */
export function tellWithheld(peer: Peer): void {
  for (const word of takeWithheld(peer)) {
    if (word.kind === "replicated") sendReplicated(peer, word.to, [heldVersion(word.record)]);
    else tellInquired(peer, word.to, word.inquire);
  }
}

/** What is not here any more is not said to be, where that was about to be said. */
export function takeWordBack(peer: Peer, write: WriteId): void {
  const others = peer.replication.withheld.splice(0).filter((word) => {
    return word.kind !== "replicated" || !isSameWrite(word.record, write);
  });
  peer.replication.withheld.push(...others);
  for (const [address, files] of peer.replication.batched) {
    peer.replication.batched.set(
      address,
      files.filter((held) => !isSameWrite(held, write)),
    );
  }
}

/** True if this peer knows that the one at an address is leaving, and stays itself. */
export function takesFrom(peer: Peer, to: Address): boolean {
  return peer.phase === "in" && peer.membership.view.at(to)?.state !== "alive";
}

function sendReplicated(peer: Peer, to: Address, files: readonly HeldVersion[]): void {
  send(peer, to, "stream", { tag: "replicated", files, taking: takesFrom(peer, to) });
}
