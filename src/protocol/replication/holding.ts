/** Word that versions are durable here, for those who count copies; where a promise keeps it back, later. */
import { HOLDING_SPACING_MS, OFFER_RECORDS } from "../model/config.ts";
import {
  type FileRecord,
  type HeldVersion,
  heldVersion,
  isSameVersion,
  type VersionId,
} from "../model/files.ts";
import type { Address } from "../model/member.ts";
import { type Peer, send } from "../state.ts";
import { otherHolders } from "./holders.ts";
import { tellInquired } from "./inquiring.ts";
import { takeWithheld, withhold } from "./pledging.ts";

/**
 * Has the other holders hear soon, with other news of the kind, that a record is durable here: they
 * would offer it otherwise. @param but knows it already; null for none
 */
export function tellSoon(peer: Peer, record: FileRecord, but: Address | null): void {
  const held = heldVersion(record);
  for (const { address } of otherHolders(peer, record)) {
    if (address === but || withhold(peer, { kind: "holding", to: address, record })) continue;
    const tidings = peer.replication.tidings.get(address) ?? [];
    tidings.push(held);
    peer.replication.tidings.set(address, tidings);
    peer.deadlines.setEarlier("tidings", 0, peer.now + HOLDING_SPACING_MS);
    if (tidings.length >= OFFER_RECORDS) tellTidings(peer);
  }
}

/** Tells the other holders of copies what has become durable here of late. */
export function tellTidings(peer: Peer): void {
  for (const [address, files] of peer.replication.tidings) {
    if (files.length > 0) sendHolding(peer, address, files);
  }
  peer.replication.tidings.clear();
}

/** Says that versions are durable here, but for what a promise keeps back for a moment. */
export function tellHeld(peer: Peer, to: Address, records: readonly FileRecord[]): void {
  const told = records.filter((record) => !withhold(peer, { kind: "holding", to, record }));
  if (told.length > 0) sendHolding(peer, to, told.map(heldVersion));
}

/** Says what a promise has kept back. */
export function tellWithheld(peer: Peer): void {
  for (const word of takeWithheld(peer)) {
    if (word.kind === "holding") sendHolding(peer, word.to, [heldVersion(word.record)]);
    else tellInquired(peer, word.to, word.inquire);
  }
}

/** What is not here any more is not said to be, where that was about to be said. */
export function takeWordBack(peer: Peer, version: VersionId): void {
  const others = peer.replication.withheld.splice(0).filter((word) => {
    return word.kind !== "holding" || !isSameVersion(word.record, version);
  });
  peer.replication.withheld.push(...others);
  for (const [address, files] of peer.replication.tidings) {
    peer.replication.tidings.set(
      address,
      files.filter((held) => !isSameVersion(held, version)),
    );
  }
}

/** True if this peer knows that the one at an address is leaving, and stays itself. */
export function takesFrom(peer: Peer, to: Address): boolean {
  return peer.phase === "in" && peer.membership.view.at(to)?.state !== "alive";
}

function sendHolding(peer: Peer, to: Address, files: readonly HeldVersion[]): void {
  send(peer, to, "stream", { tag: "holding", files, taking: takesFrom(peer, to) });
}
