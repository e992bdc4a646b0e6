/** What is told of a name to an owner that asks for it: what is held here, lost, or missing. */
import { ownRoom } from "../membership/room.ts";
import { GOSSIP_MEMBERS, REPLICATE_RECORDS } from "../model/config.ts";
import { compareVersions, heldVersion } from "../model/files.ts";
import { fitting } from "../model/fitting.ts";
import type { Address, Member } from "../model/member.ts";
import type { Inquire } from "../model/messages.ts";
import { type Peer, send } from "../state.ts";
import { withhold } from "./pledging.ts";
import { othersFor } from "./quorum.ts";
import { baseOf, isReplicating } from "./wanting.ts";

/** "What do you hold of this name?" What would break a promise is said when it has passed. */
export function receiveInquire(peer: Peer, from: Member, inquire: Inquire): void {
  const word = { kind: "inquired", to: from.address, inquire } as const;
  if (!withhold(peer, word)) tellInquired(peer, from.address, inquire);
}

/** Tells what is held here of a name, the newest writes first and as many as fit; and what was lost of it. */
export function tellInquired(peer: Peer, to: Address, inquire: Inquire): void {
  const { request, name, key, asked } = inquire;
  // The one that has the name is among them.
  const siblings = peer.replication.files.siblings(baseOf(peer, name));
  const newest = siblings.toSorted((a, b) => compareVersions(b.version, a.version));
  const records = fitting(newest, REPLICATE_RECORDS);
  const base = baseOf(peer, name);
  const rejected = isAbsent(peer, base);
  const lost = (peer.replication.lost.get(base) ?? []).map(heldVersion);
  const room = ownRoom(peer);
  const others = othersFor(peer, key, asked).slice(0, GOSSIP_MEMBERS);
  send(peer, to, "stream", { tag: "inquired", request, records, rejected, lost, room, others });
}

/** True if others have in this peer's place what it could not keep, or has not got yet. */
export function isAbsent(peer: Peer, name: string): boolean {
  return peer.replication.refusals.has(name) || isReplicating(peer, name);
}
