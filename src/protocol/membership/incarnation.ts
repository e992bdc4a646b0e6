/**
 * This peer's own incarnation: raised to refute word of its death, and never used before it is durable,
 * so that a restart always begins above everything that the ring has heard.
 */

import { HIGHEST_INCARNATION } from "../model/bounds.ts";
import { type Address, type MemberState, makeMember } from "../model/member.ts";
import { emit, isIn, type Peer } from "../state.ts";
import { viewChanged } from "./records.ts";

/**
 * Asks for an incarnation of at least `wanted`; it counts once the driver says `persisted`.
 * @param address where this peer is seen by whoever holds it for dead at its former address
 */
export function raiseTo(peer: Peer, wanted: number, address: Address | null = null): void {
  peer.membership.movesTo = address ?? peer.membership.movesTo;
  if (wanted <= peer.membership.incarnationAsked || wanted > HIGHEST_INCARNATION) return;
  peer.membership.incarnationAsked = wanted;
  peer.effects.push({ type: "persist", id: peer.self.id, incarnation: wanted });
}

/** Takes on a durable incarnation, and tells the ring if the peer is in it. */
export function becomeIncarnation(peer: Peer, incarnation: number): void {
  if (incarnation <= peer.self.incarnation) return;
  setSelf(peer, incarnation, peer.self.state);
  const { id, state } = peer.self;
  if (!isIn(peer)) return;
  emit(peer, { event: "member", id, memberIncarnation: incarnation, state, why: "returned" });
}

/** Takes over the address by which others know this very run: a host may have several. */
export function moveTo(peer: Peer, address: Address): void {
  peer.membership.movesTo = address;
  setSelf(peer, peer.self.incarnation, peer.self.state);
}

/** Replaces this peer's own record and, in the ring, queues it to be pushed. */
export function setSelf(peer: Peer, incarnation: number, state: MemberState): void {
  const { id, instance, address: former } = peer.self;
  const address = peer.membership.movesTo ?? former;
  peer.membership.movesTo = null;
  peer.self = makeMember({ id, address, instance, incarnation, state });
  peer.membership.view = peer.membership.view.with(peer.self);
  if (!isIn(peer)) return;
  // What was dialled from a former address waits for acknowledgements that go there.
  if (address !== former) peer.effects.push({ type: "sever-dialled" });
  peer.membership.rumours.set(id, peer.self);
  viewChanged(peer);
}
